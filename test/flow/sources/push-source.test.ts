import assert from "node:assert/strict";
import { test } from "node:test";
import { emit } from "../../../src/flow/source.js";
import { type PushedOptions, type Pushing, pushed } from "../../../src/flow/sources/push-source.js";
import { bench, reader } from "../source-context.js";

/** A source that pushes what the test says, and how often it was closed. */
function scene(options: PushedOptions<unknown> = {}) {
  const opened: Pushing<unknown>[] = [];
  let closed = 0;
  const source = pushed<unknown>((pushing) => {
    opened.push(pushing);
    return async () => {
      closed++;
    };
  }, options);
  const life = () => {
    const { context, logged, stop } = bench();
    return { items: reader(source(context)), logged, stop };
  };
  return { opened, life, closed: () => closed };
}

test("pushed() yields what is pushed, in order, and is closed when it is stopped", async () => {
  const { opened, life, closed } = scene();
  const { items, logged, stop } = life();
  const first = items.next();
  for (const item of ["a", undefined, null]) opened[0]?.push(item);
  assert.deepEqual([await first, ...(await items.take(2))], ["a", undefined, null]);
  const rest = items.rest();
  stop();
  assert.deepEqual(await rest, []);
  assert.equal(closed(), 1);
  assert.deepEqual(logged, []);
});

test("pushed() ends after what waits, and nothing comes after its end", async () => {
  const { opened, life, closed } = scene();
  const { items } = life();
  const first = items.next();
  opened[0]?.push(1);
  opened[0]?.push(2);
  opened[0]?.end();
  opened[0]?.push(3);
  opened[0]?.fail(new Error("late"));
  assert.deepEqual([await first, ...(await items.rest())], [1, 2]);
  assert.equal(closed(), 1);
});

test("pushed() fails after what waits, and is closed, and opens anew in its next life", async () => {
  const { opened, life, closed } = scene();
  const { items } = life();
  const first = items.next();
  opened[0]?.push(1);
  opened[0]?.fail(new Error("refused"));
  assert.equal(await first, 1);
  await assert.rejects(items.next(), /refused/);
  assert.equal(closed(), 1);
  const next = life().items.next();
  opened[1]?.push(2);
  assert.equal(await next, 2);
});

for (const [overflow, kept] of [
  ["drop-oldest", [4, 5]],
  ["drop-newest", [2, 3]],
] as const) {
  test(`pushed() with "${overflow}" counts and tells what nobody took in time`, async () => {
    const missed = (count: number) => emit("missed", count);
    const { opened, life } = scene({ mostWaiting: 2, overflow, missed });
    const { items, logged } = life();
    const first = items.next();
    opened[0]?.push(1);
    assert.equal(await first, 1);
    for (const item of [2, 3, 4, 5]) opened[0]?.push(item);
    assert.deepEqual(await items.take(3), [emit("missed", 2), ...kept]);
    const next = items.next();
    opened[0]?.push(6);
    assert.equal(await next, 6);
    assert.deepEqual(logged, [
      "Drops items: 2 wait already",
      "2 items were dropped: they were not taken in time",
    ]);
  });
}

test("pushed() refuses to let nothing wait", () => {
  for (const mostWaiting of [0, -1, 1.5, Number.NaN])
    assert.throws(() => scene({ mostWaiting }), { code: "USAGE" });
});

test("pushed() that is stopped tells how much waited that nobody takes any more", async () => {
  const { opened, life } = scene();
  const { items, logged, stop } = life();
  const first = items.next();
  for (const item of [1, 2, 3]) opened[0]?.push(item);
  assert.equal(await first, 1);
  stop();
  assert.deepEqual(await items.rest(), []);
  assert.deepEqual(logged, ["2 items were dropped: they waited when the source was stopped"]);
});
