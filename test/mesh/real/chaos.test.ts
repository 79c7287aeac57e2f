import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cases } from "../../long.js";
import { skipWithoutNats } from "../nats-server.js";
import { checkDiaries, type Outcomes } from "./model.js";
import { type Ground, RealWorld } from "./world.js";

/**
 * Runs on each ground. With the 460 in virtual time of `chaos.test.ts` they are 500 in the long run: one of these costs
 * two seconds and a dozen processes.
 */
const RUNS: Readonly<Record<Ground, number>> = {
  ws: cases(2, 20),
  nats: cases(1, 10),
  cluster: cases(1, 10),
};

const SENT = ["sent", "1", "c", "never"];
const BROKEN: readonly (readonly [string, readonly string[][], readonly string[][], RegExp])[] = [
  ["an ack that nobody gave", [["run", "1"]], [SENT, ["ack", "1", "0:1"]], /not earned/],
  [
    "an ack of another message",
    [
      ["run", "1"],
      ["answered", "1"],
    ],
    [SENT, ["ack", "1", "0:2"]],
    /not earned/,
  ],
  [
    "a message that ran twice",
    [
      ["run", "1"],
      ["run", "1"],
    ],
    [SENT, ["failed", "1", "x"]],
    /twice/,
  ],
  [
    "messages that ran out of order",
    [
      ["run", "2"],
      ["run", "1"],
    ],
    [
      SENT,
      ["sent", "2", "c", "never"],
      ["failed", "1", "DELIVERY_UNKNOWN"],
      ["failed", "2", "DELIVERY_UNKNOWN"],
    ],
    /ran 1 after 2/,
  ],
  ["a message without an end", [["run", "1"]], [SENT], /has not ended/],
  [
    "a message that ended twice",
    [["run", "1"]],
    [SENT, ["failed", "1", "x"], ["failed", "1", "x"]],
    /ended twice/,
  ],
  [
    "a message that ran and is said not to have",
    [["run", "1"]],
    [SENT, ["failed", "1", "NOT_RUN"]],
    /ran, and/,
  ],
  ["a refusal that was none", [["run", "1"]], [SENT, ["failed", "1", "PEER_REFUSED"]], /was not refused/],
];
for (const [what, receiver, sender, message] of BROKEN) {
  test(`checkDiaries() notices ${what}`, () => {
    const diaries = { receivers: new Map([[0, receiver]]), senders: [{ hasDied: false, lines: sender }] };
    assert.throws(() => checkDiaries(diaries, new Map()), { message });
  });
}

describe("Processes keep their promises whatever happens to them", {
  timeout: 900_000,
  concurrency: 3,
}, () => {
  for (const ground of ["ws", "nats", "cluster"] as const) {
    const skip = ground === "ws" ? false : skipWithoutNats;
    test(`on the ground of ${ground}, ${RUNS[ground]} times`, { skip }, async (context) => {
      const outcomes: Outcomes = new Map();
      for (let seed = 1; seed <= RUNS[ground]; seed++) {
        try {
          checkDiaries(await new RealWorld(context, ground, seed).run(), outcomes);
        } catch (cause) {
          throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
        }
      }
      context.diagnostic([...outcomes].map(([kind, count]) => `${count} ${kind}`).join(", "));
      assert.ok((outcomes.get("ack") ?? 0) > 0);
    });
  }
});
