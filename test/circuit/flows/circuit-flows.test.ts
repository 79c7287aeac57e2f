import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MockBoard } from "../../../src/board/link/mock.js";
import type { FlowDefinition, FlowHost } from "../../../src/circuit/flows/flow-file.js";
import type { CircuitEvent } from "../../../src/circuit/progress.js";
import { runCircuit } from "../../../src/circuit/run.js";
import type { RunOptions } from "../../../src/circuit/run-options.js";
import type { CircuitDefinition } from "../../../src/config/define.js";
import { CircuitError } from "../../../src/core/error.js";
import type { PinSample } from "../../../src/core/pin-readings.js";
import { Manager, type ManagerOptions } from "../../../src/flow/manager.js";
import { toEvents } from "../../../src/flow/outputs/to-events.js";
import { toPin } from "../../../src/flow/outputs/to-pin.js";
import type { SourcePart } from "../../../src/flow/pipeline.js";
import type { AnyHandle } from "../../../src/flow/processor.js";
import { type EventItem, events } from "../../../src/flow/sources/events.js";
import { samples } from "../../../src/flow/sources/pin.js";
import { MemoryMesh } from "../../../src/mesh/memory/memory-mesh.js";
import { Sketch } from "../../../src/sketch/sketch.js";
import { turns } from "../../contract/waiting.js";
import { temporaryFolder } from "../../temporary-folder.js";

type Managers = FlowDefinition["managers"];

/** Runs a circuit with one flow, desk, and tells what happened. */
function run(
  managers: Managers,
  definition: Omit<CircuitDefinition, "flows"> & {
    readonly entry?: Partial<NonNullable<CircuitDefinition["flows"]>[string]>;
    readonly about?: Partial<FlowDefinition>;
  } = {},
  options: RunOptions = {},
) {
  const { entry, about, ...rest } = definition;
  const told: CircuitEvent[] = [];
  const stop = new AbortController();
  const link = new MockBoard();
  const mesh = new MemoryMesh();
  const running = runCircuit(
    { boards: { bench: "mock" }, ...rest, flows: { desk: { file: "none.ts", ...entry } } },
    {
      flows: { desk: { name: "in-file", managers, ...about } },
      ...{ mesh, links: { bench: link }, signal: stop.signal, onEvent: (event) => told.push(event) },
      ...options,
    },
  );
  running.catch(() => {});
  const types = () => told.map(({ type }) => type);
  const notices = () => told.flatMap((event) => (event.type === "notice" ? [event.text] : []));
  return { running, told, types, notices, stop, link, mesh };
}

const numbers = (...items: readonly number[]) =>
  function* numbers() {
    yield* items;
  };

/** Lets turns pass until it is so, or what runs has failed. */
async function until(running: Promise<unknown>, isSo: () => boolean): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  running.then(over, over);
  while (!isSo()) {
    if (isOver)
      throw new Error("It has ended before", { cause: await running.catch((reason: unknown) => reason) });
    await turns();
  }
}

/** A pipeline of a source and what takes its items; each test connects what fits. */
function manager(source: SourcePart, take: AnyHandle, options: Partial<ManagerOptions> = {}): Manager {
  const connections = [{ from: "source", to: "take" }];
  return new Manager({
    name: "m",
    pipeline: { sources: { source }, processors: { take }, connections },
    ...options,
  });
}

test("a flow runs to its end, and its circuit with it; no board is opened for it", async () => {
  const taken: number[] = [];
  const { running, types } = run([manager(numbers(1, 2), (item: number) => void taken.push(item))]);
  const { flows } = await running;
  assert.deepEqual(taken, [1, 2]);
  assert.deepEqual(types(), ["summary"]);
  const [status] = flows?.desk ?? [];
  assert.deepEqual([status?.name, status?.state, status?.parts.take?.handled], ["m", "finished", 2]);
});

test("a flow finds its name and its settings in its host, and runs the managers that are named", async () => {
  const hosts: FlowHost[] = [];
  const taken: string[] = [];
  const managers = (host: FlowHost) => {
    hosts.push(host);
    return ["a", "b"].map((name) => manager(numbers(1), () => void taken.push(name), { name }));
  };
  const { running, notices } = run(managers, { entry: { managers: ["b"], settings: { limit: 5 } } });
  await running;
  const [host] = hosts;
  assert.deepEqual([host?.name, host?.settings, taken], ["desk", { limit: 5 }, ["b"]]);
  host?.log("by the way");
  assert.deepEqual(notices(), ["desk: by the way"]);
  assert.ok(host?.signal.aborted);
});

test("a manager that a flow does not have is refused", async () => {
  const { running } = run([manager(numbers(1), () => {})], { entry: { managers: ["nix"] } });
  await assert.rejects(running, { code: "USAGE", message: /Cannot run nix of the flow desk/ });
});

test("two managers of one name are refused", async () => {
  const { running } = run([manager(numbers(1), () => {}), manager(numbers(1), () => {})]);
  await assert.rejects(running, { code: "CONFIG_INVALID", message: /desk: two managers are called m/ });
});

test("a flow reads and writes pins of a board that is opened for it, and left low", async () => {
  const managers = async (host: FlowHost) => {
    const input = await host.analogInput(0);
    const output = await host.pinOutput(7);
    return [
      manager(samples(input), toPin<PinSample>(output, { value: ({ value }) => (value > 500 ? 1 : 0) })),
    ];
  };
  const { running, types, link, stop } = run(managers);
  await until(running, () => {
    link.measure(0, 800);
    return link.pin(7).value === 1;
  });
  stop.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  assert.deepEqual(types(), ["board", "summary"]);
  assert.equal(link.pin(7).value, 0);
});

test("a flow is drained before its board is closed", async () => {
  const levels: number[] = [];
  const held: (() => void)[] = [];
  const managers = async (host: FlowHost) => {
    const output = await host.pinOutput(7);
    async function* source({ signal }: { readonly signal: AbortSignal }) {
      yield 1;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    }
    const take = async (item: number) => {
      await new Promise<void>((resolve) => held.push(resolve));
      output.write(item);
      await output.confirm();
      levels.push(link.pin(7).value);
    };
    return [manager(source, take)];
  };
  const { running, link, stop } = run(managers);
  await until(running, () => held.length > 0);
  stop.abort(new Error("enough"));
  await turns();
  held[0]?.();
  await assert.rejects(running, /enough/);
  assert.deepEqual(levels, [1]);
});

test("of several boards a flow names one", async () => {
  const choices: readonly (readonly [string | undefined, RegExp])[] = [
    [undefined, /^Cannot choose a board for flows\.desk: there are 2, left, right$/],
    ["middle", /^Cannot open middle for flows\.desk: the boards are left, right$/],
  ];
  for (const [board, message] of choices) {
    const managers = async (host: FlowHost) => {
      await host.pinOutput(7, board === undefined ? {} : { board });
      return [];
    };
    const { running } = run(managers, { boards: { left: "mock", right: "mock" } });
    await assert.rejects(running, { code: "CONFIG_INVALID", message });
  }
  const right = new MockBoard();
  const write = async (host: FlowHost) => {
    const output = await host.pinOutput(7, { board: "right" });
    return [manager(numbers(1), toPin(output))];
  };
  const boards = { left: "mock", right: "mock" };
  const { running, told } = run(write, { boards }, { links: { right } });
  await running;
  assert.deepEqual(
    told.flatMap((event) => (event.type === "board" ? [event.board] : [])),
    ["right"],
  );
});

test("a pin that the wiring lacks is told with the flow that wants it", async () => {
  const wiring = fileURLToPath(new URL("../../../../wiring/clock-pin-buzzer.json", import.meta.url));
  for (const ask of [
    (host: FlowHost) => host.pinOutput(7),
    (host: FlowHost) => host.analogInput(3),
    (host: FlowHost) => host.digitalInput(2),
  ]) {
    const managers = async (host: FlowHost) => {
      await ask(host);
      return [];
    };
    const { running } = run(managers, { wiring });
    await assert.rejects(running, {
      code: "PIN_NOT_WIRED",
      message: /^Cannot set up flows\.desk: cannot use pin/,
    });
  }
});

test("a board of a flow that cannot be opened ends the circuit", async () => {
  const managers = async (host: FlowHost) => [manager(numbers(1), toPin(await host.pinOutput(7)))];
  const { running } = run(managers, { boards: { bench: "mock?firmware=none" } }, { links: {} });
  await assert.rejects(running, { code: "USAGE" });
});

test("Ctrl-C while a flow is made ends it, and tells its host", async () => {
  const signals: AbortSignal[] = [];
  const managers = ({ signal }: FlowHost) => {
    signals.push(signal);
    return new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(new Error("torn"))),
    );
  };
  const { running, stop, types } = run(managers);
  await until(running, () => signals.length > 0);
  stop.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  assert.ok(signals[0]?.aborted);
  assert.deepEqual(types(), []);
});

test("a pipeline that fails for good ends the circuit with its failure", async () => {
  const cause = new CircuitError("FILE_FAILED", "Cannot write: disk full");
  const fail = () => {
    throw cause;
  };
  const { running } = run([manager(numbers(1), fail, { onError: "stop" })]);
  await assert.rejects(running, {
    code: "FLOW_FAILED",
    message: "Cannot go on with desk: m failed: Cannot write: disk full",
    cause,
  });
});

test("a failure that escalates ends the circuit", async () => {
  const fail = () => {
    throw new Error("no paper");
  };
  const { running } = run([manager(numbers(1), fail, { onError: "escalate" })]);
  await assert.rejects(running, { code: "FLOW_FAILED", message: /take has failed: no paper/ });
});

test("failures are events, go to the reporter, and what is given up to its taker", async () => {
  const published: [string, Record<string, unknown>][] = [];
  const reported: unknown[] = [];
  const givenUp: unknown[] = [];
  const fail = (item: number) => {
    if (item === 2) throw new TypeError("odd");
  };
  const about = {
    reporter: { captureException: (error: unknown) => void reported.push(error) },
    onGivenUp: ({ item }: { readonly item: unknown }) => void givenUp.push(item),
  };
  const gate: (() => void)[] = [];
  async function* source() {
    await new Promise<void>((resolve) => gate.push(resolve));
    yield* [1, 2, 3];
  }
  const { running, mesh } = run([manager(source, fail, { onError: "skip" })], { about });
  mesh.subscribe("circuit.errors.>", ({ subject, data }) => published.push([subject, Object(data)]));
  await until(running, () => gate.length > 0);
  gate[0]?.();
  await running;
  const [[subject, { at, cause, ...data }] = ["", {}]] = published;
  assert.equal(subject, "circuit.errors.desk");
  assert.deepEqual(data, {
    ...{ node: "desk", flow: "desk", manager: "m", part: "take", data: 2, policy: "skip" },
  });
  assert.ok(Math.abs(Number(at) - Date.now()) < 60_000);
  const { stack, ...words } = cause as Record<string, string>;
  assert.deepEqual(words, { name: "TypeError", message: "odd" });
  assert.match(stack ?? "", /TypeError: odd/);
  assert.deepEqual([published.length, reported.length, givenUp], [1, 1, [2]]);
});

test("a flow hears and publishes events beside a sketch", async () => {
  let answer: (data: unknown) => void = () => {};
  const answered = new Promise<unknown>((resolve) => {
    answer = resolve;
  });
  class Ask extends Sketch {
    override readonly usesBoard = false;

    override async run() {
      this.on("answer", ({ data }) => answer(data));
      await turns();
      this.publish("ask", 20);
    }
  }
  const managers = (host: FlowHost) => {
    const double = ({ data }: EventItem) => Number(data) * 2;
    const pipeline = {
      sources: { asks: events(host, "ask") },
      processors: { double, answer: toEvents(host, "answer") },
      connections: [
        { from: "asks", to: "double" },
        { from: "double", to: "answer" },
      ],
    };
    return [new Manager({ name: "m", pipeline })];
  };
  const { running, stop } = run(managers, { nodes: { ask: { sketch: Ask } } });
  assert.equal(await answered, 40);
  stop.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
});

test("a file that is missing is told before a board is opened", async () => {
  const file = join(temporaryFolder(), "nix.ts");
  const { running, types } = run([], { entry: { file } }, { flows: {} });
  await assert.rejects(running, { code: "CONFIG_INVALID", message: /nix\.ts: there is no such file/ });
  assert.deepEqual(types(), []);
});
