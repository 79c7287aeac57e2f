import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { outputOf } from "../../../src/flow/output.js";
import { keyed } from "../../../src/flow/outputs/keyed.js";
import { once } from "../../../src/flow/outputs/once.js";
import type { FlowContext } from "../../../src/flow/source.js";

function contextOf(...keys: string[]): FlowContext {
  const deliveries = keys.map((key) => ({ key, sequence: 1, deliveryCount: 1, origin: undefined }));
  const { signal } = new AbortController();
  return { clock: new ManualClock(), signal, name: "out", log: () => {}, deliveries };
}

test("keyed() adds what names an item, to each of a batch its own", async () => {
  const rows: unknown[] = [];
  let isClosed = false;
  const out = outputOf<object>(
    "rows",
    async (item) => void rows.push(item),
    async () => {
      isClosed = true;
    },
  );
  const output = keyed("key", out);
  assert.equal(output.name, "rows");
  await output({ a: 1 }, contextOf("x"));
  await output([{ a: 2 }, { a: 3 }], contextOf("y", "z"));
  await output({ a: 4 }, contextOf());
  assert.deepEqual(rows, [
    { a: 1, key: "x" },
    [
      { a: 2, key: "y" },
      { a: 3, key: "z" },
    ],
    { a: 4, key: undefined },
  ]);
  await output.close();
  assert.ok(isClosed);
});

test("once() leaves out what was taken, and nothing that has failed", async () => {
  const taken: unknown[] = [];
  let fails = true;
  const output = once(async (item: number) => {
    if (fails) throw new Error("full");
    taken.push(item);
  });
  await assert.rejects(async () => output(1, contextOf("a")), /full/);
  fails = false;
  for (const key of ["a", "a", "b", "a"]) await output(1, contextOf(key));
  assert.deepEqual(taken, [1, 1]);
  await output(2, contextOf());
  await output(2, contextOf());
  assert.deepEqual(taken, [1, 1, 2, 2], "what has no name comes through");
  await output.close();
});

test("once() lets one of two deliveries pass that come at the same moment", async () => {
  const began: { readonly item: string; end(problem?: Error): void }[] = [];
  const output = once(
    (item: string) =>
      new Promise<void>((resolve, reject) =>
        began.push({ item, end: (problem) => (problem ? reject(problem) : resolve()) }),
      ),
  );
  const both = ["first", "second"].map((item) => output(item, contextOf("a")));
  const other = output("other", contextOf("b"));
  assert.deepEqual(
    began.map(({ item }) => item),
    ["first", "other"],
  );
  for (const { end } of began) end();
  await Promise.all([...both, other]);
  assert.equal(began.length, 2);
  const again = ["third", "fourth"].map((item) => output(item, contextOf("c")));
  began[2]?.end(new Error("full"));
  await assert.rejects(async () => again[0], /full/);
  while (began.length < 4) await new Promise(setImmediate);
  began[3]?.end();
  await again[1];
  assert.deepEqual(began[3]?.item, "fourth", "what has failed is taken of the other");
});

test("once() remembers so many, and forgets the oldest", async () => {
  const taken: string[] = [];
  const output = once(
    (item: string) => {
      taken.push(item);
      return undefined;
    },
    { remembered: 2 },
  );
  for (const key of ["a", "b", "c", "b", "c", "a"]) await output(key, contextOf(key));
  assert.deepEqual(taken, ["a", "b", "c", "a"]);
});
