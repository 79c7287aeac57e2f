import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Entry } from "../../src/record/entry.js";
import { openRecording } from "../../src/record/recording.js";
import { emulate } from "../../src/testing/emulate.js";
import { temporaryFolder } from "../temporary-folder.js";

const folder = temporaryFolder();

const CIRCUIT = {
  wiring: "wiring/clock-pin-buzzer.json",
  nodes: {
    clock: { sketch: "clock", options: { ticks: 3, delaySeconds: 0.5 } },
    iopin: { sketch: "iopin", options: { bitMs: 20 } },
    buzzer: { sketch: "buzzer", options: { toneMs: 10 } },
  },
} as const;

async function record(path: string): Promise<Buffer> {
  await using rig = await emulate(CIRCUIT, { seed: 7, record: path });
  await rig.noise({ forMs: 20, oneByteIn: 4 });
  await rig.done();
  await rig.close();
  return readFileSync(path);
}

test("emulate() records the same bytes for the same seed, ten times", async () => {
  const path = join(folder, "ten.circuit");
  const first = await record(path);
  for (let run = 1; run < 10; run++) assert.ok(first.equals(await record(path)), `run ${run} differs`);
});

test("emulate() records a run in virtual time: bytes, edges, messages, and what it told", async () => {
  const path = join(folder, "one.circuit");
  const rig = await emulate(CIRCUIT, { seed: 7, record: path });
  await rig.done();
  const seen = rig.edges;
  await rig.close();
  const recording = await openRecording(path);
  const { header, isWhole, durationMs } = recording;
  const entries: Entry[] = [];
  for await (const entry of recording.entries()) entries.push(entry);
  await recording.close();
  assert.equal(isWhole, true);
  assert.deepEqual([header.beganAt, header.boards, header.seed], [undefined, { board: "sim:uno" }, 7]);
  // The summary is told when all is closed.
  assert.ok(durationMs > 1_000 && Math.abs(durationMs - rig.nowMs) < 0.001);
  const edges = entries.flatMap((entry) => (entry.kind === "edge" ? [entry] : []));
  assert.deepEqual(
    edges.map(({ pin, level }) => [pin, level]).filter(([pin]) => pin === 13),
    seen.map(({ pin, level }) => [pin, level]).filter(([pin]) => pin === 13),
  );
  const messages = entries.flatMap((entry) => (entry.kind === "message" ? [entry] : []));
  const ticks = messages.filter(({ node }) => node === "iopin");
  assert.deepEqual(
    ticks.map(({ from, channel, payload }) => [from, channel, payload]),
    [0, 1, 2].map((tick) => ["clock", "datafeed", String(tick)]),
  );
  for (const { id } of messages)
    assert.equal(entries.filter((e) => e.kind === "ack" && e.id === id).length, 1);
  const told = entries.flatMap((entry) => (entry.kind === "told" ? [JSON.parse(entry.text)] : []));
  assert.equal(told.at(-1).type, "summary");
  const boards = entries.flatMap((entry) => (entry.kind === "board" ? [entry.what] : []));
  assert.equal(boards[0], "opened");
  assert.equal(boards.at(-1), "closed");
});
