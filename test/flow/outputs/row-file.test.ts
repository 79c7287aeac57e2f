import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RowFile, type RowFileOptions } from "../../../src/flow/outputs/row-file.js";
import { turns } from "../../contract/waiting.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { bench } from "../source-context.js";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 31, 23, 59);
const HEADER = "name\n";

function scene(options: RowFileOptions = {}, folder = temporaryFolder()) {
  const path = join(folder, "rows.csv");
  const { clock, context } = bench();
  const form = { path, header: HEADER, shape: "quoted", clock, log: context.log } as const;
  const file = new RowFile(form, { wall: () => START_MS + clock.now(), ...options });
  return { folder, path, clock, file, read: () => readFileSync(path, "utf8") };
}

test("RowFile has written a row when it says so, in order, whoever waits", async () => {
  const { file, read } = scene();
  const rows = Array.from({ length: 1_000 }, (_, row) => `${row}\n`);
  await file.add(rows[0] ?? "");
  assert.equal(read(), `${HEADER}0\n`);
  await Promise.all(rows.slice(1).map((row) => file.add(row)));
  assert.equal(read(), HEADER + rows.join(""));
  await file.close();
  await file.close();
});

test("RowFile goes on with its file after close()", async () => {
  const { file, read } = scene({ syncEveryMs: 0 });
  for (const row of ["a\n", "b\n"]) {
    await file.add(row);
    await file.close();
  }
  assert.equal(read(), `${HEADER}a\nb\n`);
});

test("RowFile keeps rows for flushEveryMs, and no longer than close()", async () => {
  const { path, clock, file, read } = scene({ flushEveryMs: 1_000 });
  assert.equal(file.add("a\n"), undefined);
  clock.advance(999);
  await turns();
  assert.ok(!existsSync(path));
  assert.equal(file.add("b\n"), undefined);
  clock.advance(1);
  await file.flush();
  assert.equal(read(), `${HEADER}a\nb\n`);
  assert.equal(file.add("c\n"), undefined);
  await file.close();
  assert.equal(read(), `${HEADER}a\nb\nc\n`);
  assert.equal(clock.pending, 0);
});

test("RowFile writes at once what is too much to keep", async () => {
  const { file, read } = scene({ flushEveryMs: 1_000 });
  const row = `${"x".repeat(70_000)}\n`;
  await file.add(row);
  assert.equal(read(), HEADER + row);
  await file.close();
});

test("RowFile syncs within syncEveryMs", async () => {
  const { clock, file } = scene({ syncEveryMs: 1_000 });
  await file.add("a\n");
  assert.equal(clock.pending, 1);
  clock.advance(1_000);
  await turns();
  await file.add("b\n");
  assert.equal(clock.pending, 1);
  await file.close();
  assert.equal(clock.pending, 0);
});

test("RowFile rotates by size, and loses and repeats no row", async () => {
  const { folder, file } = scene({ rotateBytes: HEADER.length + 12 });
  const rows = Array.from({ length: 20 }, (_, row) => `row ${row}\n`);
  await file.add(rows[0] ?? "");
  await Promise.all(rows.slice(1).map((row) => file.add(row)));
  await file.close();
  const names = readdirSync(folder).sort((one, other) => numberOf(one) - numberOf(other));
  const files = names.map((name) => readFileSync(join(folder, name), "utf8"));
  for (const text of files) {
    assert.ok(text.startsWith(HEADER));
    assert.ok(text.length <= HEADER.length + 12 && text.length > HEADER.length);
  }
  assert.equal(files.map((text) => text.slice(HEADER.length)).join(""), rows.join(""));
});

test("RowFile takes a row that is longer than a file may be", async () => {
  const { folder, file } = scene({ rotateBytes: 10 });
  for (const row of ["a long first row\n", "a long second row\n"]) await file.add(row);
  await file.close();
  assert.equal(readdirSync(folder).length, 2);
});

test("RowFile rotates at midnight in UTC, also where nobody was there", async () => {
  const { folder, path, clock, file, read } = scene({ rotateEveryMs: DAY_MS });
  await file.add("today\n");
  clock.advance(60_000);
  await file.add("tomorrow\n");
  await file.close();
  assert.equal(readFileSync(join(folder, "rows.1.csv"), "utf8"), `${HEADER}today\n`);
  assert.equal(read(), `${HEADER}tomorrow\n`);
  utimesSync(path, START_MS / 1_000, START_MS / 1_000);
  await file.add("tomorrow too\n");
  await file.close();
  assert.equal(readFileSync(join(folder, "rows.2.csv"), "utf8"), `${HEADER}tomorrow\n`);
  assert.equal(read(), `${HEADER}tomorrow too\n`);
});

test("RowFile tells who adds next of rows that could not be written", async () => {
  const { path, clock, file, read } = scene({ flushEveryMs: 1_000 });
  writeFileSync(path, "other\n");
  assert.equal(file.add("a\n"), undefined);
  clock.advance(1_000);
  await assert.rejects(file.close(), { code: "FILE_FAILED" });
  renameSync(path, `${path}.away`);
  void file.add("b\n");
  await file.close();
  assert.equal(read(), `${HEADER}b\n`);
});

test("RowFile says that a disk is full", async () => {
  const { clock, context } = bench();
  const form = { path: "/dev/full", header: "", shape: "plain", clock, log: context.log } as const;
  const file = new RowFile(form, {});
  await assert.rejects(Promise.resolve(file.add("a\n")), { code: "FILE_FAILED", message: /ENOSPC/ });
  await file.close();
});

function numberOf(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? Number.POSITIVE_INFINITY);
}
