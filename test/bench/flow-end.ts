// A process of the bench of flows: `flow-end.js ⟨way⟩ ⟨items⟩` brings so many items from a source through three processors
// to a counting sink, again and again, and prints how many a second, by the median.
import { Readable, Transform, Writable } from "node:stream";
import { pipeline as streamPipeline } from "node:stream/promises";
import { from, lastValueFrom, map, count as rxCount } from "rxjs";
import { Flow } from "../../src/flow/flow.js";
import { Manager } from "../../src/flow/manager.js";
import { pipeline } from "../../src/flow/pipeline.js";
import type { Protocol } from "../../src/flow/plan.js";
import { medianOf } from "./bench.js";

/** A pipeline of a million takes less than a tenth of a second, of which compiling is a part at first. */
const WARM_UPS = 3;
const ROUNDS = 5;

/** Resolves with how many items have come to the sink. */
type Run = (items: number) => Promise<number>;

function* numbers(items: number): Generator<number, void> {
  for (let item = 0; item < items; item++) yield item;
}

/** Supervised, with counters and names. */
function flowOf(protocol: Protocol): Run {
  return async (items) => {
    let arrived = 0;
    const flow = new Flow({
      name: "bench",
      managers: [
        new Manager({
          name: "numbers",
          protocol,
          pipeline: pipeline({
            sources: { numbers: () => numbers(items) },
            processors: {
              add: (item: number) => item + 1,
              double: (item: number) => item * 2,
              subtract: (item: number) => item - 1,
              sink: (_item: number) => {
                arrived++;
              },
            },
          }).connect([
            { from: "numbers", to: "add" },
            { from: "add", to: "double" },
            { from: "double", to: "subtract" },
            { from: "subtract", to: "sink" },
          ]),
        }),
      ],
    });
    flow.start();
    await flow.done;
    return arrived;
  };
}

const rxjs: Run = (items) =>
  lastValueFrom(
    from(numbers(items)).pipe(
      map((item) => item + 1),
      map((item) => item * 2),
      map((item) => item - 1),
      rxCount(),
    ),
  );

const streams: Run = async (items) => {
  let arrived = 0;
  await streamPipeline(
    Readable.from(numbers(items)),
    transform((item) => item + 1),
    transform((item) => item * 2),
    transform((item) => item - 1),
    new Writable({
      objectMode: true,
      write(_item, _encoding, done) {
        arrived++;
        done();
      },
    }),
  );
  return arrived;
};

function transform(change: (item: number) => number): Transform {
  return new Transform({
    objectMode: true,
    transform(item: number, _encoding, done) {
      done(null, change(item));
    },
  });
}

const WAYS: Readonly<Record<string, Run>> = {
  sync: flowOf("sync"),
  async: flowOf("async"),
  rxjs,
  streams,
};

const [way = "", items = ""] = process.argv.slice(2);
const run = WAYS[way];
if (run === undefined) throw new Error(`Cannot measure ${way}: there are ${Object.keys(WAYS).join(", ")}`);
const rates: number[] = [];
for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
  const startMs = performance.now();
  const arrived = await run(Number(items));
  const spentMs = performance.now() - startMs;
  if (arrived !== Number(items)) throw new Error(`Cannot measure ${way}: ${arrived} of ${items} items arrived`);
  if (round >= WARM_UPS) rates.push((arrived / spentMs) * 1_000);
}
console.log(medianOf(rates));
