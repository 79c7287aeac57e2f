import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { drawFlow } from "../../../../src/circuit/flows/graph/draw-flow.js";
import { graphOf, type PipelineGraph } from "../../../../src/circuit/flows/graph/graph.js";
import { layersOf } from "../../../../src/circuit/flows/graph/layers.js";
import { layOut } from "../../../../src/circuit/flows/graph/layout.js";
import { mermaidOf } from "../../../../src/circuit/flows/graph/mermaid.js";
import { Manager } from "../../../../src/flow/manager.js";
import { type ProcessorOptions, processor } from "../../../../src/flow/processor.js";
import { emit } from "../../../../src/flow/source.js";
import { cases } from "../../../long.js";

function* numbers() {
  yield 1;
}

const pass = (options: ProcessorOptions = {}) => processor((item: number) => item, options);

/** Fan-out, fan-in, a cycle, and each kind of connection. */
function greenhouse(): PipelineGraph {
  const manager = new Manager({
    name: "climate",
    protocol: "async",
    pipeline: {
      sources: { temperature: numbers, humidity: numbers },
      processors: {
        smooth: pass({ parallel: 4, ordered: false }),
        join: pass({ onError: "skip" }),
        split: processor((item: number) => emit("rare", item), { outputs: ["rare", "data"] }),
        retry: pass(),
        relay: (_item: number) => {},
        rows: (_items: readonly number[]) => {},
      },
      connections: [
        { from: "temperature", to: "smooth" },
        { from: "humidity", to: "join", overflow: "latest" },
        { from: "smooth", to: "join", limit: 8 },
        { from: "join", to: "split" },
        { from: "split", to: "relay" },
        { from: "split", to: "rows", batch: { count: 10, withinMs: 500 } },
        { from: "split", output: "rare", to: "retry" },
        { from: "retry", to: "join", overflow: "drop-oldest" },
      ],
    },
  });
  return graphOf(manager, manager.plan());
}

test("graphOf() tells kinds, notes and what the connections say", () => {
  const { name, protocol, parts, edges } = greenhouse();
  assert.deepEqual([name, protocol], ["climate", "async"]);
  assert.deepEqual(
    parts.map((part) => [part.name, part.kind, part.note]),
    [
      ["temperature", "source", ""],
      ["humidity", "source", ""],
      ["smooth", "processor", "4 at a time, any order"],
      ["join", "processor", "on error skip"],
      ["split", "processor", ""],
      ["retry", "processor", ""],
      ["relay", "output", ""],
      ["rows", "output", ""],
    ],
  );
  const nameOf = (place: number) => parts[place]?.name;
  assert.deepEqual(
    edges
      .filter(({ label }) => label !== "")
      .map(({ from, to, label, drops }) => [nameOf(from), nameOf(to), label, drops]),
    [
      ["humidity", "join", "latest", true],
      ["smooth", "join", "limit 8", false],
      ["split", "rows", "10 together within 500 ms", false],
      ["split", "retry", "rare", false],
      ["retry", "join", "drop oldest", true],
    ],
  );
});

test("mermaidOf() writes each part and each edge, and nothing of a name is Mermaid's own", () => {
  const lines = mermaidOf([greenhouse()]).split("\n");
  assert.equal(lines[0], "flowchart LR");
  assert.equal(lines[1], '  subgraph p0 ["climate (async)"]');
  for (const line of [
    'p0_0(["temperature"])',
    'p0_2["smooth<br>4 at a time, any order"]',
    'p0_6>"relay"]',
    'p0_1 -.->|"latest"| p0_3',
    "p0_0 --> p0_2",
  ])
    assert.ok(lines.includes(`    ${line}`), line);
  const evil = graph(['a"]; end <b>', "b|c"], [[0, 1]]);
  assert.match(mermaidOf([evil]), /p0_0\(\["a#34;#93;#59; end #60;b#62;"\]\)\n {4}p0_1>"b#124;c"\]/);
});

/** A graph of these parts and edges between their places. */
function graph(names: readonly string[], edges: readonly (readonly [number, number])[]): PipelineGraph {
  return {
    ...{ name: "m", protocol: "async" as const },
    parts: names.map((name, place) => ({
      ...{ name, note: "" },
      kind: place === 0 ? "source" : edges.some(([from]) => from === place) ? "processor" : "output",
    })),
    edges: edges.map(([from, to]) => ({ from, to, label: "", drops: false, isDurable: false })),
  };
}

describe("layersOf()", () => {
  const places = (given: PipelineGraph) => {
    const { slots } = layersOf(given);
    return given.parts.map((_, part) => slots[part]?.layer);
  };

  test("puts parts to the right of those that they get items from, and outputs last", () => {
    // A long way and a short one to two outputs.
    const given = graph(
      ["s", "a", "b", "long", "short"],
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [0, 4],
      ],
    );
    assert.deepEqual(places(given), [0, 1, 2, 3, 3]);
  });

  test("finds the edge that closes a cycle, also to itself", () => {
    const given = graph(
      ["s", "a", "b", "out"],
      [
        [0, 1],
        [1, 2],
        [2, 1],
        [2, 2],
        [2, 3],
      ],
    );
    const { ways } = layersOf(given);
    assert.deepEqual(
      ways.filter(({ isBack }) => isBack).map(({ edge }) => edge),
      [2, 3],
    );
    assert.deepEqual(places(given), [0, 1, 2, 3]);
  });

  test("crosses no edges where there need not be any", () => {
    // Two ways that would cross in the order given.
    const given = graph(
      ["s", "a", "b", "x", "y"],
      [
        [0, 1],
        [0, 2],
        [1, 4],
        [2, 3],
      ],
    );
    const { layers } = layersOf(given);
    const [, middle = [], last = []] = layers;
    assert.equal(middle.indexOf(1) < middle.indexOf(2), last.indexOf(4) < last.indexOf(3));
  });
});

/** Any graph whose parts are all reached: each gets items from one before it, and some more edges anywhere. */
const ANY_GRAPH = fc
  .tuple(
    fc.array(fc.nat(), { minLength: 1, maxLength: 14 }),
    fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }),
  )
  .map(([parents, more]) => {
    const names = ["source", ...parents.map((_, index) => `part ${index}`)];
    const edges = [
      ...parents.map((parent, index) => [parent % (index + 1), index + 1] as const),
      ...more.map(([from, to]) => [from % names.length, 1 + (to % (names.length - 1))] as const),
    ];
    return graph(names, edges);
  });

test("layOut() puts no part upon another, and leads each edge that goes on to the right", () => {
  fc.assert(
    fc.property(ANY_GRAPH, (given) => {
      const { boxes, layers, width, height } = layOut(given);
      for (const [index, a] of boxes.entries()) {
        assert.ok(a.x - a.width / 2 >= -0.01 && a.x + a.width / 2 <= width + 0.01);
        assert.ok(a.y - a.height / 2 >= -0.01 && a.y + a.height / 2 <= height + 0.01);
        for (const b of boxes.slice(index + 1)) {
          const apartX = Math.abs(a.x - b.x) - (a.width + b.width) / 2;
          const apartY = Math.abs(a.y - b.y) - (a.height + b.height) / 2;
          assert.ok(apartX >= 0 || apartY >= 0, `${apartX} ${apartY}`);
        }
      }
      for (const { slots, isBack } of layers.ways) {
        const xs = slots.map((slot) => boxes[slot]?.x ?? Number.NaN);
        if (!isBack)
          for (const [index, x] of xs.entries()) assert.ok(index === 0 || x > (xs[index - 1] ?? 0));
      }
    }),
    { numRuns: cases(100, 5_000) },
  );
});

describe("drawFlow()", () => {
  const drawing = () => drawFlow("my <flow>", [greenhouse(), graph(["beat", "show & tell"], [[0, 1]])]);

  test("draws each part, each word, and a legend of what is there", () => {
    const svg = drawing();
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    const words = [
      "my &#60;flow&#62;",
      "climate, async",
      "smooth",
      "4 at a time, any order",
      "latest",
      "rare",
    ];
    for (const word of [...words, "10 together within 500 ms", "show &#38; tell", "may drop items"])
      assert.ok(texts.includes(word), word);
    assert.ok(!texts.includes("durable"));
    assert.equal(svg.match(/class="edge drops"/g)?.length, 3);
  });

  test("is well-formed, the same each time, and has colours for dark pages", () => {
    const svg = drawing();
    assert.equal(svg, drawing());
    const open: string[] = [];
    for (const [, isEnd, name = "", isWhole] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (isEnd) assert.equal(open.pop(), name);
      else if (!isWhole) open.push(name);
    }
    assert.deepEqual(open, []);
    assert.match(svg, /prefers-color-scheme: dark/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });
});
