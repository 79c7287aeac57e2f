import assert from "node:assert/strict";
import { test } from "node:test";
import { FailurePublisher } from "../../../src/circuit/flows/publish-failures.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import type { FlowFailure } from "../../../src/flow/reports.js";
import type { Payload } from "../../../src/mesh/payload.js";

const FAILURE: FlowFailure = {
  ...{ flow: "my desk", manager: "m", part: "p", cause: "odd", item: undefined, policy: "skip", at: 5 },
};

function publisher() {
  const clock = new ManualClock();
  const published: [string, Payload][] = [];
  const publishOwn = (subject: string, data: Payload) => void published.push([subject, data]);
  return { published, clock, failures: new FailurePublisher({ publishOwn }, clock) };
}

const CIRCULAR: { self?: unknown } = {};
CIRCULAR.self = CIRCULAR;

/** An item, and what is told of it. */
const ITEMS: readonly (readonly [string, unknown, object])[] = [
  ["nothing", undefined, {}],
  ["a number", 7, { data: 7 }],
  ["a text", "hot", { data: "hot" }],
  ["bytes", Uint8Array.of(1, 2), { data: "AQI=", encoding: "base64" }],
  ["an object with a Date", { at: new Date(0) }, { data: { at: "1970-01-01T00:00:00.000Z" } }],
  ["what JSON has no words for", CIRCULAR, { data: "[object Object]" }],
  ["a BigInt", 5n, { data: "5" }],
  ["a long text", "x".repeat(5_000), { data: "x".repeat(4_096), cutFromCharacters: 5_000 }],
];

for (const [what, item, told] of ITEMS) {
  test(`a failure with ${what} is told`, () => {
    const { published, failures } = publisher();
    failures.publish({ ...FAILURE, item });
    const record = {
      ...{ node: "my desk", flow: "my desk", manager: "m", part: "p", ...told, policy: "skip", at: 5 },
      cause: { name: "string", message: "odd" },
    };
    assert.deepEqual(published, [["circuit.errors.my=20desk", record]]);
  });
}

test("the failure of a whole pipeline names no part", () => {
  const { published, failures } = publisher();
  failures.publish({ ...FAILURE, part: undefined, policy: "given up" });
  assert.ok(!("part" in Object(published[0]?.[1])));
});

test("a failure about an event of a failure is not published: it would come back", () => {
  const { published, failures } = publisher();
  const item = { subject: "circuit.errors.desk", data: {} };
  failures.publish({ ...FAILURE, item });
  failures.publish({ ...FAILURE, item: [{ subject: "a" }, item] });
  assert.deepEqual(published, []);
  failures.publish({ ...FAILURE, item: { subject: "circuit.other" } });
  assert.equal(published.length, 1);
});

test("100 failures are published a second, and the next tells how many were not", () => {
  const { published, failures, clock } = publisher();
  for (let failure = 0; failure < 130; failure++) failures.publish(FAILURE);
  assert.equal(published.length, 100);
  clock.advance(1_000);
  failures.publish(FAILURE);
  assert.equal(Object(published[100]?.[1]).unreported, 30);
});
