import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { Broadcast } from "../../src/dashboard/broadcast.js";
import { readEdgeFrame } from "../../src/dashboard/edge-frame.js";
import { Past } from "../../src/dashboard/past.js";
import type { FromServer, News } from "../../src/dashboard/wire.js";
import { DESK, ScriptedCircuit } from "./scripted-circuit.js";

/** A page that remembers what it was told. */
class Page {
  readonly messages: FromServer[] = [];
  readonly edges: (readonly [board: number, atMs: number, pin: number, level: 0 | 1])[] = [];

  send(data: string | Uint8Array): void {
    if (typeof data === "string") this.messages.push(JSON.parse(data));
    // The cast: a frame has a buffer of its own.
    else readEdgeFrame(data.buffer as ArrayBuffer, (...edge) => this.edges.push(edge));
  }

  sendState(text: string): void {
    this.send(text);
  }

  get news(): readonly News[] {
    return this.messages.flatMap((each) => (each.type === "news" ? each.news : []));
  }

  get left(): number {
    return this.messages.reduce((sum, each) => sum + (each.type === "news" ? each.left : 0), 0);
  }
}

function open() {
  const circuit = new ScriptedCircuit();
  const clock = new ManualClock();
  const broadcast = new Broadcast(circuit, clock);
  broadcast.open();
  return { circuit, clock, broadcast };
}

const line = (n: number): News => ({ kind: "line", atMs: n, from: "clock", text: `tick ${n}` });

test("edges come gathered, within 50 ms", async () => {
  const { circuit, clock, broadcast } = open();
  const page = new Page();
  broadcast.add(page);
  circuit.tell.edge(0, 1, 13, 1);
  circuit.tell.edge(0, 2, 13, 0);
  assert.deepEqual(page.edges, []);
  await clock.advance(50);
  assert.deepEqual(page.edges, [
    [0, 1, 13, 1],
    [0, 2, 13, 0],
  ]);
  broadcast.close();
});

test("edges that are seconds apart, or of a board that nobody knows, do not trouble each other", async () => {
  const { circuit, clock, broadcast } = open();
  const page = new Page();
  broadcast.add(page);
  circuit.tell.edge(0, 1, 13, 1);
  circuit.tell.edge(0, 9_001, 13, 0);
  circuit.tell.edge(7, 1, 13, 1);
  await clock.advance(50);
  assert.deepEqual(
    page.edges.map(([, atMs]) => atMs),
    [1, 9_001],
  );
  broadcast.close();
});

test("of more news than a page can show the first 200 are told, and how many were left", async () => {
  const { circuit, clock, broadcast } = open();
  const page = new Page();
  broadcast.add(page);
  for (let n = 0; n < 1_000; n++) circuit.tell.news(line(n));
  await clock.advance(50);
  assert.equal(page.news.length, 200);
  assert.equal(page.left, 800);
  circuit.tell.news(line(1_000));
  await clock.advance(50);
  assert.equal(page.news.length, 201);
  assert.equal(page.left, 800);
  broadcast.close();
});

test("a page that is opened later is told what was, once", async () => {
  const { circuit, clock, broadcast } = open();
  circuit.tell.edge(0, 1, 13, 1);
  circuit.tell.news(line(1));
  await clock.advance(100);
  const page = new Page();
  broadcast.add(page);
  assert.deepEqual(page.edges, [[0, 1, 13, 1]]);
  assert.deepEqual(page.news, [line(1)]);
  await clock.advance(100);
  assert.equal(page.edges.length, 1);
  assert.equal(page.news.length, 1);
  broadcast.close();
});

test("what has a present is told ten times a second, and to nobody who has left", async () => {
  const { circuit, clock, broadcast } = open();
  const page = new Page();
  const leave = broadcast.add(page);
  circuit.seen = { ...circuit.seen, boards: [{ ...DESK, writes: 99 }] };
  await clock.advance(1_000);
  const states = page.messages.flatMap((each) => (each.type === "state" ? [each.state] : []));
  assert.equal(states.length, 11);
  assert.equal(states.at(-1)?.boards[0]?.writes, 99);
  leave();
  await clock.advance(1_000);
  assert.equal(page.messages.filter(({ type }) => type === "state").length, 11);
  broadcast.close();
});

test("after close() nothing is told, and the circuit is left alone", async () => {
  const { circuit, clock, broadcast } = open();
  const page = new Page();
  broadcast.add(page);
  broadcast.close();
  const before = page.messages.length;
  circuit.tell.edge(0, 1, 13, 1);
  await clock.advance(1_000);
  assert.equal(page.messages.length, before);
  assert.equal(page.edges.length, 0);
});

test("Past keeps the latest 16 MiB", () => {
  const past = new Past();
  const frame = 2 ** 20;
  for (let n = 0; n < 40; n++) past.add(new Uint8Array(frame).fill(n, 0, 1));
  assert.deepEqual(
    [...past].map((each) => each[0]),
    Array.from({ length: 16 }, (_, n) => 24 + n),
  );
});
