import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import type { HeardEvent } from "../../src/circuit/listen.js";
import { EventPrinter } from "../../src/cli/event-printer.js";
import { written, writtenBehind } from "../../src/cli/written.js";

/** A reader that takes what it is handed when a test says so. */
class Reader extends Writable {
  readonly taken: string[] = [];
  #take: ((error?: Error) => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, take: (error?: Error) => void): void {
    this.taken.push(String(chunk));
    this.#take = take;
  }

  async take(error?: Error): Promise<void> {
    this.#take?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise<"later">((resolve) => setImmediate(() => resolve("later")));
  return (await Promise.race([promise.catch(() => {}), later])) !== "later";
}

const event: HeardEvent = { subject: "a", data: "x", headers: {}, from: undefined, atMs: 0 };
const NEVER = new AbortController().signal;

test("written() resolves when the reader has taken it, and rejects when there is none", async () => {
  const reader = new Reader();
  reader.on("error", () => {});
  const [first, second] = [written(reader, "1"), written(reader, "2")];
  assert.equal(await isSettled(first), false);
  await reader.take();
  await first;
  assert.equal(await isSettled(second), false);
  await reader.take(new Error("EPIPE"));
  await assert.rejects(second, { code: "NOT_RUN" });
  await assert.rejects(written(reader, "3"), { code: "NOT_RUN" });
});

test("writtenBehind() waits for a reader that is behind only", async () => {
  const reader = new Reader({ highWaterMark: 4 });
  assert.equal(writtenBehind(reader, "12"), undefined);
  const full = writtenBehind(reader, "345");
  assert.ok(full);
  assert.equal(await isSettled(full), false);
  await reader.take();
  await reader.take();
  await full;
  assert.deepEqual(reader.taken, ["12", "345"]);
});

test("EventPrinter waits for a live event beyond 8 Mi characters, and for each durable one", async () => {
  const reader = new Reader();
  const cli = { write: (line: string) => written(reader, line) };
  const printer = new EventPrinter(cli, () => "x".repeat(5_000_000));
  assert.equal(printer.live(event, NEVER), undefined);
  const second = printer.live(event, NEVER);
  assert.ok(second);
  await reader.take();
  assert.equal(await isSettled(second), false);
  await reader.take();
  await second;
  assert.equal(printer.live(event, NEVER), undefined);
  await reader.take();
  const kept = printer.kept(event, NEVER);
  assert.equal(await isSettled(kept), false);
  await reader.take();
  await kept;
  const stop = new AbortController();
  const stuck = printer.kept(event, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(stuck, /stopped/);
  reader.on("error", () => {});
  const isHandedBack = assert.rejects(printer.kept(event, NEVER), { name: "HandBack" });
  await reader.take();
  await reader.take(new Error("EPIPE"));
  await isHandedBack;
});
