// What aiopype (github.com/uphold/aiopype, whose page this follows) promises, and what it got wrong.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ManualClock } from "../../src/core/manual-clock.js";
import { seededRandom } from "../../src/core/random.js";
import { Flow } from "../../src/flow/flow.js";
import { Manager } from "../../src/flow/manager.js";
import { csv } from "../../src/flow/outputs/csv.js";
import { Processor, Source } from "../../src/flow/processor.js";
import { emit, type FlowContext } from "../../src/flow/source.js";
import { type RestItem, rest } from "../../src/flow/sources/rest.js";
import { temporaryFolder } from "../temporary-folder.js";
import { AiopypeModel, type Pipe, pass } from "./aiopype-model.js";
import { serveHttp } from "./http-server.js";
import { endless, Scene } from "./scene.js";

/** Runs pipelines for so long, on a clock that they share. */
type Runner = (pipes: (clock: ManualClock) => readonly Pipe[], ms: number) => Promise<void>;

const ours: Runner = async (pipesOn, ms) => {
  const clock = new ManualClock();
  const flow = new Flow({
    name: "ours",
    clock,
    random: seededRandom(1),
    managers: pipesOn(clock).map(
      ({ name, runAlways = false, start, handle }) =>
        new Manager({
          name,
          protocol: "async",
          runAlways,
          pipeline: {
            sources: { source: () => start() },
            processors: { handle: (item: number) => handle(item) },
            connections: [{ from: "source", to: "handle" }],
          },
        }),
    ),
  });
  flow.start();
  await pass(clock, ms);
  const stopped = flow.stop();
  await pass(clock, 10_000);
  await stopped;
};

const aiopypes: Runner = async (pipesOn, ms) => {
  const clock = new ManualClock();
  const model = new AiopypeModel(pipesOn(clock));
  await pass(clock, ms, () => model.turn());
  model.end();
};

async function* numbers(count: number): AsyncGenerator<number, void> {
  for (let item = 0; item < count; item++) yield item;
}

/** Each fault, as what has to be so instead. */
const FAULTS: Readonly<Record<string, (run: Runner) => Promise<void>>> = {
  "drops events while a handler is busy": async (run) => {
    const handled: number[] = [];
    const slow = (clock: ManualClock): Pipe => ({
      name: "slow",
      start: () => numbers(50),
      handle: async (item) => {
        await clock.sleep(10);
        handled.push(item);
      },
    });
    await run((clock) => [slow(clock)], 5_000);
    assert.deepEqual(
      handled,
      Array.from({ length: 50 }, (_, item) => item),
    );
  },

  "restarts for ever without a pause": async (run) => {
    const begunAtMs: number[] = [];
    const broken = (clock: ManualClock): Pipe => ({
      name: "broken",
      // biome-ignore lint/correctness/useYield: it fails before its first item
      start: async function* () {
        begunAtMs.push(clock.now());
        throw new Error("no connection");
      },
      handle: () => {},
    });
    await run((clock) => [broken(clock)], 60_000);
    assert.equal(begunAtMs.length, 6, "five restarts in a minute, then it is given up");
    const pausesMs = begunAtMs.slice(1).map((atMs, index) => atMs - (begunAtMs[index] ?? 0));
    for (const pauseMs of pausesMs) assert.ok(pauseMs >= 50, `${pausesMs}`);
  },

  "never notices a source that ended": async (run) => {
    let lives = 0;
    const short: Pipe = {
      name: "short",
      runAlways: true,
      start: () => {
        lives++;
        return numbers(3);
      },
      handle: () => {},
    };
    await run(() => [short], 10_000);
    assert.ok(lives > 1, `it lived ${lives} times`);
  },

  "lets one failing handler stop every pipeline": async (run) => {
    let handled = 0;
    const every100Ms = async function* (clock: ManualClock) {
      for (let item = 0; item < 20; item++) {
        await clock.sleep(100);
        yield item;
      }
    };
    const pipes = (clock: ManualClock): Pipe[] => [
      {
        name: "failing",
        start: () => every100Ms(clock),
        handle: () => {
          throw new Error("not a number");
        },
      },
      { name: "sound", start: () => every100Ms(clock), handle: () => void handled++ },
    ];
    await run(pipes, 5_000);
    assert.equal(handled, 20);
  },
};

for (const [fault, check] of Object.entries(FAULTS)) {
  test(`aiopype ${fault}: flows do not`, () => check(ours));

  test(`aiopype ${fault}: a test that fails on its behaviour`, () =>
    assert.rejects(check(aiopypes), { code: "ERR_ASSERTION" }));
}

/** The page's source: asks for a price, here of a server of the test. */
class RestSource extends Source<{ data: RestItem<{ price: number }> }> {
  readonly #url: string;

  constructor(url: string) {
    super({ name: "source" });
    this.#url = url;
  }

  start(context: FlowContext) {
    return rest<{ price: number }>(this.#url, { everyMs: 5 })(context);
  }
}

/** The page's processor: takes the price out of what has come. */
class HandleRawData extends Processor<
  RestItem<{ price: number }>,
  { price: { time: string | undefined; price: number } }
> {
  handle({ content, date }: RestItem<{ price: number }>) {
    return emit("price", { time: date, price: content.price });
  }
}

test("aiopype's example: a manager connects REST source, processor and CSV from top to bottom", async (t) => {
  const date = "Fri, 20 Nov 2026 12:00:00 GMT";
  let price = 0;
  const url = await serveHttp(t, (_request, response) => {
    response.setHeader("Date", date);
    response.end(JSON.stringify({ price: ++price }));
  });
  const path = join(temporaryFolder(), "yahoo_appl.csv");
  let tell = () => {};
  const written = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const manager = new Manager({
    name: "yahoo_apple",
    build: () => {
      const source = new RestSource(url);
      const processor = new HandleRawData({ name: "processor" });
      source.on("data", processor.handle);
      processor.on("price", csv(path, { delimiter: ";" }));
      processor.on("price", (item) => {
        if (item.price === 3) tell();
      });
      return source;
    },
  });
  const flow = new Flow({ name: "stock", managers: [manager] });
  flow.start();
  await written;
  await flow.stop();
  const rows = readFileSync(path, "utf8").split("\n").slice(0, 4);
  const at = new Date(date).toISOString();
  assert.deepEqual(rows, ["time;price", `${at};1`, `${at};2`, `${at};3`]);
});

test("aiopype's FLOWS: of all managers a configuration names those that run", async () => {
  const manager = (name: string) => ({
    name,
    pipeline: {
      sources: { numbers: endless(1) },
      processors: { sink: () => {} },
      connections: [{ from: "numbers", to: "sink" }],
    },
  });
  const scene = new Scene(manager("apple"), manager("pear"), manager("plum"));
  scene.flow.start(["plum", "apple"]);
  assert.deepEqual(
    scene.flow.status.map(({ name, state }) => [name, state]),
    [
      ["apple", "running"],
      ["plum", "running"],
    ],
  );
  await scene.flow.stop();
});

/** Which tests show the rest of the page. */
const FEATURES: readonly (readonly [feature: string, file: string, title: string])[] = [
  [
    "Flow: starting all registered managers",
    "flow/parts-in-flows",
    "from lines through a processor into CSV",
  ],
  ["Flow: handling manager failures", "flow/supervision", "stop: one failing handler stops its pipeline"],
  ["Flow: reporting errors (Sentry)", "flow/supervision", "errors go to the log, to the reporter"],
  ["Flow: restarting failed managers", "flow/supervision", "restart: all of it begins again after a wait"],
  [
    "Manager: run_always",
    "flow/supervision",
    "runAlways: a source that returns is finished, or begins again",
  ],
  ["Manager: remove_all_listeners", "flow/supervision", "a restarted pipeline has no listener left"],
  ["Manager: a pipeline as data", "flow/plan", "planOf() refuses"],
  ["Processor: independent, not blocking", "flow/async", "each processor has its own pace"],
  ["Source: a REST API poller", "flow/sources/rest", "rest() asks at once and then at each full minute"],
  ["Source: exception_threshold", "flow/sources/rest", "the third time in a row"],
  ["Source: the server's date", "flow/sources/rest", "keeps the server's date"],
  ["Source: a WebSocket client", "flow/sources/websocket", "has connect, message and disconnect as outputs"],
  ["Source: heartbeat", "flow/sources/websocket", "takes a server for gone that says nothing"],
  ["Source: a cron job", "flow/sources/cron", "cron() ticks by"],
  [
    "Source: an interval with an offset",
    "flow/sources/ticks",
    "ticks() come at the full minute and the offset",
  ],
  ["Source: back-filled intervals", "flow/sources/history", "history() has the past at once"],
  ["Source: Socket.IO", "examples/feeds", "Socket.IO: connect, message and disconnect are outputs"],
  ["Source: Pusher", "examples/feeds", "Pusher: connect, message and disconnect are outputs"],
  ["Message handler: SyncProtocol", "flow/sync", "sync: an item is handled to the end of the pipeline"],
  ["Message handler: AsyncProtocol", "flow/async", "async: block: the source waits while the inbox is full"],
  ["Output: CSV", "flow/outputs/csv", "csv() writes its header once, and adds to what is there"],
  ["Clusters", "flow/cluster/durable", "an item goes from machine to machine over durable connections"],
  ["Example: the stock processor", "examples/stock", "the stock example adds the prices of each stock"],
];

for (const [feature, file, title] of FEATURES) {
  test(`aiopype's ${feature} has its test`, () => {
    const path = fileURLToPath(new URL(`../../../test/${file}.test.ts`, import.meta.url));
    assert.ok(existsSync(path), path);
    assert.ok(readFileSync(path, "utf8").includes(title), `${path} has no "${title}"`);
  });
}
