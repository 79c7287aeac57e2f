import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, sleepOn } from "../../src/core/clock.js";
import { Poll } from "../../src/mesh/ws/poll.js";

/** An event loop whose turns take 0.05 ms while there is something to call, and that sleeps otherwise. */
class Loop implements Clock {
  #nowMs = 0;
  #call: (() => void) | undefined;

  get isAwake(): boolean {
    return this.#call !== undefined;
  }

  now(): number {
    return this.#nowMs;
  }

  after(_delayMs: number, callback: () => void): () => void {
    this.#call = callback;
    return () => {};
  }

  sleep(delayMs: number): Promise<void> {
    return sleepOn(this, delayMs);
  }

  /** Lets so much time pass. Returns the turns of the loop in it. */
  advance(ms: number): number {
    const endMs = this.#nowMs + ms;
    let turns = 0;
    for (; this.#nowMs < endMs - 0.01; this.#nowMs += 0.05) {
      const call = this.#call;
      if (call === undefined) break;
      this.#call = undefined;
      call();
      turns++;
    }
    this.#nowMs = endMs;
    return turns;
  }
}

/** Tells of frames so far apart, in milliseconds. Returns after how many of them the loop was awake. */
function hear(poll: Poll, loop: Loop, frames: number, gapMs: number): number {
  let awake = 0;
  for (let frame = 0; frame < frames; frame++) {
    poll.heard();
    if (loop.isAwake) awake++;
    loop.advance(gapMs);
  }
  return awake;
}

test("Poll keeps the event loop awake for 0.3 ms after a frame, once frames come close together", () => {
  const loop = new Loop();
  const poll = new Poll(loop, () => 0);
  assert.equal(hear(poll, loop, 3, 0.1), 0);
  poll.heard();
  assert.ok(loop.isAwake);
  const turns = loop.advance(2);
  assert.ok(turns >= 6 && turns <= 8, `${turns} turns`);
  assert.equal(loop.isAwake, false);
});

test("Poll does not wait awake for frames that are far apart", () => {
  const loop = new Loop();
  const poll = new Poll(loop, () => 0);
  assert.equal(hear(poll, loop, 100, 0.5), 0);
});

test("Poll goes on while the core is its own", () => {
  const loop = new Loop();
  let taken = 0;
  const poll = new Poll(loop, () => (taken += 7));
  assert.equal(hear(poll, loop, 1_003, 0.1), 1_000);
});

test("Poll rests where the core is taken away, each time longer, and then tries again", () => {
  const loop = new Loop();
  let taken = 0;
  const poll = new Poll(loop, () => (taken += 100));
  assert.equal(hear(poll, loop, 3 + 8 + 100, 0.1), 8 + 3, "and for 0.3 ms after the last one");
  assert.equal(hear(poll, loop, 2_000, 0.1), 0);
  assert.equal(hear(poll, loop, 2_000, 0.1), 8 + 3, "after 300 ms");
  assert.equal(hear(poll, loop, 4_000, 0.1), 0);
  assert.ok(hear(poll, loop, 2_000, 0.1) > 0, "after 600");
});
