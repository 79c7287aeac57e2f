import assert from "node:assert/strict";
import { test } from "node:test";
import { printable } from "../../src/core/printable.js";

for (const [given, shown] of [
  ["it is full, naïve 雪 😀", "it is full, naïve 雪 😀"],
  ["\u001b[2J\u009b31m", "\u{fffd}[2J\u{fffd}31m"],
  ["one\ntwo\r\u2028three", "one\u{fffd}two\u{fffd}\u{fffd}three"],
  ["\u202egnp.exe", "\u{fffd}gnp.exe"],
  ["\ud800", "\u{fffd}"],
  ["x".repeat(300), "x".repeat(200)],
] as const) {
  test(`printable() shows ${JSON.stringify(given.slice(0, 30))} without what a terminal obeys`, () => {
    assert.equal(printable(given), shown);
  });
}
