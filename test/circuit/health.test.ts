import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import { openBoard } from "../../src/circuit/boards.js";
import { makePages } from "../../src/circuit/pages.js";
import { systemClock } from "../../src/core/clock.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { sumEvents } from "../../src/mesh/event-tally.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { Node } from "../../src/mesh/node.js";

/** A node that drives a board, and what it says of its health. */
async function serve() {
  const link = new MockBoard();
  const board = await openBoard({
    name: "desk",
    address: "mock",
    wiring: undefined,
    clock: systemClock,
    signal: new AbortController().signal,
    notice: () => {},
    link,
  });
  const clock = new ManualClock();
  const node = new Node({
    name: "buzzer",
    handler: () => "buzz",
    clock,
    limits: DEFAULT_LIMITS,
    schedule: queueMicrotask,
  });
  const pages = makePages({
    counts: () => ({ nodes: [node.counts()], peers: [], events: sumEvents([]) }),
    boards: new Map([["desk", board]]),
    boardOf: (name) => (name === "buzzer" ? "desk" : undefined),
  });
  const health = async () => {
    const answer = await pages["/healthz"]?.(node);
    return [answer?.status, JSON.parse(answer?.body ?? "{}")] as const;
  };
  return { link, board, clock, node, health };
}

test("/healthz says how long a node has been served", async () => {
  const { board, clock, health } = await serve();
  clock.advance(61_500);
  const [status, { uptimeSeconds }] = await health();
  assert.deepEqual([status, uptimeSeconds], [200, 61]);
  await board.session.close();
});

test("/healthz says that a node leaves", async () => {
  const { board, node, health } = await serve();
  await node.close();
  const [code, { status }] = await health();
  assert.deepEqual([code, status], [503, "draining"]);
  await board.session.close();
});

test("/healthz says that a node's board is lost", async () => {
  const { link, board, health } = await serve();
  const lost = new Promise((resolve) => board.session.lost.addEventListener("abort", resolve));
  link.unplug();
  await lost;
  const [code, { status, board: told }] = await health();
  assert.deepEqual([code, status, told.isLost], [503, "board lost", true]);
});
