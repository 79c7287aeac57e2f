import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../src/core/random.js";
import { cases } from "../../long.js";
import { Fuzzer } from "./fuzz.js";
import { Scene } from "./scene.js";

const CASES = cases(2_000, 100_000);

/** Connections at the same time. */
const AT_ONCE = 8;

/** Sessions of the fuzzer's eight senders, with what they sent and were answered, and room for the machine's own. */
const MOST_GROWN_MIB = 48;

test(`A node serves its peers through ${CASES} hostile frames and records`, {
  timeout: 900_000,
}, async (context) => {
  const scene = await Scene.open(context);
  let left = CASES;
  const attack = async (seed: number) => {
    const fuzzer = new Fuzzer(seededRandom(seed), scene.port);
    while (left > 0) {
      const count = Math.min(left, 8);
      left -= count;
      left += count - (await fuzzer.attack(count));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, seed) => attack(seed + 1)));
  await scene.othersGoOn();
  assert.ok((await scene.handled()) > CASES / 10, "what was valid has been handled");
  await scene.assertGrownAtMost(MOST_GROWN_MIB);
  context.diagnostic(`grown by ${(await scene.grownMib()).toFixed(1)} MiB`);
});
