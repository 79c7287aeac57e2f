import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { on } from "../../src/events/on.js";

test("on() keeps what it is given and connects to nothing", () => {
  const handler = () => {};
  const { pattern, options } = on("alarm.>", handler, { retries: 2, queue: "desk" });
  assert.equal(pattern, "alarm.>");
  assert.deepEqual(options, { retries: 2, queue: "desk" });
});

for (const pattern of ["", "a..b", "a.>.b", "a b", "a*", ".a", "a."]) {
  test(`on() refuses the pattern ${JSON.stringify(pattern)}`, () => {
    assert.throws(() => on(pattern, () => {}), { code: "MESSAGE_INVALID" });
  });
}

const REFUSED: readonly (readonly [options: object, problem: RegExp])[] = [
  [{ count: 0 }, /its count is not a whole number from 1$/],
  [{ count: 1.5 }, /its count/],
  [{ count: "3" }, /its count/],
  [{ queue: "a.b" }, /its queue is not a name of letters, digits, - and _, 64 at most/],
  [{ queue: "" }, /its queue/],
  [{ durable: true }, /its durable is not a name/],
  [{ durable: "x".repeat(65) }, /its durable/],
  [{ last: 1 }, /its last is not true or false/],
  [{ filter: "x" }, /its filter is not a function/],
  [{ schema: {} }, /its schema is not a Standard Schema/],
  [{ schema: { "~standard": { version: 2, validate() {} } } }, /its schema/],
  [{ concurrency: 0 }, /its concurrency is not a whole number from 1 to 1024/],
  [{ concurrency: 1_025 }, /its concurrency/],
  [{ timeoutMs: 0 }, /its timeoutMs/],
  [{ timeoutMs: Number.POSITIVE_INFINITY }, /its timeoutMs/],
  [{ retries: -1 }, /its retries/],
  [{ retries: 101 }, /its retries/],
  [{ signal: {} }, /its signal is not an AbortSignal/],
  [{ retires: 1 }, /there is no option retires, only count/],
  [{ durable: "a", queue: "b" }, /durable and queue exclude each other/],
  [{ durable: "a", last: true }, /durable and last exclude each other/],
  [{ queue: "a", last: true }, /queue and last exclude each other/],
];

for (const [options, message] of REFUSED) {
  test(`on() refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => on("a", () => {}, options), { code: "USAGE", message });
  });
}

test("on() takes what is left out, or false, as not given", () => {
  on("a", () => {}, { durable: "a", last: false });
  assert.throws(() => Reflect.apply(on, undefined, ["a", "no function"]), {
    code: "USAGE",
    message: "Cannot observe a: its handler is string, not a function",
  });
});

test("a schema types the event of the handler and of the filter", () => {
  const schema = v.pipe(
    v.object({ load: v.number() }),
    v.transform(({ load }) => ({ percent: load * 100 })),
  );
  on(
    "load",
    ({ data }) => {
      const percent: number = data.percent;
      return percent;
    },
    { schema, filter: ({ data }) => data.percent > 90 },
  );
  // @ts-expect-error a schema's output is what the handler gets
  on("load", ({ data }) => data.load, { schema });
  // @ts-expect-error without a schema it may be anything that can be published
  on("load", ({ data }) => data.percent);
  // @ts-expect-error what is written at the handler does not make it so
  on("load", ({ data }: { data: { percent: number } }) => data);
});
