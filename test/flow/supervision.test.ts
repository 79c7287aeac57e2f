import assert from "node:assert/strict";
import { test } from "node:test";
import { Flow } from "../../src/flow/flow.js";
import { Manager, type ManagerOptions } from "../../src/flow/manager.js";
import type { Pipeline } from "../../src/flow/pipeline.js";
import { Processor, processor, Source, source } from "../../src/flow/processor.js";
import { turns } from "../contract/waiting.js";
import { count, endless, Scene } from "./scene.js";

/** Numbers to a sink, which both may fail. */
function simple(
  sink: (n: number) => unknown,
  numbers: Pipeline["sources"][string] = () => count(3),
): Pipeline {
  return {
    sources: { numbers },
    processors: { sink },
    connections: [{ from: "numbers", to: "sink" }],
  };
}

function failOn(...bad: number[]) {
  return (n: number) => {
    if (bad.includes(n)) throw new Error(`no ${n}`);
  };
}

for (const protocol of ["sync", "async"] as const) {
  test(`${protocol}: restart: all of it begins again after a wait, and the item is given up`, async () => {
    const got: number[] = [];
    let isBroken = true;
    const sink = (n: number) => {
      if (n === 1 && isBroken) throw new Error("no");
      got.push(n);
    };
    const scene = new Scene({ protocol, pipeline: simple(sink) });
    await scene.start();
    assert.equal(scene.status.state, "waiting");
    assert.deepEqual(got, [0]);
    isBroken = false;
    await scene.pass(100);
    await scene.flow.done;
    assert.deepEqual([scene.status.state, scene.status.restarts], ["finished", 1]);
    assert.deepEqual(got, [0, 0, 1, 2]);
    const { failed, handled, abandoned = 0, in: came } = scene.counts("sink");
    assert.deepEqual([failed, handled], [1, 4]);
    assert.equal(came, 5 + abandoned);
  });

  test(`${protocol}: skip: only the item is given up`, async () => {
    const scene = new Scene({ protocol, onError: "skip", pipeline: simple(failOn(0, 2)) });
    scene.flow.start();
    const [status] = await scene.flow.done;
    assert.equal(status?.state, "finished");
    assert.deepEqual(scene.counts("sink"), { in: 3, handled: 1, failed: 2 });
    assert.deepEqual(scene.givenUp, [0, 2]);
    assert.deepEqual(scene.messages, ["no 0", "no 2"]);
  });

  test(`${protocol}: stop: one failing handler stops its pipeline, and no other`, async () => {
    const pipeline = (sink: (n: number) => void) => simple(sink, endless(0, 1, 2));
    const scene = new Scene(
      { protocol, onError: "stop", pipeline: pipeline(failOn(1)) },
      { protocol, pipeline: pipeline(() => {}) },
    );
    await scene.start();
    assert.deepEqual(
      scene.flow.status.map(({ state }) => state),
      ["failed", "running"],
    );
    assert.equal(scene.flow.status[1]?.parts.sink?.handled, 3);
    await scene.flow.stop();
    assert.deepEqual(
      scene.flow.status.map(({ state }) => state),
      ["failed", "stopped"],
    );
  });

  test(`${protocol}: escalate: the flow stops, and says why`, async () => {
    const scene = new Scene(
      { protocol, onError: "escalate", pipeline: simple(failOn(1)) },
      { protocol, pipeline: simple(() => {}, endless(1)) },
    );
    scene.flow.start();
    await assert.rejects(scene.flow.done, {
      code: "FLOW_FAILED",
      message: "Cannot go on with desk: sink has failed: no 1",
    });
    assert.deepEqual(
      scene.flow.status.map(({ state }) => state),
      ["failed", "stopped"],
    );
  });

  test(`${protocol}: a handler that hangs has failed after its time`, async () => {
    const hang = processor((n: number) => (n === 1 ? new Promise(() => {}) : undefined), {
      timeoutMs: 200,
      onError: "skip",
    });
    const scene = new Scene({ protocol, pipeline: { ...simple(() => {}), processors: { sink: hang } } });
    await scene.start();
    await scene.pass(199);
    assert.equal(scene.counts("sink").running, 1);
    await scene.pass(1);
    await scene.flow.done;
    assert.deepEqual(scene.counts("sink"), { in: 3, handled: 2, failed: 1 });
    assert.deepEqual(scene.messages, ["Cannot wait for sink: it has taken 200 ms, all it may"]);
    assert.equal(scene.clock.pending, 0);
  });
}

test("restart: waits grow with jitter, and after so many it is given up, and said", async () => {
  const begun: number[] = [];
  const scene = new Scene({
    restart: { firstMs: 100, longestMs: 400, most: 4, withinMs: 10_000 },
    pipeline: simple(
      () => {},
      // biome-ignore lint/correctness/useYield: it fails before its first item
      function* () {
        begun.push(scene.clock.now());
        throw new Error("no source");
      },
    ),
  });
  scene.flow.start();
  for (let ms = 0; ms < 3_000; ms += 10) {
    scene.clock.advance(10);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    if (ms % 100 === 0) await turns();
  }
  assert.equal(scene.status.state, "failed");
  assert.equal(begun.length, 5);
  const waits = begun.slice(1).map((atMs, index) => atMs - (begun[index] ?? 0));
  for (const [index, longestMs] of [100, 200, 400, 400].entries()) {
    const waitMs = waits[index] ?? 0;
    assert.ok(waitMs >= longestMs / 2 && waitMs <= longestMs + 20, `wait ${index}: ${waitMs} ms`);
  }
  assert.equal(
    scene.messages.at(-1),
    "Cannot run m0 any more: it has failed again after 4 restarts within 10000 ms",
  );
  assert.equal(scene.failures.at(-1)?.policy, "given up");
});

test("restart: the intensity counts only what failed lately", async () => {
  let begun = 0;
  const scene = new Scene({
    restart: { firstMs: 1_000, longestMs: 1_000, most: 2, withinMs: 1_500 },
    pipeline: simple(
      () => {},
      // biome-ignore lint/correctness/useYield: it fails before its first item
      async function* ({ clock }) {
        begun++;
        await clock.sleep(900);
        throw new Error("late");
      },
    ),
  });
  await scene.start();
  for (let ms = 0; ms < 20_000; ms += 100) await scene.pass(100);
  assert.ok(begun > 8, `${begun} lives`);
  assert.notEqual(scene.status.state, "failed");
  await scene.flow.stop();
});

test("runAlways: a source that returns is finished, or begins again as declared, not without a pause", async () => {
  const finite = new Scene({ pipeline: simple(() => {}) });
  finite.flow.start();
  const [status] = await finite.flow.done;
  assert.deepEqual([status?.state, status?.restarts], ["finished", 0]);

  const always = new Scene({ runAlways: true, pipeline: simple(() => {}) });
  await always.start();
  assert.deepEqual([always.status.state, always.counts("sink").handled], ["waiting", 3]);
  await always.pass(49);
  assert.equal(always.status.restarts, 0);
  for (let ms = 0; ms < 60_000; ms += 1_000) await always.pass(1_000);
  const { restarts } = always.status;
  assert.ok(restarts >= 8 && restarts <= 14, `${restarts} restarts in a minute`);
  assert.equal(always.counts("sink").handled, 3 * (restarts + 1));
  await always.flow.stop();
  assert.equal(always.status.state, "stopped");
  assert.equal(always.clock.pending, 0);
});

class Once extends Source<{ data: number }> {
  lives = 0;

  *start() {
    yield ++this.lives;
    throw new Error("over");
  }
}

class Sink extends Processor<number> {
  readonly got: number[] = [];
  isOpen = 0;

  override open() {
    this.isOpen++;
  }

  handle(n: number) {
    this.got.push(n);
  }

  override close() {
    this.isOpen--;
  }
}

test("a restarted pipeline has no listener left from its former life", async () => {
  const [once, sink] = [new Once(), new Sink()];
  const heard: number[] = [];
  const scene = new Scene({
    build: () => once.on("data", sink.handle).on("data", (n) => void heard.push(n)),
  });
  await scene.start();
  for (let life = 0; life < 3; life++) await scene.pass(1_000);
  assert.deepEqual(sink.got, [1, 2, 3, 4]);
  assert.deepEqual(heard, [1, 2, 3, 4]);
  assert.equal(once.connections.length, 0);
  assert.equal(sink.isOpen, 0);
  await scene.flow.stop();
});

test("errors go to the log, to the reporter and to whoever hears events", async () => {
  const scene = new Scene({ name: "stock", onError: "skip", pipeline: simple(failOn(1)) });
  scene.flow.start();
  await scene.flow.done;
  const [[error, extra] = []] = scene.reported;
  assert.ok(error instanceof Error);
  const { at, ...rest } = Object(extra);
  assert.equal(typeof at, "number");
  assert.deepEqual(rest, { flow: "desk", manager: "stock", part: "sink", item: 1, policy: "skip" });
  assert.match(scene.lines[0] ?? "", /^desk\/stock\/sink: Error: no 1\n[\s\S]* \(skip\)$/);
  assert.deepEqual(scene.failures[0]?.cause, error);
});

test("a reporter that fails ends nothing", async () => {
  const lines: string[] = [];
  const flow = new Flow({
    name: "desk",
    managers: [new Manager({ name: "m", onError: "skip", pipeline: simple(failOn(0)) })],
    log: (text) => lines.push(text),
    reporter: {
      captureException: () => {
        throw new Error("offline");
      },
    },
    publishError: () => Promise.reject(new Error("no mesh")),
    onGivenUp: async () => {
      throw new Error("disk full");
    },
  });
  flow.start();
  const [status] = await flow.done;
  assert.equal(status?.state, "finished");
  await turns();
  assert.deepEqual(lines.filter((line) => line.startsWith("Cannot")).sort(), [
    "Cannot hand on an item that desk/m gives up: disk full",
    "Cannot publish an error: no mesh",
    "Cannot report an error: offline",
  ]);
});

for (const protocol of ["sync", "async"] as const)
  test(`${protocol}: a log that throws ends nothing`, async () => {
    const got: number[] = [];
    const sink = async (n: number) => {
      if (n === 0) throw new Error("no");
      got.push(n);
    };
    const log = () => {
      throw new Error("EPIPE");
    };
    const manager = new Manager({ name: "m", protocol, onError: "skip", pipeline: simple(sink) });
    const flow = new Flow({ name: "desk", managers: [manager], log });
    flow.start();
    const [status] = await flow.done;
    assert.deepEqual([status?.state, got], ["finished", [1, 2]]);
  });

test("skip: a pipeline that cannot be built again is tried again, as there is no item to skip", async () => {
  const builds = [true, false, true];
  const scene = new Scene({
    onError: "skip",
    runAlways: true,
    build: () => {
      if (!(builds.shift() ?? true)) throw new Error("no sensor");
      return source(() => count(1)).on("data", () => {});
    },
  });
  await scene.start();
  await scene.pass(100);
  assert.deepEqual([scene.status.state, scene.failures[0]?.policy], ["waiting", "restart"]);
  await scene.pass(200);
  assert.deepEqual(scene.messages, ["no sensor"]);
  assert.equal(scene.counts("source").out, 2);
  await scene.flow.stop();
});

test("a part that cannot be opened has failed, and those opened before it are closed", async () => {
  const sink = new Sink();
  const bad = source(() => count(1), { name: "bad", onError: "stop" });
  bad.open = () => Promise.reject(new Error("no such file"));
  const scene = new Scene({ build: () => bad.on("data", sink.handle) });
  scene.flow.start();
  const [status] = await scene.flow.done;
  assert.deepEqual([status?.state, sink.isOpen, sink.got], ["failed", 0, []]);
  assert.deepEqual(scene.messages, ["no such file"]);
});

test("Flow: wrong pipelines, names and a second start are refused, and nothing runs", async () => {
  const options: ManagerOptions = { name: "a", pipeline: simple(() => {}) };
  const twice = [new Manager(options), new Manager(options)];
  assert.throws(() => new Flow({ name: "desk", managers: twice }), {
    code: "CONFIG_INVALID",
    message: "Cannot make the flow desk: two managers are called a",
  });
  const wrong = new Scene({ pipeline: simple(() => {}) }, { pipeline: [] });
  assert.throws(() => wrong.flow.start(), { code: "CONFIG_INVALID", message: /m1: it has no source/ });
  assert.deepEqual(wrong.flow.status, []);
  const scene = new Scene({ pipeline: simple(() => {}) }, { pipeline: [] });
  assert.throws(() => scene.flow.start(["m2"]), {
    code: "USAGE",
    message: "Cannot start the flow desk: it has no m2, only m0, m1",
  });
  scene.flow.start(["m0"]);
  assert.throws(() => scene.flow.start(), { code: "USAGE" });
  assert.deepEqual(
    (await scene.flow.done).map(({ name, state }) => [name, state]),
    [["m0", "finished"]],
  );
});
