import assert from "node:assert/strict";
import { test } from "node:test";
import type { Part } from "../../src/flow/part.js";
import type { NamedConnection, Pipeline } from "../../src/flow/pipeline.js";
import { type Protocol, planOf } from "../../src/flow/plan.js";
import { processor, source } from "../../src/flow/processor.js";
import { count } from "./scene.js";

const parts = {
  sources: { numbers: () => count(3) },
  processors: {
    half: processor((n: number) => n / 2, { outputs: ["data", "odd"] }),
    double: (n: number) => n * 2,
    sink: (_n: number) => {},
  },
};

/** What is wrong with a pipeline as data whose types nobody has looked at. */
const REFUSED: readonly (readonly [problem: RegExp, connections: NamedConnection[], protocol?: Protocol])[] =
  [
    [/names nubmers, and there is only numbers, half/, [{ from: "nubmers", to: "sink" }]],
    [/names snik, and there is only half, double, sink/, [{ from: "numbers", to: "snik" }]],
    [/names numbers, and there is only half/, [{ from: "numbers", to: "numbers" }]],
    [/nobody takes what numbers emits/, []],
    [/nobody takes the output data of half/, [{ from: "numbers", to: "half" }]],
    [
      /half has no output even, only data, odd/,
      [
        { from: "numbers", to: "half" },
        { from: "half", output: "even", to: "sink" },
      ],
    ],
    [
      /no item comes to half/,
      [
        { from: "numbers", to: "sink" },
        { from: "half", to: "sink" },
        { from: "half", output: "odd", to: "sink" },
      ],
    ],
    [
      /double → double is a cycle in which each waits/,
      [{ from: "numbers", to: "double" }, { from: "double", to: "double" }, ...halves()],
    ],
    [
      /half → double → half is a cycle in which each waits/,
      [
        { from: "numbers", to: "double" },
        { from: "double", to: "half" },
        { from: "half", to: "double" },
        { from: "half", output: "odd", to: "sink" },
      ],
      "async",
    ],
    [
      /has options, and with the protocol sync no item waits/,
      [{ from: "numbers", to: "sink", limit: 3 }, ...halves()],
    ],
    [
      /the limit of the connection from numbers to sink is 0, not a whole number from 1 to 1000000/,
      [{ from: "numbers", to: "sink", limit: 0 }, ...halves()],
      "async",
    ],
    [
      /the batch of the connection from numbers to sink is 9, not a whole number from 1 to 8/,
      [{ from: "numbers", to: "sink", limit: 8, batch: { count: 9 } }, ...halves()],
      "async",
    ],
  ];

function halves(): NamedConnection[] {
  return [
    { from: "numbers", to: "half" },
    { from: "half", to: "sink" },
    { from: "half", output: "odd", to: "sink" },
    { from: "numbers", to: "double" },
  ];
}

for (const [problem, connections, protocol = "sync"] of REFUSED) {
  test(`planOf() refuses: ${problem.source}`, () => {
    const given: Pipeline = { ...parts, connections };
    assert.throws(() => planOf("m", given, protocol), { code: "CONFIG_INVALID", message: problem });
  });
}

test("planOf() takes a cycle of which one connection gives way", () => {
  const connections: NamedConnection[] = [
    ...halves(),
    { from: "double", to: "half", overflow: "drop-oldest" },
    { from: "half", to: "double" },
  ];
  const { processors } = planOf("m", { ...parts, connections }, "async");
  assert.deepEqual(
    processors.map(({ name, connections }) => [name, connections.map(({ to }) => to.name)]),
    [
      ["half", ["sink", "sink", "double"]],
      ["double", ["half"]],
      ["sink", []],
    ],
  );
});

test("planOf() follows what was connected, and tells two of a name apart", () => {
  const numbers = source(() => count(3), { name: "numbers" });
  const [one, two] = [1, 2].map(() => processor((n: number) => n, { name: "same" }));
  assert.ok(one && two);
  const sink = (_n: number) => {};
  numbers.on("data", one.handle).on("data", two.handle);
  one.on("data", sink);
  two.on("data", sink);
  const { sources, processors } = planOf("m", [numbers], "sync");
  assert.deepEqual(
    sources.map(({ name }) => name),
    ["numbers"],
  );
  assert.deepEqual(
    processors.map(({ name }) => name),
    ["same", "same-2", "sink"],
  );
});

test("planOf() refuses processors as sources, none, and options out of range", () => {
  const refused = (given: readonly Part[], message: RegExp) =>
    assert.throws(() => planOf("m", given, "async"), { code: "CONFIG_INVALID", message });
  refused([], /it has no source/);
  refused([processor((n: number) => n)], /processor is no source/);
  const numbers = source(() => count(3));
  numbers.on("data", processor((n: number) => n, { name: "many", parallel: 0 }).handle);
  const wrong: object = { name: "wrong", onError: "retry" };
  const other = source(() => count(3), wrong);
  other.on("data", (_n: number) => {});
  refused([other], /wrong knows no onError retry, only restart, skip, stop, escalate/);
  refused([numbers], /parallel of many is 0, not a whole number from 1 to 1024/);
});
