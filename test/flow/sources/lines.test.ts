import assert from "node:assert/strict";
import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.js";
import { LineReader } from "../../../src/flow/sources/line-reader.js";
import { lines } from "../../../src/flow/sources/lines.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { bench, reader, until } from "../source-context.js";

for (const [text, wanted] of [
  ["", []],
  ["\n", [""]],
  ["a", ["a"]],
  ["a\n", ["a"]],
  ["a\nb", ["a", "b"]],
  ["a\r\nb\r\n", ["a", "b"]],
  ["\n\na\n", ["", "", "a"]],
  ["ä\n€\n🙂\n", ["ä", "€", "🙂"]],
] as const) {
  test(`LineReader cuts ${JSON.stringify(text)}, whole and byte by byte`, () => {
    const bytes = Buffer.from(text);
    const whole = new LineReader("text");
    assert.deepEqual([...whole.take(bytes), ...whole.rest()], wanted);
    const slow = new LineReader("text");
    const cut: string[] = [];
    for (const byte of bytes) cut.push(...slow.take(Buffer.of(byte)));
    assert.deepEqual([...cut, ...slow.rest()], wanted);
    assert.equal(slow.position, bytes.length);
  });
}

test("LineReader refuses a line over its limit", () => {
  const limited = new LineReader("text", 4);
  assert.deepEqual([...limited.take(Buffer.from("1234\n123"))], ["1234"]);
  assert.throws(() => [...limited.take(Buffer.from("45"))], { code: "FILE_FAILED" });
});

test("lines() reads a file to its end", async () => {
  const path = join(temporaryFolder(), "text");
  const wanted = Array.from({ length: 30_000 }, (_, line) => `line ${line}`);
  writeFileSync(path, wanted.join("\n"));
  assert.deepEqual(await reader(lines(path)(bench().context)).rest(), wanted);
});

test("lines() says which file is missing", async () => {
  const path = join(temporaryFolder(), "missing");
  await assert.rejects(reader(lines(path)(bench().context)).next(), {
    code: "FILE_FAILED",
    message: `Cannot read ${path}: there is no such file`,
  });
});

/** Follows a file; it looks each millisecond. */
function follow(path: string, from: "start" | "end" = "start") {
  const { context, stop } = bench(systemClock);
  return { items: reader(lines(path, { follow: true, from, pollMs: 1 })(context)), stop };
}

test("lines() follows a file that is appended to, a half line at a time", async () => {
  const path = join(temporaryFolder(), "log");
  const { items, stop } = follow(path);
  const first = items.next();
  writeFileSync(path, "a\nb");
  assert.equal(await first, "a");
  const second = items.next();
  appendFileSync(path, "c\nd\n");
  assert.equal(await second, "bc");
  assert.equal(await items.next(), "d");
  const rest = items.rest();
  stop();
  assert.deepEqual(await rest, []);
});

test("lines() from the end has only what is appended later", async () => {
  const path = join(temporaryFolder(), "log");
  writeFileSync(path, "old\n");
  const { context, clock } = bench();
  const items = reader(lines(path, { follow: true, from: "end", pollMs: 100 })(context));
  const next = items.next();
  await until(() => clock.pending === 1, "it waits for more");
  appendFileSync(path, "new\n");
  clock.advance(100);
  assert.equal(await next, "new");
  await items.leave();
});

test("lines() reads a file that is replaced to its end, then the new one", async () => {
  const path = join(temporaryFolder(), "log");
  writeFileSync(path, "1\n");
  const { items, stop } = follow(path);
  assert.equal(await items.next(), "1");
  appendFileSync(path, "2\n3");
  renameSync(path, `${path}.1`);
  writeFileSync(path, "4\n");
  assert.deepEqual(await items.take(3), ["2", "3", "4"]);
  rmSync(path);
  const next = items.next();
  writeFileSync(`${path}.new`, "5\n");
  renameSync(`${path}.new`, path);
  assert.equal(await next, "5");
  stop();
});

test("lines() begins again with a file that was shortened", async () => {
  const path = join(temporaryFolder(), "log");
  writeFileSync(path, "long line\n");
  const { items, stop } = follow(path);
  assert.equal(await items.next(), "long line");
  const next = items.next();
  writeFileSync(path, "a\n");
  assert.equal(await next, "a");
  stop();
});
