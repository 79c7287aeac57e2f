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

test("Poll keeps the event loop awake for 0.3 ms after a frame", () => {
  const loop = new Loop();
  const poll = new Poll(loop);
  assert.equal(loop.isAwake, false);
  poll.heard();
  const turns = loop.advance(2);
  assert.ok(turns >= 6 && turns <= 8, `${turns} turns`);
  assert.equal(loop.isAwake, false);
});

test("Poll stays awake while frames come", () => {
  const loop = new Loop();
  const poll = new Poll(loop);
  for (let frame = 0; frame < 100; frame++) {
    poll.heard();
    assert.equal(loop.advance(0.2), 4);
  }
});

test("Poll rests after three frames that nothing followed, each time longer, and then tries again", () => {
  const loop = new Loop();
  const poll = new Poll(loop);
  const tries = () => {
    poll.heard();
    const { isAwake } = loop;
    loop.advance(1);
    return isAwake;
  };
  assert.deepEqual([tries(), tries(), tries(), tries()], [true, true, true, false]);
  loop.advance(990);
  assert.equal(tries(), false);
  loop.advance(10);
  assert.deepEqual([tries(), tries(), tries(), tries()], [true, true, true, false]);
  loop.advance(1_500);
  assert.equal(tries(), false, "it rests twice as long");
  loop.advance(500);
  assert.equal(tries(), true);
});
