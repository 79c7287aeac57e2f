import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RecordingEncoder } from "../../src/record/encoder.js";
import type { Entry } from "../../src/record/entry.js";
import { RECORD } from "../../src/record/format.js";
import { openRecording } from "../../src/record/recording.js";
import { temporaryFolder } from "../temporary-folder.js";
import { readEntries } from "./recorder.js";

const document = readFileSync(new URL("../../../docs/recording.md", import.meta.url), "utf8");

/** The bytes of the document's example: what stands before the words of each line. */
function exampleBytes(): Buffer {
  const [, example = ""] = document.split("## An example")[1]?.split("```text\n") ?? [];
  const [block = ""] = example.split("```");
  const hex = block.split("\n").map((line) => /^(?:[0-9a-f]{2} ?)*/.exec(line)?.[0] ?? "");
  return Buffer.from(hex.join("").replaceAll(" ", ""), "hex");
}

const ENTRIES: readonly Entry[] = [
  { kind: "board", atMs: 1, board: "uno", what: "opened", address: "mock", baud: 0 },
  { kind: "message", atMs: 2.5, id: 1, from: "clock", node: "led", channel: "", payload: "1" },
  { kind: "to-board", atMs: 2.6, board: "uno", bytes: Uint8Array.of(0xf5, 13, 1) },
  { kind: "edge", atMs: 2.6, board: "uno", pin: 13, level: 1 },
  { kind: "ack", atMs: 2.75, id: 1, payload: "on", isFailure: false },
];

test("docs/recording.md has an example that openRecording() reads as it says", async () => {
  const path = join(temporaryFolder(), "example.circuit");
  writeFileSync(path, exampleBytes());
  const recording = await openRecording(path);
  const { header, isWhole, durationMs } = recording;
  await recording.close();
  assert.deepEqual(
    { header, isWhole, durationMs },
    { header: { boards: { uno: "mock" } }, isWhole: true, durationMs: 2.75 },
  );
  assert.deepEqual(await readEntries(path), ENTRIES);
});

test("docs/recording.md has an example that is what RecordingEncoder writes", () => {
  const encoder = new RecordingEncoder({ boards: { uno: "mock" } });
  for (const entry of ENTRIES) encoder.add(entry);
  encoder.end();
  assert.equal(Buffer.from(encoder.take()).toString("hex"), exampleBytes().toString("hex"));
});

test("docs/recording.md has each type of record", () => {
  const types = [...document.matchAll(/^\| 0x([0-9a-f]{2}) /gm)].map(([, hex]) =>
    Number.parseInt(hex ?? "", 16),
  );
  assert.deepEqual(types, Object.values(RECORD));
});
