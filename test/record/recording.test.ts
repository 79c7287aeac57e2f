import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { seededRandom } from "../../src/core/random.js";
import { RecordingEncoder } from "../../src/record/encoder.js";
import type { Entry } from "../../src/record/entry.js";
import { MARK_BYTES } from "../../src/record/format.js";
import { type EntriesOptions, openRecording } from "../../src/record/recording.js";
import { RecordingWriter } from "../../src/record/recording-writer.js";
import { temporaryFolder } from "../temporary-folder.js";
import { HEADER, headOf, someEntries } from "./entries.js";

const folder = temporaryFolder();
let files = 0;
const newPath = () => join(folder, `${++files}.circuit`);

async function read(path: string, options?: EntriesOptions) {
  const recording = await openRecording(path);
  const { header, isWhole, durationMs } = recording;
  const entries: Entry[] = [];
  try {
    for await (const entry of recording.entries(options)) entries.push(entry);
  } finally {
    await recording.close();
  }
  return { header, isWhole, durationMs, entries };
}

function bytesOf(entries: readonly Entry[]): Buffer {
  const encoder = new RecordingEncoder(HEADER);
  for (const entry of entries) encoder.add(entry);
  encoder.end();
  return Buffer.from(encoder.take());
}

function written(bytes: Uint8Array): string {
  const path = newPath();
  writeFileSync(path, bytes);
  return path;
}

/** Of a few marks' length. */
const LONG = someEntries(60_000);
const LONG_BYTES = bytesOf(LONG);

test("RecordingWriter writes what openRecording() reads", async () => {
  const path = newPath();
  const entries = someEntries(50);
  const writer = await RecordingWriter.create(path, HEADER);
  for (const entry of entries) writer.add(entry);
  await writer.close();
  assert.deepEqual(await read(path), { header: HEADER, isWhole: true, durationMs: 49, entries });
  assert.deepEqual(readFileSync(path), bytesOf(entries));
  if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("RecordingWriter has what was added in the file 100 ms later, and nothing more to do", async () => {
  const path = newPath();
  const clock = new ManualClock();
  const writer = await RecordingWriter.create(path, HEADER, { clock });
  const entries = someEntries(2);
  for (const entry of entries) writer.add(entry);
  assert.equal((await read(path)).entries.length, 0);
  clock.advance(100);
  while ((await read(path)).entries.length === 0);
  assert.deepEqual(await read(path), { header: HEADER, isWhole: false, durationMs: 1, entries });
  assert.equal(clock.pending, 0);
  await writer.close();
});

test("RecordingWriter takes nothing after it was closed, which may be twice", async () => {
  const path = newPath();
  const writer = await RecordingWriter.create(path, HEADER);
  await Promise.all([writer.close(), writer.close()]);
  writer.add({ kind: "told", atMs: 1, text: "late" });
  await writer.close();
  assert.deepEqual(await read(path), { header: HEADER, isWhole: true, durationMs: 0, entries: [] });
});

test("RecordingWriter.create() refuses a file that is there, and a folder that is not", async () => {
  const path = written(Buffer.from("precious"));
  const refused = { code: "FILE_FAILED", message: `Cannot record to ${path}: there is such a file already` };
  await assert.rejects(RecordingWriter.create(path, HEADER), refused);
  assert.equal(readFileSync(path, "utf8"), "precious");
  await assert.rejects(RecordingWriter.create(join(folder, "none", "x"), HEADER), { code: "FILE_FAILED" });
});

test("RecordingWriter stops where its disk is too slow, tells so once, and what it wrote opens", async () => {
  const path = newPath();
  const problems: string[] = [];
  const failed = ({ message }: Error) => problems.push(message);
  const writer = await RecordingWriter.create(path, HEADER, { failed });
  // All in one turn of the event loop: no disk is as quick.
  const bytes = new Uint8Array(1_048_576);
  for (let atMs = 0; atMs < 40; atMs++) writer.add({ kind: "to-host", atMs, board: "uno", bytes });
  await writer.close();
  assert.equal(problems.length, 1);
  assert.match(
    problems[0] ?? "",
    /^Cannot record to .*: its disk is too slow, 1[67]\d{6} bytes wait for it$/,
  );
  assert.equal(writer.problem?.message, problems[0]);
  const { isWhole, entries } = await read(path);
  assert.equal(isWhole, false);
  assert.deepEqual(entries[0], { kind: "to-host", atMs: 0, board: "uno", bytes });
});

test("openRecording() goes to fromMs by the index, and gives what a reading from the beginning gives", async () => {
  assert.ok(LONG_BYTES.length > 3 * MARK_BYTES);
  const path = written(LONG_BYTES);
  for (const fromMs of [-5, 0, 1, 777.777, 9_999, 23_456.25, 59_998, 59_999, 60_000]) {
    const { entries } = await read(path, { fromMs });
    assert.deepEqual(
      entries,
      LONG.filter(({ atMs }) => atMs >= fromMs),
    );
  }
});

test("openRecording() goes to fromMs where the file was cut off, too", async () => {
  const path = written(LONG_BYTES.subarray(0, -1));
  const { entries, isWhole } = await read(path, { fromMs: 30_000 });
  assert.equal(isWhole, false);
  assert.deepEqual(
    entries,
    LONG.filter(({ atMs }) => atMs >= 30_000),
  );
});

test("openRecording() opens a recording cut off at each of its bytes, and gives a beginning of its entries", async () => {
  const entries = someEntries(40);
  const bytes = bytesOf(entries);
  const head = headOf(HEADER).length;
  let most = 0;
  for (let length = 0; length < bytes.length; length++) {
    const cut = await read(written(bytes.subarray(0, length)));
    assert.equal(cut.isWhole, false);
    assert.deepEqual(cut.header, length < head ? {} : HEADER);
    assert.deepEqual(cut.entries, entries.slice(0, cut.entries.length));
    assert.ok(cut.entries.length >= most, `at byte ${length} it has fewer entries than at the byte before`);
    most = cut.entries.length;
  }
  assert.equal(most, entries.length);
});

test("openRecording() opens a long recording cut off at 1 000 random bytes", async () => {
  const random = seededRandom(2026);
  const entries = someEntries(3_000);
  const bytes = bytesOf(entries);
  const path = newPath();
  for (let cuts = 0; cuts < 1_000; cuts++) {
    writeFileSync(path, bytes.subarray(0, Math.floor(random() * bytes.length)));
    const cut = await read(path);
    assert.equal(cut.isWhole, false);
    const last = cut.entries.length - 1;
    assert.deepEqual(cut.entries[last], entries[last]);
    // All of them, now and then: it takes its time.
    if (cuts % 50 === 0) assert.deepEqual(cut.entries, entries.slice(0, last + 1));
  }
});

test("openRecording() gives what was before garbage, zeros as a lost disk leaves them, or another recording", async () => {
  const entries = someEntries(20);
  const bytes = bytesOf(entries).subarray(0, headOf(HEADER).length + 200);
  const { length } = (await read(written(bytes))).entries;
  assert.ok(length > 5);
  const random = seededRandom(1);
  const noise = Buffer.from(Array.from({ length: 500 }, () => Math.floor(random() * 256)));
  for (const more of [Buffer.alloc(4_096), noise, bytesOf(entries)]) {
    const cut = await read(written(Buffer.concat([bytes, more])));
    assert.deepEqual(cut.entries, entries.slice(0, length));
  }
});

test("Recording.entries() tells where a whole recording is damaged", async () => {
  const bytes = Buffer.from(LONG_BYTES);
  bytes[100_000] = (bytes[100_000] ?? 0) ^ 1;
  const path = written(bytes);
  await assert.rejects(read(path), {
    code: "FILE_FAILED",
    message: /^Cannot read .*: its record at byte (99\d\d\d|100000) is damaged: /,
  });
  // What is behind the next mark is as it was.
  const { entries } = await read(path, { fromMs: 39_000 });
  assert.deepEqual(
    entries,
    LONG.filter(({ atMs }) => atMs >= 39_000),
  );
});

test("openRecording() may be read at several places at once, and not after it was closed", async () => {
  const recording = await openRecording(written(LONG_BYTES));
  const [first, second] = [recording.entries(), recording.entries({ fromMs: 20_000 })];
  const one = first[Symbol.asyncIterator]();
  const two = second[Symbol.asyncIterator]();
  assert.deepEqual((await one.next()).value, LONG[0]);
  assert.deepEqual(
    (await two.next()).value,
    LONG.find(({ atMs }) => atMs >= 20_000),
  );
  assert.deepEqual((await one.next()).value, LONG[1]);
  await Promise.all([recording.close(), recording.close()]);
  await assert.rejects(recording.entries()[Symbol.asyncIterator]().next(), { code: "FILE_FAILED" });
});

const FOREIGN: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
  ["a text", Buffer.from("hello, world\n"), /: it is no recording$/],
  ["a short text", Buffer.from("hi"), /: it is no recording$/],
  [
    "a newer format",
    Buffer.from("CIRCREC\x02more"),
    /: it is a recording of format 2, and format 1 is read here$/,
  ],
  [
    "a damaged header",
    headOf(HEADER).fill(0x20, 20, 24),
    /: its header is damaged: its checksum is another$/,
  ],
  [
    "no header",
    Buffer.concat([headOf({}).subarray(0, 8), bytesOf([]).subarray(-25)]),
    /: its header is damaged: /,
  ],
];

for (const [what, bytes, message] of FOREIGN) {
  test(`openRecording() refuses ${what}`, async () => {
    await assert.rejects(openRecording(written(bytes)), { code: "FILE_FAILED", message });
  });
}

test("openRecording() refuses a file that is not there, and a folder", async () => {
  const path = newPath();
  await assert.rejects(openRecording(path), { code: "FILE_FAILED", message: /there is no such file/ });
  await mkdir(path);
  await assert.rejects(openRecording(path), { code: "FILE_FAILED", message: /it is a folder/ });
});
