import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { type TestContext, test } from "node:test";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { runCircuit } from "../../../src/circuit/run.js";
import type { RunningCircuit } from "../../../src/circuit/running-circuit.js";
import type { CircuitDefinition } from "../../../src/config/define.js";
import { systemClock } from "../../../src/core/clock.js";
import { Sketch, type SketchContext } from "../../../src/sketch/sketch.js";
import { Watched } from "./watched.js";

/** A link that counts how often it is opened. */
class CountedBoard extends MockBoard {
  opened = 0;

  override open(...args: Parameters<MockBoard["open"]>): Promise<void> {
    this.opened++;
    return super.open(...args);
  }
}

/** Sketches that sign their answers. */
function lampOf(sign: string, setUp: (lamp: Sketch, context: SketchContext) => void = () => {}) {
  return class Lamp extends Sketch {
    #led: five.Led | undefined;

    override setup(context: SketchContext): void {
      this.#led = new five.Led({ pin: 13, board: context.board });
      setUp(this, context);
    }

    override loop(_channel: string, message: string): string {
      if (message === "1") this.#led?.on();
      if (message === "0") this.#led?.off();
      return sign;
    }
  };
}

const nodesOf = (sketch: new () => Sketch): CircuitDefinition => ({ nodes: { lamp: { sketch } } });

/** Runs a circuit on a mock that is watched, until the test ends. */
async function begin(context: TestContext, definition: CircuitDefinition) {
  const link = new CountedBoard();
  const config = new Watched();
  const stop = new AbortController();
  const notices: string[] = [];
  let done: Promise<unknown> = Promise.resolve();
  const running = await new Promise<RunningCircuit>((resolve, reject) => {
    done = runCircuit(definition, {
      links: { board: link },
      watched: config.watched,
      onBegun: resolve,
      onEvent: (event) => event.type === "notice" && notices.push(event.text),
      signal: stop.signal,
    });
    done.catch(reject);
  });
  context.after(async () => {
    stop.abort();
    await done.catch(() => {});
  });
  const edgesOf = (pin: number) => link.edges.filter((edge) => edge.pin === pin).map(({ level }) => level);
  return { link, config, running, notices, edgesOf, done };
}

test("another version of a sketch takes its place: the port stays open, and the pin as it is", async (context) => {
  const { link, config, running, notices, edgesOf } = await begin(context, nodesOf(lampOf("old")));
  assert.equal(await running.send("lamp", "1"), "old");
  await config.save(nodesOf(lampOf("new")), { atMs: systemClock.now() });
  assert.equal(await running.send("lamp", "?"), "new");
  assert.deepEqual(edgesOf(13), [1], "nothing but the write before");
  assert.equal(link.opened, 1);
  assert.match(notices.join(), /^lamp\.ts changed: lamp swapped in \d+ ms$/);
  assert.equal(running.nodes().lamp?.constructor.name, "Lamp");
  assert.equal(await running.send("lamp", "0"), "new");
  assert.deepEqual(edgesOf(13), [1, 0], "the new one has the pin");
});

test("an unchanged class is left alone", async (context) => {
  const definition = nodesOf(lampOf("old"));
  const { config, running, notices } = await begin(context, definition);
  const before = running.nodes().lamp;
  await config.save({ nodes: { ...definition.nodes } });
  assert.equal(running.nodes().lamp, before);
  assert.deepEqual(notices, []);
});

test("a function is swapped when its text, what it makes, or a name in it may be another", async (context) => {
  const Lamp = lampOf("old");
  const definition = { nodes: { lamp: { sketch: () => new Lamp() } } };
  const { config, running } = await begin(context, definition);
  const isSwapped = async (sketch: () => Sketch, mayDiffer = false) => {
    const before = running.nodes().lamp;
    await config.save({ nodes: { lamp: { sketch } } }, { mayDiffer: () => mayDiffer });
    return running.nodes().lamp !== before;
  };
  // The same text, made anew each time.
  const again = (Lamp: new () => Sketch) => () => new Lamp();
  assert.equal(await isSwapped(again(Lamp)), false);
  assert.equal(await isSwapped(again(Lamp), true), true);
  assert.equal(await isSwapped(() => Reflect.construct(Lamp, [])), true, "another text");
  assert.equal(await isSwapped(again(lampOf("new"))), true, "another class");
});

test("nothing of a sketch that was replaced acts on pins, or goes on", async (context) => {
  const acts: string[] = [];
  let inside: EventEmitter | undefined;
  const Old = lampOf("old", (lamp, { board, signal }) => {
    const pin = new five.Pin({ pin: 12, board });
    new five.Led({ pin: 11, board }).blink(2);
    const act = (name: string) => {
      acts.push(name);
      pin.high();
      pin.low();
    };
    setInterval(() => act("interval"), 1);
    const again = () => void setTimeout(() => [act("timeout"), again()], 1);
    again();
    new five.Button({ pin: 2, board, isPullup: true }).on("press", () => act("press"));
    signal.addEventListener("abort", () => pin.high());
    // The cast: what Johnny-Five's types leave out.
    inside = (board as unknown as { io: EventEmitter }).io;
    Object.assign(lamp, { act });
  });
  const { link, config, running, edgesOf } = await begin(context, nodesOf(Old));
  const { lamp } = running.nodes();
  await systemClock.sleep(20);
  assert.ok(acts.includes("interval") && acts.includes("timeout"), "it has begun");
  await config.save(nodesOf(lampOf("new")));
  await running.boards().board?.confirm();
  const [edges, done] = [link.edges.length, acts.length];
  await systemClock.sleep(30);
  assert.equal(acts.length, done, "its timers have ended");
  // What others keep of it, and call.
  Reflect.get(lamp ?? {}, "act")("late");
  inside?.emit("digital-read-2", 0);
  await running.boards().board?.confirm();
  assert.equal(link.edges.length, edges, `${edgesOf(12)} ${edgesOf(11)}`);
  // The cast: what Johnny-Five's types leave out.
  const own = running.boards().board as unknown as { register: unknown[]; io: EventEmitter };
  assert.equal(own.io.listenerCount("digital-read-2"), 0);
  assert.equal(own.register.length, 1, "its parts are not kept");
});

test("messages that come while a sketch is replaced wait, and the new one answers them", async (context) => {
  let finish = () => {};
  class Slow extends Sketch {
    override readonly usesBoard = false;
    override async loop(): Promise<string> {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return "old";
    }
  }
  class Quick extends Sketch {
    override readonly usesBoard = false;
    override loop(_channel: string, message: string): string {
      return `new ${message}`;
    }
  }
  const { config, running } = await begin(context, nodesOf(Slow));
  const first = running.send("lamp", "a");
  await new Promise((resolve) => setImmediate(resolve));
  const saved = config.save(nodesOf(Quick));
  const others = ["b", "c", "d"].map((message) => running.send("lamp", message, message));
  await new Promise((resolve) => setImmediate(resolve));
  finish();
  assert.deepEqual(await Promise.all([first, ...others]), ["old", "new b", "new c", "new d"]);
  await saved;
});

const MISTAKES: readonly { readonly what: string; readonly sketch: () => Sketch; readonly told: RegExp }[] = [
  {
    what: "throws in its setup",
    sketch: () =>
      new (lampOf("new", () => {
        throw new Error("no such lamp");
      }))(),
    told: /^lamp goes on as it was: Error: no such lamp/,
  },
  {
    what: "throws when it is made",
    sketch: () => {
      throw new TypeError("half a lamp");
    },
    told: /^lamp goes on as it was: TypeError: half a lamp/,
  },
  {
    what: "is none",
    sketch: () => JSON.parse("{}"),
    told: /^lamp goes on as it was: Cannot make the sketch of lamp/,
  },
];

for (const { what, sketch, told } of MISTAKES) {
  test(`a sketch that ${what} leaves the one before in its place`, async (context) => {
    const { config, running, notices, edgesOf } = await begin(context, nodesOf(lampOf("old")));
    await config.save({ nodes: { lamp: { sketch } } });
    assert.match(notices[0] ?? "", told);
    assert.equal(await running.send("lamp", "1"), "old");
    assert.deepEqual(edgesOf(13), [1], "it still has its pin");
    await config.save(nodesOf(lampOf("mended")));
    assert.equal(await running.send("lamp", "0"), "mended");
    assert.deepEqual(edgesOf(13), [1, 0]);
  });
}

test("a configuration that cannot be loaded is told, and all goes on", async (context) => {
  const { config, running, notices } = await begin(context, nodesOf(lampOf("old")));
  await config.save(undefined, { problem: new Error("lamp.ts:3:7") });
  assert.deepEqual(notices.length, 1);
  assert.match(notices[0] ?? "", /^lamp\.ts changed, and all goes on as it was: Error: lamp\.ts:3:7/);
  assert.equal(await running.send("lamp", "1"), "old");
});

test("nodes come and go; what a circuit takes when it starts is told once", async (context) => {
  const Lamp = lampOf("old");
  const { config, running, notices } = await begin(context, nodesOf(Lamp));
  const both = { nodes: { lamp: { sketch: Lamp }, bell: { sketch: lampOf("bell") } } };
  await config.save(both);
  assert.equal(await running.send("bell", "?"), "bell");
  await config.save({ nodes: { bell: both.nodes.bell } });
  await assert.rejects(running.mesh.send("lamp", "?", { signal: AbortSignal.timeout(20) }));
  assert.equal(await running.send("bell", "?"), "bell");
  const elsewhere = { nodes: { bell: { ...both.nodes.bell, listen: 0 } }, boards: { board: "mock" } };
  await config.save(elsewhere);
  await config.save({ ...elsewhere });
  assert.match(
    notices.join("\n"),
    /bell begun[\s\S]*lamp ended[\s\S]*^boards, nodes\.bell\.listen changed: [^\n]*$/m,
  );
  assert.equal(notices.filter((text) => /restart/.test(text)).length, 1);
});

test("one that acts by itself begins anew, and one that fails waits for its next version", async (context) => {
  const runs: string[] = [];
  const clockOf = (name: string, fails = false) =>
    class Runner extends Sketch {
      override readonly usesBoard = false;
      override async run(): Promise<void> {
        runs.push(name);
        if (fails) throw new Error("out of time");
        for (;;) {
          await this.clock.sleep(1, this.signal);
          runs.push(name);
        }
      }
    };
  const { config, notices } = await begin(context, nodesOf(clockOf("old")));
  await systemClock.sleep(10);
  await config.save(nodesOf(clockOf("failing", true)));
  await systemClock.sleep(10);
  assert.equal(runs.at(-1), "failing", "the old one has ended");
  assert.match(
    notices.join("\n"),
    /lamp has stopped, and begins anew when it is changed: Error: out of time/,
  );
  await config.save(nodesOf(clockOf("new")));
  await systemClock.sleep(10);
  assert.equal(runs.at(-1), "new");
});
