import assert from "node:assert/strict";
import { test } from "node:test";
import { Manager } from "../../src/flow/manager.js";

/** What no compiler has looked at. */
const WRONG_OPTIONS: readonly (readonly [message: RegExp, options: object])[] = [
  [/its protocol is asinc, none of sync, async$/, { protocol: "asinc" }],
  [/its onError is retry, none of restart, skip, stop, escalate$/, { onError: "retry" }],
  [/its graceMs is NaN, not a number from 0 on$/, { graceMs: Number.NaN }],
  [/its restart.firstMs is -1, not a number from 0 on$/, { restart: { firstMs: -1 } }],
  [/its restart.longestMs is NaN/, { restart: { longestMs: Number.NaN } }],
  [/its restart.factor is 0.5, not a number from 1 on$/, { restart: { factor: 0.5 } }],
  [/its restart.most is NaN/, { restart: { most: Number.NaN } }],
  [/its restart.withinMs is -1/, { restart: { withinMs: -1 } }],
];

for (const [message, options] of WRONG_OPTIONS)
  test(`Manager: refuses ${JSON.stringify(options)}`, () => {
    const manager = new Manager({
      name: "m",
      pipeline: { sources: {}, processors: {}, connections: [] },
      ...options,
    });
    assert.throws(() => manager.plan(), { code: "CONFIG_INVALID", message });
  });
