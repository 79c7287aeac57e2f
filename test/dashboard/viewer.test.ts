import assert from "node:assert/strict";
import { test } from "node:test";
import { CircuitError } from "../../src/core/error.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { Broadcast } from "../../src/dashboard/broadcast.js";
import { Viewer } from "../../src/dashboard/viewer.js";
import type { FromServer } from "../../src/dashboard/wire.js";
import { ScriptedCircuit } from "./scripted-circuit.js";

function open({ isOpen = true } = {}) {
  const circuit = new ScriptedCircuit();
  const broadcast = new Broadcast(circuit, new ManualClock());
  const told: FromServer[] = [];
  const closed: string[] = [];
  const link = {
    unsentBytes: 0,
    send: (data: string | Uint8Array) => {
      if (typeof data === "string") told.push(JSON.parse(data));
    },
    close: (reason: string) => void closed.push(reason),
  };
  const mayAct = (token: string | null) => token === "right";
  const viewer = new Viewer(link, { circuit, broadcast, version: "1.2.3", mayAct, isOpen });
  const say = (message: unknown) => viewer.take(JSON.stringify(message));
  return { circuit, broadcast, told, closed, link, viewer, say };
}

const PRESS = { do: "press", board: "desk", part: "button1" };
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a page with the token is welcome, and told that it may act", () => {
  const { told, say } = open();
  say({ type: "hello", token: "right" });
  const [welcome] = told;
  assert.equal(welcome?.type === "welcome" && welcome.mayAct, true);
  assert.deepEqual(
    told.map(({ type }) => type),
    ["welcome", "state"],
  );
});

test("a page without the token looks on where that is open, and its hands are refused", async () => {
  const { circuit, told, say } = open();
  say({ type: "hello", token: null });
  say({ type: "act", id: 4, act: PRESS });
  await turn();
  const last = told.at(-1);
  assert.ok(last?.type === "refusal" && last.id === 4);
  assert.match(last.message, /^Cannot press: this page has not shown the token$/);
  assert.deepEqual(circuit.acts, []);
});

test("a page without the token, or with another, is sent away where it is not open", () => {
  for (const token of [null, "wrong"]) {
    const { told, closed, say } = open({ isOpen: false });
    say({ type: "hello", token });
    assert.deepEqual(closed, ["it needs the token"]);
    assert.deepEqual(told, []);
  }
});

test("a hand's deed reaches the circuit, and what came of it the page", async () => {
  const { circuit, told, say } = open();
  circuit.answer = async () => "pressed";
  say({ type: "hello", token: "right" });
  say({ type: "act", id: 1, act: PRESS });
  await turn();
  assert.deepEqual(circuit.acts, [PRESS]);
  assert.deepEqual(told.at(-1), { type: "answer", id: 1, text: "pressed" });
});

test("why a deed cannot be done is told with its hint", async () => {
  const { circuit, told, say } = open();
  circuit.answer = async () => {
    throw new CircuitError("USAGE", "Cannot press button1: there is none", { hint: "Name another." });
  };
  say({ type: "hello", token: "right" });
  say({ type: "act", id: 1, act: PRESS });
  await turn();
  assert.deepEqual(told.at(-1), {
    type: "refusal",
    id: 1,
    message: "Cannot press button1: there is none",
    hint: "Name another.",
  });
});

test("a page has 16 deeds under way, and the next is refused", async () => {
  const { circuit, told, say } = open();
  circuit.answer = () => new Promise(() => {});
  say({ type: "hello", token: "right" });
  for (let id = 0; id < 17; id++) say({ type: "act", id, act: PRESS });
  await turn();
  assert.equal(circuit.acts.length, 16);
  const last = told.at(-1);
  assert.ok(last?.type === "refusal" && last.id === 16);
});

for (const said of [
  "no JSON",
  "{}",
  '{"type":"hello"}',
  '{"type":"hello","token":7}',
  '{"type":"act","id":"1","act":{"do":"press","board":"a","part":"b"}}',
  '{"type":"act","id":1,"act":{"do":"explode"}}',
  '{"type":"act","id":1,"act":{"do":"turn","board":"a","part":"b","ratio":1.5}}',
  '{"type":"act","id":1,"act":{"do":"press","board":"","part":"b"}}',
  `{"type":"act","id":1,"act":{"do":"send","node":"a","channel":"","message":"${"x".repeat(65_537)}"}}`,
]) {
  test(`a page that says ${said.slice(0, 60)} is sent away`, () => {
    const { closed, viewer } = open();
    viewer.take(said);
    assert.equal(closed.length, 1);
  });
}

test("a page that takes too slowly misses states first, and is then sent away", () => {
  const { told, closed, link, viewer, say } = open();
  say({ type: "hello", token: "right" });
  link.unsentBytes = 2 ** 21;
  const before = told.length;
  viewer.sendState("{}");
  assert.equal(told.length, before);
  viewer.send("{}");
  assert.equal(told.length, before + 1);
  link.unsentBytes = 2 ** 27;
  viewer.send("{}");
  assert.deepEqual(closed, ["it takes too slowly"]);
});
