import assert from "node:assert/strict";
import { test } from "node:test";
import { mayPublish, maySend } from "../../../src/mesh/safety/access.js";

const RULES = {
  buzzer: { iopin: ["bits", "datafeed"], lamp: [], "*": ["status"] },
  lamp: { iopin: ["*"] },
};

const sends: readonly (readonly [from: string, target: string, channel: string, may: boolean])[] = [
  ["iopin", "buzzer", "bits", true],
  ["iopin", "buzzer", "datafeed", true],
  ["iopin", "buzzer", "status", false], // its own rules count in place of those of *
  ["iopin", "buzzer", "", false],
  ["lamp", "buzzer", "status", false],
  ["clock", "buzzer", "status", true],
  ["", "buzzer", "status", true],
  ["clock", "buzzer", "bits", false],
  ["iopin", "lamp", "anything", true],
  ["clock", "lamp", "anything", false],
  ["clock", "iopin", "ticks", true], // not named
  ["constructor", "buzzer", "bits", false],
  ["iopin", "constructor", "bits", true],
];
for (const [from, target, channel, may] of sends) {
  test(`maySend() ${may ? "lets" : "does not let"} "${from}" send to ${target} on "${channel}"`, () => {
    assert.equal(maySend(RULES, { from, target, channel }), may);
  });
}

test("maySend() with rules for every target lets nobody else", () => {
  const rules = { "*": {}, lamp: { "*": ["*"] } };
  assert.equal(maySend(rules, { from: "a", target: "buzzer", channel: "" }), false);
  assert.equal(maySend(rules, { from: "a", target: "lamp", channel: "" }), true);
});

const publishes: readonly (readonly [pattern: string, subject: string, may: boolean])[] = [
  ["events.temperature", "events.temperature", true],
  ["events.temperature", "events.temperature.kitchen", false],
  ["events.temperature", "events", false],
  ["events.*", "events.temperature", true],
  ["events.*", "events.temperature.kitchen", false],
  ["events.*", "events", false],
  ["events.*.kitchen", "events.temperature.kitchen", true],
  ["events.>", "events.temperature.kitchen", true],
  ["events.>", "events.temperature", true],
  ["events.>", "events", false],
  [">", "events", true],
  ["*", "events", true],
  ["*", "events.temperature", false],
];
for (const [pattern, subject, may] of publishes) {
  test(`mayPublish() with ${pattern} ${may ? "lets" : "does not let"} ${subject} by`, () => {
    assert.equal(mayPublish({ iopin: [pattern] }, "iopin", subject), may);
  });
}

test("mayPublish() lets a node tell of its own errors, whatever the rules, and of nobody else's", () => {
  const rules = { "*": [], iopin: ["level"] };
  assert.equal(mayPublish(rules, "iopin", "circuit.errors.iopin"), true);
  assert.equal(mayPublish({}, "my desk", "circuit.errors.my=20desk"), true);
  for (const subject of [
    "circuit.errors.buzzer",
    "circuit.errors",
    "circuit.errors.iopin.x",
    "circuit.iopin",
  ])
    assert.equal(mayPublish(rules, "iopin", subject), false, subject);
});

test("mayPublish() lets everybody without rules, and with them whom they name", () => {
  assert.equal(mayPublish(undefined, "clock", "events"), true);
  assert.equal(mayPublish({ iopin: [">"] }, "clock", "events"), false);
  assert.equal(mayPublish({ "*": ["events"], iopin: [] }, "clock", "events"), true);
  assert.equal(mayPublish({ "*": ["events"], iopin: [] }, "iopin", "events"), false);
});
