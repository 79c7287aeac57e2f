import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import { five } from "../../src/board/session/piezo.js";
import type { CircuitEvent } from "../../src/circuit/progress.js";
import { runCircuit } from "../../src/circuit/run.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import { CircuitError } from "../../src/core/error.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";

const CLOCK = { sketch: "clock", options: { ticks: 2, delaySeconds: 0, target: "iopin" } } as const;
const IOPIN = { sketch: "iopin", options: { chance: 0 } } as const;

/** Runs a circuit on a mock; what it told, and what it threw or gave. */
async function run(
  nodes: CircuitDefinition["nodes"],
  more: Partial<CircuitDefinition> = {},
  signal?: AbortSignal,
) {
  const link = new MockBoard();
  const events: CircuitEvent[] = [];
  const outcome = await runCircuit(
    { seed: 1, ...more, nodes },
    { links: { board: link }, onEvent: (event) => events.push(event), ...(signal && { signal }) },
  ).then(
    (summary) => ({ summary, error: undefined }),
    (error: unknown) => ({ summary: undefined, error }),
  );
  return { link, events, ...outcome };
}

test("runCircuit() runs the example and adds it up", async () => {
  const { summary, link, events } = await run({ clock: CLOCK, iopin: IOPIN, buzzer: { sketch: "buzzer" } });
  assert.equal(summary?.ticks, 2);
  assert.equal(summary?.acks, 2);
  assert.equal(summary?.confirmedWrites, 6);
  assert.ok(summary.p50Ms !== null && summary.p99Ms !== null && summary.p99Ms >= summary.p50Ms);
  assert.deepEqual(
    link.edges.filter(({ pin }) => pin === 13).map(({ level }) => level),
    [1, 0],
    "six ones, and low at the end",
  );
  assert.equal(events[0]?.type, "board");
  assert.deepEqual(events.at(-1), { type: "summary", ...summary });
});

test("a peer that fails rejects the tick", async () => {
  class Broken extends Sketch {
    override readonly usesBoard = false;
    override loop(): never {
      throw new Error("the piezo fell off");
    }
  }
  const { error, events } = await run({ clock: CLOCK, iopin: IOPIN, buzzer: { sketch: Broken } });
  assert.ok(error instanceof Error && "code" in error);
  assert.equal(error.code, "PEER_REFUSED");
  assert.match(error.message, /the piezo fell off/);
  assert.equal(events.at(-1)?.type, "summary");
});

test("an acknowledgement that does not come in time ends the circuit and says which", async () => {
  class Stuck extends Sketch {
    override readonly usesBoard = false;
    override loop(): Promise<never> {
      return new Promise(() => {});
    }
  }
  const { error } = await run({ clock: CLOCK, iopin: { sketch: Stuck } }, { timeoutSeconds: 0.05 });
  assert.ok(error instanceof Error && "code" in error);
  assert.equal(error.code, "TIMEOUT");
  assert.match(error.message, /from clock to iopin: no acknowledgement within 0\.05 s/);
});

test("a board that is lost ends the circuit with BOARD_LOST", async () => {
  const link = new MockBoard();
  class Unplugger extends Sketch {
    override setup({ board }: SketchContext): void {
      new five.Pin({ pin: 13, board });
    }
    override loop(): string {
      link.unplug();
      return "unplugged";
    }
  }
  const running = runCircuit(
    { nodes: { clock: CLOCK, iopin: { sketch: Unplugger } } },
    { links: { board: link } },
  );
  await assert.rejects(running, { code: "BOARD_LOST" });
});

test("the signal stops a circuit that would go on for ever, with its own reason, pins low", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const forever = { sketch: "clock", options: { ticks: 0, delaySeconds: 0 } } as const;
  class Stopper extends Sketch {
    override readonly usesBoard = false;
    #left = 20;
    override loop(): string {
      if (--this.#left === 0) stop.abort(reason);
      return "...";
    }
  }
  const { error, link, events } = await run(
    { clock: forever, iopin: IOPIN, buzzer: { sketch: Stopper } },
    {},
    stop.signal,
  );
  assert.equal(error, reason);
  assert.equal(link.pin(13).value, 0);
  assert.equal(events.at(-1)?.type, "summary");
});

test("a setup() that does not end is given up when the circuit stops, and its pins are low", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  class Slow extends Sketch {
    override async setup({ board }: SketchContext): Promise<void> {
      new five.Led({ pin: 13, board }).on();
      setImmediate(() => stop.abort(reason));
      await new Promise(() => {});
    }
  }
  const { error, link, events } = await run({ slow: { sketch: Slow } }, {}, stop.signal);
  assert.equal(error, reason);
  assert.deepEqual(
    link.edges.map(({ level }) => level),
    [1, 0],
  );
  assert.ok(!events.some(({ type }) => type === "summary"), "it has not begun");
});

for (const [what, sketch] of [
  ["class", class Lamp {}],
  ["function", () => ({ loop() {} })],
] as const) {
  test(`a ${what} that makes no sketch is refused by the node's name`, async () => {
    // The cast: types would say so, and JavaScript has none.
    const { error } = await run({ lamp: { sketch: sketch as unknown as new () => Sketch } });
    assert.ok(error instanceof CircuitError && error.code === "CONFIG_INVALID");
    assert.match(error.message, /^Cannot make the sketch of lamp: it is neither a class that extends Sketch/);
  });
}

test("an acknowledgement waits for the board, unless the node says otherwise", async () => {
  for (const confirm of [true, false]) {
    const link = new MockBoard();
    class Writer extends Sketch {
      #led: five.Led | undefined;
      override setup({ board }: SketchContext): void {
        this.#led = new five.Led({ pin: 13, board });
      }
      override loop(): string {
        link.hang();
        this.#led?.on();
        return "on";
      }
    }
    const clock = { sketch: "clock", options: { ticks: 1 } } as const;
    const running = runCircuit(
      { nodes: { clock, iopin: { sketch: Writer, confirm } } },
      { links: { board: link } },
    );
    if (confirm)
      await assert.rejects(running, { code: "PEER_REFUSED", message: /did not answer within 1000 ms/ });
    else assert.equal((await running).acks, 1);
  }
});

test("pins are left as the circuit declares", async () => {
  const clock = { sketch: "clock", options: { ticks: 1 } } as const;
  const quiet = { sketch: "iopin", options: { chance: 0, sequence: 1 } } as const;
  const { link } = await run(
    { clock, iopin: quiet, buzzer: { sketch: "buzzer" } },
    { pins: { "13": { stop: "keep" }, "8": { stop: 0 } } },
  );
  assert.equal(link.pin(13).value, 1);
});

test("a sketch that says it uses no board is refused one", async () => {
  class Greedy extends Sketch {
    override readonly usesBoard = false;
    override setup(context: SketchContext): void {
      new five.Pin({ pin: 13, board: context.board });
    }
  }
  const { error } = await run({ greedy: { sketch: Greedy } });
  assert.ok(error instanceof Error && /Cannot use the board of greedy/.test(error.message));
});

test("two boards: each sketch drives its own", async () => {
  const links = { desk: new MockBoard(), door: new MockBoard({ firmware: "standard" }) };
  await runCircuit(
    {
      boards: { desk: "mock", door: "mock" },
      nodes: {
        clock: CLOCK,
        iopin: { ...IOPIN, board: "desk" },
        buzzer: { sketch: "buzzer", board: "desk" },
        other: { sketch: "iopin", board: "door", options: { pin: 12 } },
      },
    },
    { links },
  );
  assert.ok(links.desk.edges.some(({ pin }) => pin === 13));
  assert.deepEqual(links.door.edges, []);
  assert.equal(links.door.pin(12).mode, 1);
});

test("a sketch that uses a board must say which, where there are several", async () => {
  const definition = { boards: { desk: "mock", door: "mock" }, nodes: { iopin: IOPIN } };
  await assert.rejects(runCircuit(definition), {
    code: "CONFIG_INVALID",
    message: /a board for iopin: there are 2, desk, door/,
  });
});
