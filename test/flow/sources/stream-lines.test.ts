import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { test } from "node:test";
import { streamLines } from "../../../src/flow/sources/stream-lines.js";
import { turns } from "../../contract/waiting.js";
import { bench, reader } from "../source-context.js";

test("streamLines() reads a stream to its end", async () => {
  const stream = Readable.from([Buffer.from("a\nb"), Buffer.from("c\r\n"), Buffer.from("d")]);
  assert.deepEqual(await reader(streamLines(stream)(bench().context)).rest(), ["a", "bc", "d"]);
});

test("streamLines() leaves to the next life what it has not yielded", async () => {
  const stream = new PassThrough();
  stream.write("1\n2\n3\n4");
  const source = streamLines(stream);
  const first = reader(source(bench().context));
  assert.equal(await first.next(), "1");
  await first.leave();
  const { context, stop } = bench();
  const second = reader(source(context));
  assert.deepEqual(await second.take(2), ["2", "3"]);
  const pending = second.rest();
  await turns();
  stop();
  assert.deepEqual(await pending, []);
  stream.end("5\n");
  assert.deepEqual(await reader(source(bench().context)).rest(), ["45"]);
  assert.equal(stream.listenerCount("readable"), 0);
});

test("streamLines() fails with its stream", async () => {
  const stream = new PassThrough();
  const next = reader(streamLines(stream, { name: "the tape" })(bench().context)).next();
  await turns();
  stream.destroy(new Error("torn"));
  await assert.rejects(next, { code: "FILE_FAILED", message: "Cannot read the tape: torn" });
});
