import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import { five } from "../../src/board/session/piezo.js";
import type { Relink } from "../../src/board/session/recovery/search.js";
import type { FlowDefinition } from "../../src/circuit/flows/flow-file.js";
import type { CircuitEvent, Summary } from "../../src/circuit/progress.js";
import { runCircuit } from "../../src/circuit/run.js";
import { exitCodeOf } from "../../src/cli/exit.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import { CircuitError } from "../../src/core/error.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { Manager } from "../../src/flow/manager.js";
import { samples } from "../../src/flow/sources/pin.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";
import { turns } from "../contract/waiting.js";
import { until } from "../flow/source-context.js";

const BOARDS = { desk: "mock", door: "mock" };

/** Sends on what it is told, a message at a time. */
class Prompter extends Sketch {
  override readonly usesBoard = false;
  readonly #prompts: readonly string[];
  readonly #heard: string[];

  constructor(prompts: readonly string[], heard: string[]) {
    super();
    this.#prompts = prompts;
    this.#heard = heard;
  }

  override async run(): Promise<void> {
    for (const target of this.#prompts) this.#heard.push(`${target}: ${await this.send(target, "1")}`);
  }
}

class Lamp extends Sketch {
  #led: five.Led | undefined;
  override setup({ board }: SketchContext): void {
    this.#led = new five.Led({ pin: 13, board });
  }
  override loop(): string {
    this.#led?.on();
    return "on";
  }
}

/** Acts until it is told to stop. */
class Beacon extends Sketch {
  override setup({ board }: SketchContext): void {
    new five.Led({ pin: 12, board }).on();
  }
  override run(): Promise<void> {
    return new Promise((resolve) => this.signal.addEventListener("abort", () => resolve(), { once: true }));
  }
}

const absent: Relink = async () => {
  throw new CircuitError("PORT_MISSING", "Cannot open mock: it is not there", { hint: "Plug it in." });
};

interface Scene {
  readonly flows?: Readonly<Record<string, FlowDefinition>>;
  readonly links: Readonly<Record<string, MockBoard | Relink>>;
  readonly clock?: ManualClock;
}

/** A circuit that runs, what it tells, and what becomes of it. */
function start(definition: Omit<CircuitDefinition, "boards">, { links, clock, flows }: Scene) {
  const events: CircuitEvent[] = [];
  const stop = new AbortController();
  const outcome = runCircuit(
    { boards: BOARDS, timeoutSeconds: 0.2, ...definition },
    {
      links,
      onEvent: (event) => events.push(event),
      signal: stop.signal,
      ...(clock && { clock }),
      ...(flows && { flows }),
    },
  ).then(
    (summary): { readonly summary?: Summary; readonly error?: CircuitError } => ({ summary }),
    (error: CircuitError): { readonly summary?: Summary; readonly error?: CircuitError } => ({ error }),
  );
  const of = <Type extends CircuitEvent["type"]>(type: Type) =>
    events.filter((event): event is Extract<CircuitEvent, { type: Type }> => event.type === type);
  return { of, outcome, stop };
}

test("a board that is not there stops its own sketches, and a word says which", async () => {
  const desk = new MockBoard();
  const heard: string[] = [];
  const { of, outcome } = start(
    {
      nodes: {
        lamp: { sketch: Lamp, board: "desk" },
        bell: { sketch: Lamp, board: "door" },
        gate: { sketch: Lamp, board: "door" },
        prompter: { sketch: () => new Prompter(["lamp", "lamp"], heard) },
        other: { sketch: () => new Prompter(["bell"], heard) },
      },
      pins: { "door:2": { edges: "door" }, "desk:3": { on: "door", do: "high" } },
    },
    { links: { desk, door: absent } },
  );
  const { error } = await outcome;
  assert.deepEqual(heard, ["lamp: on", "lamp: on"]);
  const [standstill] = of("standstill");
  assert.deepEqual(standstill, {
    type: "standstill",
    ...{ board: "door", address: "mock", code: "PORT_MISSING", isSought: true },
    ...{ message: "Cannot open mock: it is not there", hint: "Plug it in." },
    ...{ nodes: ["bell", "gate"], pins: ["door:2"], flows: [] },
  });
  const notices = of("notice").map(({ text }) => text);
  assert.ok(
    notices.some((text) =>
      /^other stops, all else goes on: Cannot reach bell: it stands still, because its board door/.test(text),
    ),
    notices.join("\n"),
  );
  assert.equal(error?.code, "PORT_MISSING");
  assert.equal(exitCodeOf(error), 69);
  assert.match(
    error?.message ?? "",
    /^Cannot run all of the circuit: nodes bell and gate, pin door:2 stand still without the board door/,
  );
  const [summary] = of("summary");
  assert.deepEqual([summary?.acks, summary?.standstills?.[0]?.board], [2, "door"]);
  assert.equal(desk.pin(13).value, 0, "left low");
});

test("where all boards are missing, and where the only one is, the circuit does not begin", async () => {
  const nodes = { lamp: { sketch: Lamp, board: "desk" }, bell: { sketch: Lamp, board: "door" } };
  const all = start({ nodes }, { links: { desk: absent, door: absent } });
  assert.equal((await all.outcome).error?.message, "Cannot open mock: it is not there");
  const one = start({ nodes: { bell: nodes.bell } }, { links: { door: absent } });
  assert.equal((await one.outcome).error?.message, "Cannot open mock: it is not there");
  assert.deepEqual([...all.of("summary"), ...one.of("summary"), ...all.of("standstill")], []);
});

test("a mistake in the configuration of one board stops all", async () => {
  const nodes = { lamp: { sketch: Lamp, board: "desk" }, bell: { sketch: Lamp, board: "door" } };
  const wrong: Relink = async () => {
    throw new CircuitError("FIRMWARE_INVALID", "Cannot read the firmware");
  };
  const { outcome } = start({ nodes }, { links: { desk: new MockBoard(), door: wrong } });
  assert.equal((await outcome).error?.code, "FIRMWARE_INVALID");
});

test("what stood still begins when its board is there, and nothing has failed then", async () => {
  const clock = new ManualClock();
  const [desk, door] = [new MockBoard(), new MockBoard()];
  let isThere = false;
  const heard: string[] = [];
  const scene = start(
    {
      timeoutSeconds: 30,
      nodes: {
        lamp: { sketch: Lamp, board: "desk" },
        bell: { sketch: Lamp, board: "door" },
        prompter: { sketch: () => new Prompter(["lamp", "bell"], heard) },
      },
      pins: { "door:2": { edges: "door", debounceMs: 0 }, "desk:3": { on: "door", do: "high" } },
    },
    { clock, links: { desk, door: async () => (isThere ? door : absent()) } },
  );
  await until(() => heard.length === 1 && scene.of("standstill").length === 1, "the lamp is on");
  clock.advance(5_000);
  isThere = true;
  await until(() => clock.advance(500) === undefined && scene.of("board").length === 2, "the door is there");
  const { summary, error } = await scene.outcome;
  assert.equal(error, undefined);
  assert.deepEqual(heard, ["lamp: on", "bell: on"]);
  assert.equal(summary?.standstills, undefined);
  assert.ok(door.edges.some(({ pin, level }) => pin === 13 && level === 1));
});

test("a board that is lost for good stops its own sketches, and those that wait for them, and nothing else", async () => {
  const [desk, door] = [new MockBoard(), new MockBoard()];
  const heard: string[] = [];
  let bellRings = () => {};
  const rung = new Promise<void>((resolve) => {
    bellRings = resolve;
  });
  class Bell extends Lamp {
    override loop(): string {
      bellRings();
      return super.loop();
    }
  }
  /** Tells the bell at once, and the lamp when the bell's board is gone. */
  class Late extends Prompter {
    override async run(): Promise<void> {
      await rung;
      door.unplug();
      await super.run();
    }
  }
  const { of, outcome } = start(
    {
      nodes: {
        lamp: { sketch: Lamp, board: "desk" },
        bell: { sketch: Bell, board: "door" },
        beacon: { sketch: Beacon, board: "door" },
        first: { sketch: () => new Prompter(["bell"], heard) },
        relay: { sketch: () => new Late(["bell", "lamp"], heard) },
        late: { sketch: () => new Late(["lamp"], heard) },
      },
    },
    { links: { desk, door } },
  );
  const { error } = await outcome;
  assert.ok(heard.includes("lamp: on"), heard.join());
  assert.equal(error?.code, "BOARD_LOST");
  assert.equal(exitCodeOf(error), 74);
  assert.deepEqual(of("standstill")[0]?.nodes, ["bell", "beacon"]);
  assert.equal(of("standstill")[0]?.isSought, false);
  const notices = of("notice").map(({ text }) => text);
  assert.ok(notices.some((text) => /^relay stops, .*its board door is not there/.test(text)));
  assert.ok(!notices.some((text) => text.startsWith("beacon")), "that was told with the board");
});

test("when the last board is lost the circuit ends with that", async () => {
  const [desk, door] = [new MockBoard(), new MockBoard()];
  const { of, outcome } = start(
    {
      nodes: {
        beacon: { sketch: Beacon, board: "desk" },
        other: { sketch: Beacon, board: "door" },
      },
    },
    { links: { desk, door } },
  );
  await until(() => of("board").length === 2, "both are there");
  await until(() => door.pin(12).value === 1 && desk.pin(12).value === 1, "both act");
  door.unplug();
  await until(() => of("standstill").length === 1, "one stands still");
  desk.unplug();
  const { error } = await outcome;
  assert.equal(error?.code, "BOARD_LOST");
  assert.equal(of("standstill").length, 1);
});

test("what is reached by others goes on when all that acts has been stopped by its board", async () => {
  const [desk, door] = [new MockBoard(), new MockBoard()];
  const { of, outcome, stop } = start(
    {
      nodes: {
        lamp: { sketch: Lamp, board: "desk", listen: 0 },
        beacon: { sketch: Beacon, board: "door" },
      },
    },
    { links: { desk, door } },
  );
  await until(() => of("listening").length === 1 && door.pin(12).value === 1, "all have begun");
  door.unplug();
  await until(() => of("standstill").length === 1, "one stands still");
  const [address = ""] = of("listening")[0]?.addresses ?? [];
  const metrics = await (await fetch(`${address.replace(/^ws/, "http")}/metrics`)).text();
  assert.match(metrics, /circuit_board_up\{board="desk",address="mock"\} 1/);
  assert.match(metrics, /circuit_board_up\{board="door",address="mock"\} 0/);
  const reason = new Error("enough");
  stop.abort(reason);
  assert.equal((await outcome).error, reason);
  assert.equal(of("summary")[0]?.standstills?.[0]?.board, "door");
});

/** A flow that takes what a board's A0 reads. */
function reading(board: string, taken: string[]): FlowDefinition {
  const take = ({ value }: { readonly value: number }) => void taken.push(`${board} ${value}`);
  return {
    name: board,
    managers: async (host) => {
      const source = samples(await host.analogInput(0, { board }));
      const connections = [{ from: "source", to: "take" }];
      const pipeline = { sources: { source }, processors: { take }, connections };
      return [new Manager({ name: "m", pipeline, restart: { most: 0 } })];
    },
  };
}

for (const isLost of [false, true]) {
  test(`a flow whose board is ${isLost ? "lost for good fails" : "not there begins when it is"}, and the others go on`, async () => {
    const clock = new ManualClock();
    const [desk, door] = [new MockBoard(), new MockBoard()];
    let isThere = isLost;
    const taken: string[] = [];
    const { of, outcome, stop } = start(
      { flows: { desk: { file: "desk.ts" }, door: { file: "door.ts" } } },
      {
        ...{ clock, flows: { desk: reading("desk", taken), door: reading("door", taken) } },
        links: { desk, door: isLost ? door : async () => (isThere ? door : absent()) },
      },
    );
    if (isLost) {
      await until(() => of("board").length === 2, "both are there");
      door.unplug();
    }
    await until(() => of("standstill").length === 1, "one stands still");
    assert.deepEqual(of("standstill")[0]?.flows, ["door"]);
    isThere = true;
    if (!isLost)
      await until(() => clock.advance(500) === undefined && of("board").length === 2, "it is there");
    await turns();
    for (const [at, board] of [desk, door].entries()) board.measure(0, at + 1);
    await until(() => taken.length === (isLost ? 1 : 2), "they have read");
    assert.deepEqual(taken, isLost ? ["desk 1"] : ["desk 1", "door 2"]);
    stop.abort(new Error("enough"));
    assert.equal((await outcome).error?.message, "enough");
    assert.equal(of("summary")[0]?.standstills?.length, isLost ? 1 : undefined);
  });
}
