import assert from "node:assert/strict";
import { test } from "node:test";
import { pipeline } from "../../src/flow/pipeline.js";
import { Processor, processor, Source, source } from "../../src/flow/processor.js";
import { emit } from "../../src/flow/source.js";

class Ticks extends Source<{ data: number; late: string }> {
  *start() {
    yield 1;
    yield emit("late", "one");
    yield emit("data", 2);
  }
}

class WrongTicks extends Source<{ data: number }> {
  // @ts-expect-error: a text is not what its output takes
  *start() {
    yield "one";
  }
}

class Double extends Processor<number, { data: number }> {
  handle(tick: number) {
    return tick * 2;
  }
}

class Shout extends Processor<string> {
  handle(_text: string) {}
}

class Sum extends Processor<readonly number[], { data: number }> {
  async *handle(ticks: readonly number[]) {
    yield ticks.reduce((sum, tick) => sum + tick, 0);
  }
}

test("on() takes what fits, and an output connected to an input of another type does not compile", () => {
  const [ticks, double, shout, sum] = [new Ticks(), new Double(), new Shout(), new Sum()];
  ticks.on("data", double.handle).on("late", shout.handle);
  double.on("data", sum.handle, { batch: { count: 2 } });
  ticks.on("data", (tick) => tick.toFixed(1));
  // @ts-expect-error: numbers are no texts
  ticks.on("data", shout.handle);
  // @ts-expect-error: texts are no numbers
  ticks.on("late", double.handle);
  // @ts-expect-error: it takes several at a time
  ticks.on("data", sum.handle);
  // @ts-expect-error: it takes one at a time
  ticks.on("data", double.handle, { batch: { count: 2 } });
  // @ts-expect-error: there is no such output
  ticks.on("early", double.handle);
  // @ts-expect-error: it has none
  shout.on("data", double.handle);
  assert.equal(ticks.connections.length, 8);
  assert.ok(new WrongTicks());
});

test("processor() and source() have the types of their functions", () => {
  const texts = source(function* () {
    yield "a";
    yield emit("length", 1);
  });
  const measure = processor(async (text: string) => [text.length]);
  const show = processor((length: number) => void length);
  texts.on("data", measure.handle).on("length", show.handle);
  measure.on("data", show.handle);
  // @ts-expect-error: texts are no numbers
  texts.on("data", show.handle);
  // @ts-expect-error: numbers are no texts
  texts.on("length", measure.handle);
  // @ts-expect-error: numbers are no texts
  measure.on("data", measure.handle);
  assert.equal(texts.connections.length, 4);
});

test("pipeline() takes connections that fit, and no others compile", () => {
  const parts = {
    sources: {
      ticks: new Ticks(),
      texts: async function* () {
        yield "a";
      },
    },
    processors: {
      double: new Double(),
      sum: new Sum(),
      shout: new Shout(),
      half: (tick: number) => tick / 2,
      split: (text: string) => [...text].map((letter) => emit("letter", letter)),
    },
  };
  const fitting = pipeline(parts).connect([
    { from: "ticks", to: "double" },
    { from: "ticks", output: "late", to: "shout", overflow: "latest" },
    { from: "double", to: "sum", batch: { count: 10 }, limit: 20 },
    { from: "texts", to: "split" },
    { from: "split", output: "letter", to: "shout" },
    { from: "double", to: "half" },
  ]);
  assert.equal(fitting.connections.length, 6);
  // @ts-expect-error: numbers are no texts
  pipeline(parts).connect([{ from: "ticks", to: "shout" }]);
  // @ts-expect-error: texts are no numbers
  pipeline(parts).connect([{ from: "texts", to: "half" }]);
  // @ts-expect-error: there is no such part
  pipeline(parts).connect([{ from: "tocks", to: "half" }]);
  // @ts-expect-error: there is no such output
  pipeline(parts).connect([{ from: "ticks", output: "early", to: "half" }]);
  // @ts-expect-error: it has no output of that name
  pipeline(parts).connect([{ from: "split", to: "shout" }]);
  // @ts-expect-error: it takes several at a time
  pipeline(parts).connect([{ from: "ticks", to: "sum" }]);
});
