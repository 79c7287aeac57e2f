import assert from "node:assert/strict";
import { test } from "node:test";
import { KeepAlive } from "../../../src/board/session/line/keep-alive.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { turns } from "../../contract/waiting.js";

/** Pings that are answered as long as `isAnswering`. */
function rig() {
  const clock = new ManualClock();
  const counts = { pings: 0, quick: 0, failed: 0 };
  const board = { isAnswering: true, canFail: true };
  const keepAlive = new KeepAlive({
    clock,
    ping: (answered) => {
      counts.pings++;
      if (board.isAnswering) answered();
    },
    pingNow: async () => {
      counts.quick++;
      return board.isAnswering;
    },
    canFail: () => board.canFail,
    failed: () => counts.failed++,
  });
  return { clock, keepAlive, board, counts };
}

test("KeepAlive pings as often as it is told, until it is stopped", () => {
  const { clock, keepAlive, counts } = rig();
  keepAlive.start(100);
  clock.advance(1_050);
  assert.deepEqual(counts, { pings: 10, quick: 0, failed: 0 });
  keepAlive.stop();
  clock.advance(1_000);
  assert.equal(counts.pings, 10);
});

test("KeepAlive fails once when two pings in a row, and for 2 s all, have no answer", () => {
  const { clock, keepAlive, board, counts } = rig();
  keepAlive.start(1_500);
  board.isAnswering = false;
  clock.advance(2_900);
  board.isAnswering = true;
  clock.advance(6_000);
  assert.equal(counts.failed, 0, "one is none");
  board.isAnswering = false;
  clock.advance(10_000);
  assert.equal(counts.failed, 1);
});

test("KeepAlive that pings often waits 2 s for an answer all the same", () => {
  const { clock, keepAlive, board, counts } = rig();
  keepAlive.start(100);
  board.isAnswering = false;
  clock.advance(2_000);
  assert.deepEqual([counts.pings, counts.failed], [20, 0]);
  clock.advance(200);
  assert.equal(counts.failed, 1);
});

test("KeepAlive goes on where nothing is to be done about a bad line", () => {
  const { clock, keepAlive, board, counts } = rig();
  board.canFail = false;
  keepAlive.start(100);
  board.isAnswering = false;
  clock.advance(10_000);
  assert.deepEqual([counts.pings, counts.failed], [100, 0]);
});

test("KeepAlive looks at once when garbage comes, and asks twice", async () => {
  const { clock, keepAlive, board, counts } = rig();
  keepAlive.start(1_000);
  keepAlive.suspect();
  await turns();
  assert.deepEqual([counts.quick, counts.failed], [1, 0]);
  board.isAnswering = false;
  keepAlive.suspect();
  keepAlive.suspect();
  await turns();
  assert.deepEqual([counts.quick, counts.failed], [3, 1]);
  keepAlive.suspect();
  clock.advance(5_000);
  await turns();
  assert.deepEqual([counts.quick, counts.failed], [3, 1], "it is stopped");
});

test("KeepAlive counts no answer that belongs to a run before", () => {
  const clock = new ManualClock();
  const answers: (() => void)[] = [];
  let failed = 0;
  const keepAlive = new KeepAlive({
    clock,
    ping: (answered) => answers.push(answered),
    pingNow: async () => true,
    canFail: () => true,
    failed: () => failed++,
  });
  keepAlive.start(100);
  clock.advance(100);
  keepAlive.start(100);
  clock.advance(100);
  answers[0]?.();
  clock.advance(2_100);
  assert.equal(failed, 1);
});
