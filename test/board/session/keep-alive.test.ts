import assert from "node:assert/strict";
import { test } from "node:test";
import { KeepAlive } from "../../../src/board/session/keep-alive.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { turns } from "../../contract/waiting.js";

/** Pings that are answered as long as `isAnswering`. */
function rig() {
  const clock = new ManualClock();
  const counts = { pings: 0, quick: 0, failed: 0 };
  const board = { isAnswering: true };
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

test("KeepAlive fails once when two pings in a row have no answer", () => {
  const { clock, keepAlive, board, counts } = rig();
  keepAlive.start(100);
  board.isAnswering = false;
  clock.advance(150);
  board.isAnswering = true;
  clock.advance(400);
  assert.equal(counts.failed, 0, "one is none");
  board.isAnswering = false;
  clock.advance(1_000);
  assert.equal(counts.failed, 1);
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
    failed: () => failed++,
  });
  keepAlive.start(100);
  clock.advance(100);
  keepAlive.start(100);
  clock.advance(100);
  answers[0]?.();
  clock.advance(200);
  assert.equal(failed, 1);
});
