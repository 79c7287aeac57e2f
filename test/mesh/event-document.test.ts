import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import type { Interest } from "../../src/mesh/framed/records.js";

const DOCUMENT = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

test("docs/protocol.md shows records of events as they are", () => {
  const shown: readonly (readonly [wire: string, write: (writer: FrameWriter) => void])[] = [
    ...[...DOCUMENT.matchAll(/^(30 .*?) … +interest (\{.*\})$/gm)].map(
      ([, wire = "", json = ""]) =>
        [wire, (writer: FrameWriter) => writer.interest(JSON.parse(json) as Interest)] as const,
    ),
    ["31 0e 62 75", (writer) => writer.event("button.pressed", "1", undefined)],
    [
      "32 05 62 65 6c 6c 73 0e 62 75 74 74 6f 6e 2e 70",
      (writer) => writer.eventTo({ queue: "bells" }, "button.pressed", "1", undefined),
    ],
    [
      "33 01 0e 62 75 74 74 6f 6e 2e 70 72 65 73 73 65 64",
      (writer) => writer.eventTo({ ask: 1 }, "button.pressed", "1", undefined),
    ],
    ["34 01 01", (writer) => writer.numbers(0x34, 1, 1)],
  ];
  assert.equal(shown.length, 7);
  for (const [wire, write] of shown) {
    assert.ok(DOCUMENT.includes(`\n${wire}`), wire);
    const writer = new FrameWriter();
    write(writer);
    const hex = Buffer.from(writer.take())
      .toString("hex")
      .replace(/(..)(?=.)/g, "$1 ");
    assert.ok(hex.startsWith(wire), hex);
  }
});
