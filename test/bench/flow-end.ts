// A process of the bench of flows: `flow-end.js ⟨way⟩ ⟨items⟩` brings so many items from a source through three processors
// to a counting sink and prints how many a second, or what memory is in use then.
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
function flowOf(protocol: Protocol, arrive: (arrived: number) => void = () => {}): Run {
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
                arrive(++arrived);
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

/** The median of runs. */
async function rateOf(run: Run, items: number): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
    const startMs = performance.now();
    const arrived = await run(items);
    const spentMs = performance.now() - startMs;
    if (arrived !== items) throw new Error(`Cannot measure: ${arrived} of ${items} items arrived`);
    if (round >= WARM_UPS) rates.push((arrived / spentMs) * 1_000);
  }
  return medianOf(rates);
}

/** What the process has of the system's memory when the last item arrives, in MB, without garbage. */
async function memoryOf(protocol: Protocol, items: number): Promise<number> {
  let bytes = Number.NaN;
  await flowOf(protocol, (arrived) => {
    if (arrived < items) return;
    globalThis.gc?.();
    bytes = process.memoryUsage().rss;
  })(items);
  return bytes / 1e6;
}

const sync = flowOf("sync");
const async = flowOf("async");

const WAYS: Readonly<Record<string, (items: number) => Promise<number>>> = {
  sync: (items) => rateOf(sync, items),
  async: (items) => rateOf(async, items),
  rxjs: (items) => rateOf(rxjs, items),
  streams: (items) => rateOf(streams, items),
  "sync-memory": (items) => memoryOf("sync", items),
  "async-memory": (items) => memoryOf("async", items),
};

const [way = "", items = ""] = process.argv.slice(2);
const measure = WAYS[way];
if (measure === undefined)
  throw new Error(`Cannot measure ${way}: there are ${Object.keys(WAYS).join(", ")}`);
console.log(await measure(Number(items)));
