import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import type { CircuitEvent } from "../../src/circuit/progress.js";
import { runCircuit } from "../../src/circuit/run.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import type { ObservedEvent, ObserverContext } from "../../src/events/event.js";
import { on } from "../../src/events/on.js";
import { On } from "../../src/events/on-method.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { encodeToken } from "../../src/mesh/nats/subjects.js";
import { Sketch } from "../../src/sketch/sketch.js";
import { turns } from "../contract/waiting.js";
import { installSdk, paths, removeSdk } from "../mesh/spans.js";
import { temporaryFolder } from "../temporary-folder.js";
import { KeptEvents, keeping } from "./kept-events.js";

afterEach(removeSdk);

/** Publishes what it is told to, and then ends, and the circuit with it. */
class Publisher extends Sketch {
  override readonly usesBoard = false;
  readonly #events: readonly (readonly [subject: string, data: string | number])[];

  constructor(...events: (readonly [subject: string, data: string | number])[]) {
    super();
    this.#events = events;
  }

  override async run(): Promise<void> {
    for (const [subject, data] of this.#events) this.publish(subject, data);
    await turns();
  }
}

/** Runs a circuit on a mesh of one process; its notices, and what was published to `circuit.errors.>`. */
async function run(definition: CircuitDefinition, signal?: AbortSignal) {
  const mesh = new MemoryMesh();
  const errors: unknown[] = [];
  const notices: string[] = [];
  mesh.subscribe("circuit.errors.>", ({ subject, data }) => errors.push([subject, Object(data).subject]));
  const onEvent = (event: CircuitEvent) => {
    if (event.type === "notice") notices.push(event.text);
  };
  const summary = await runCircuit(definition, { mesh, onEvent, ...(signal && { signal }) });
  return { errors, notices, summary };
}

test("sketches react by this.on() and @On, and a circuit by on(), from before anything runs", async () => {
  const heard: string[] = [];
  class Listener extends Sketch {
    override readonly usesBoard = false;
    override setup(): void {
      this.on("door.*", ({ subject, data }) => heard.push(`on ${subject} ${data}`));
    }
    @On("door.open")
    onOpen({ data }: ObservedEvent): void {
      heard.push(`@On ${data}`);
    }
  }
  await run({
    nodes: {
      tells: { sketch: () => new Publisher(["door.open", 1], ["window", 2]) },
      hears: { sketch: Listener },
    },
    observers: [on(">", ({ subject }) => heard.push(`circuit ${subject}`))],
  });
  assert.deepEqual(heard.sort(), ["@On 1", "circuit door.open", "circuit window", "on door.open 1"]);
});

test("failures go out in the node's name, and without a node in the machine's", async () => {
  class Failing extends Sketch {
    override readonly usesBoard = false;
    @On("a")
    fail(): never {
      throw new Error("no");
    }
  }
  const fail = () => Promise.reject(new Error("never"));
  const { errors, notices } = await run({
    nodes: { tells: { sketch: () => new Publisher(["a", 1], ["b", 2]) }, fails: { sketch: Failing } },
    observers: [on("b", fail)],
  });
  assert.deepEqual(errors, [
    ["circuit.errors.fails", "a"],
    [`circuit.errors.${encodeToken(hostname())}`, "b"],
  ]);
  assert.match(notices.join("\n"), /^fails: on a \(a\): Error: no$/m);
});

test("a circuit of observers alone ends when each has had its count", async () => {
  const mesh = new MemoryMesh();
  const heard: unknown[] = [];
  const observers = [on("a", ({ data }) => heard.push(data), { count: 2 })];
  const running = runCircuit({ observers }, { mesh });
  while (mesh.publish("a", 0) === 0) await turns();
  mesh.publish("a", 1);
  await running;
  assert.deepEqual(heard, [0, 1]);
});

test("an observer without a node publishes, and so does one of a node, each in its name and trace", async () => {
  const heard: unknown[] = [];
  class Listener extends Sketch {
    override readonly usesBoard = false;
    @On("a")
    react({ data }: ObservedEvent, { publish }: ObserverContext): void {
      publish("b", data);
    }
  }
  const mesh = new MemoryMesh();
  mesh.subscribe("*", ({ subject, from, headers }) => heard.push([subject, from, headers]));
  const tell = () => new Publisher(["a", 1]);
  const observers = [on("b", ({ data }, { publish }) => void publish("c", data, { headers: { by: "on" } }))];
  await runCircuit({ nodes: { tells: { sketch: tell }, hears: { sketch: Listener } }, observers }, { mesh });
  assert.deepEqual(heard, [
    ["a", "tells", {}],
    ["b", "hears", {}],
    ["c", undefined, { by: "on" }],
  ]);
});

test("a sketch publishes and stores in its own name, whatever it says", async () => {
  const mesh = new MemoryMesh();
  const from: unknown[] = [];
  mesh.subscribe("*", (event) => from.push(event.from));
  class Liar extends Sketch {
    override readonly usesBoard = false;
    override async run(): Promise<void> {
      await this.join();
      // The cast: the compiler would refuse it.
      this.publish("a", 1, { from: "other" } as object);
      await this.store("b", 1, { from: "other" } as object);
    }
  }
  const durable = new KeptEvents();
  const stored: unknown[] = [];
  durable.publish = async (_subject, _data, options) => {
    stored.push(options?.from);
    return { stream: "kept", sequence: 1, isDuplicate: false };
  };
  await runCircuit({ nodes: { liar: { sketch: Liar } } }, { mesh: keeping(mesh, durable) });
  await turns();
  assert.deepEqual([from, stored], [["liar"], ["liar"]]);
});

test("a start that fails leaves no observer behind", async () => {
  const mesh = new MemoryMesh();
  mesh.close = async () => {};
  const observers = [on("a", () => {}), on("b", () => {}, { durable: "log" })];
  await assert.rejects(runCircuit({ observers }, { mesh }), { code: "USAGE" });
  assert.equal(mesh.publish("a", 1), 0);
});

test("a circuit that could prove no name says that it publishes to nobody else", async () => {
  const folder = temporaryFolder();
  const credentials = join(folder, "credentials.json");
  writeFileSync(credentials, JSON.stringify({ other: "a-secret-of-many-characters" }), { mode: 0o600 });
  const stop = new AbortController();
  const notices: string[] = [];
  const running = runCircuit(
    { observers: [on("a", () => {})], security: { credentials }, grid: { other: "ws://127.0.0.1:1" } },
    {
      env: { XDG_RUNTIME_DIR: folder },
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type !== "notice") return;
        notices.push(event.text);
        stop.abort(new Error("enough"));
      },
    },
  );
  await assert.rejects(running, /enough/);
  assert.match(notices[0] ?? "", /^This circuit publishes to nobody else: no node/);
});

test("what an observer has begun may finish after the circuit was stopped", async () => {
  const stop = new AbortController();
  let isFinished = false;
  class Slow extends Sketch {
    override readonly usesBoard = false;
    override setup(): void {
      this.on("a", async (_event, { signal }) => {
        stop.abort(new Error("enough"));
        await turns();
        isFinished = !signal.aborted;
        this.publish("b", "also now");
      });
    }
  }
  const heard: unknown[] = [];
  const nodes = { tells: { sketch: () => new Publisher(["a", 1]) }, slow: { sketch: Slow } };
  await assert.rejects(run({ nodes, observers: [on("b", () => heard.push("b"))] }, stop.signal), /enough/);
  assert.equal(isFinished, true);
});

test("durable observers and store() say what they need, and the circuit does not begin", async () => {
  const observers = [on("a", () => {}, { durable: "log" })];
  await assert.rejects(run({ observers }), { code: "USAGE", hint: /--mesh nats:\/\// });
  class Storing extends Sketch {
    override readonly usesBoard = false;
    override async run(): Promise<void> {
      await this.store("a", 1);
    }
  }
  await assert.rejects(run({ nodes: { stores: { sketch: Storing } } }), {
    code: "USAGE",
    message: "Cannot store an event of a: nothing here keeps events",
  });
});

const TRACE = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

/** Asks, and tells what it was asked; who hears of it asks another node. */
async function runTraced(): Promise<{ readonly headers: unknown[]; readonly traces: unknown[] }> {
  const headers: unknown[] = [];
  const traces: unknown[] = [];
  class Middle extends Sketch {
    override readonly usesBoard = false;
    override loop(): string {
      this.publish("asked", 1, { headers: { by: "middle" } });
      return "told";
    }
    @On("asked")
    async onAsked(event: ObservedEvent): Promise<void> {
      headers.push(event.headers);
      await this.send("far", "0");
      this.publish("answered", 1);
    }
  }
  const mesh = new MemoryMesh();
  const stop = new AbortController();
  mesh.subscribe("answered", (event) => {
    headers.push(event.headers);
    stop.abort(new Error("answered"));
  });
  await mesh.serve("far", ({ trace }) => void traces.push(trace));
  const running = runCircuit({ nodes: { middle: { sketch: Middle } } }, { mesh, signal: stop.signal });
  running.catch(() => {});
  await mesh.send("middle", "go", { cause: { chain: [], trace: { traceparent: TRACE } } });
  await assert.rejects(running, /answered/);
  return { headers, traces };
}

test("what is published in loop() belongs to its trace, and so does what an observer of it sends", async () => {
  const { headers, traces } = await runTraced();
  assert.deepEqual(headers, [{ by: "middle", traceparent: TRACE }, { traceparent: TRACE }]);
  assert.deepEqual(traces, [{ traceparent: TRACE }]);
});

for (const followsContexts of [true, false]) {
  const how = followsContexts ? "with" : "without";
  test(`an observer has a span below what published its event, ${how} a context manager`, async () => {
    installSdk({ followsContexts });
    await runTraced();
    assert.deepEqual(paths(), [
      "send middle",
      "send middle > process middle",
      "send middle > process middle > process asked",
      "send middle > process middle > process asked > send far",
      "send middle > process middle > process asked > send far > process far",
    ]);
  });
}

const REFUSED: readonly (readonly [definition: object, message: RegExp])[] = [
  [{}, /nodes: is missing/],
  [{ nodes: {} }, /nodes: must have at least one node/],
  [{ nodes: {}, pins: { "7": { stop: 1 } } }, /nodes: must have at least one node/],
  [{ observers: [() => {}] }, /observers\.0: must be made by on\(\)/],
  [{ observers: [{ pattern: "a", handler() {}, options: {} }] }, /observers\.0: must be made by on\(\)/],
  [{ events: { maxAgeSeconds: 0 } }, /events\.maxAgeSeconds: must be a whole number from 1/],
  [{ events: { replicas: 6 } }, /events\.replicas: must be a whole number from 1 to 5/],
  [{ events: { maxBytes: 1 } }, /events\.maxBytes: must be a whole number/],
  [{ events: { keep: 1 } }, /events\.keep: is not known here/],
  [{ pins: { B2: { stop: 1 } } }, /pins\.B2: must be a pin such as 2, A0 or desk:2/],
  ...["A16", "128", "08", "A01"].map(
    (pin) => [{ pins: { [pin]: { stop: 1 } } }, new RegExp(`pins\\.${pin}: must be a pin`)] as const,
  ),
  [
    { pins: { "8": { on: "a", do: "high" }, "board:8": { on: "b", do: "low" } } },
    /pins\.board:8: is the pin of pins\.8/,
  ],
  [{ boards: {}, pins: { "8": { on: "a", do: "high" } } }, /pins\.8: needs a board, and `boards` has none/],
  [{ pins: { A0: { edges: "a", threshold: 10 } } }, /pins\.A0: must have a hysteresis, 10 by default, below/],
  [{ pins: { A0: { edges: "a", threshold: 50, hysteresis: 50 } } }, /pins\.A0: must have a hysteresis/],
  [{ observers: [on("a", () => {})], security: { publish: { "*": ["foo*"] } } }, /security\.publish\.\*\.0/],
  [{ pins: { "2": { edges: "circuit.x" } } }, /pins\.2\.edges: must be a subject such as button\.pressed/],
  [{ pins: { "2": { edges: "a.*" } } }, /pins\.2\.edges/],
  [{ pins: { "2": { edges: "a", edge: "up" } } }, /pins\.2\.edge: must be "rising", "falling" or "both"/],
  [{ pins: { "2": { edges: "a", threshold: 5 } } }, /pins\.2: has a threshold, which only analog pins have/],
  [{ pins: { A0: { edges: "a" } } }, /pins\.A0: is analog: all it can have is edges with a threshold/],
  [{ pins: { A0: { edges: "a", threshold: 1_024 } } }, /pins\.A0\.threshold: must be .* from 1 to 1023/],
  [{ pins: { "8": { on: "a.>.b", do: "high" } } }, /pins\.8\.on: must be a pattern such as alarm\.>/],
  [{ pins: { "8": { on: "a", do: "blink" } } }, /pins\.8\.do: must be one of: high, low, toggle/],
  [{ pins: { "8": { on: "a" } } }, /pins\.8\.do: is missing/],
  [{ pins: { "8": { on: "a", do: "high", edges: "b" } } }, /pins\.8\.edges: is not known here/],
  [{ pins: { "8": { hold: 1 } } }, /pins\.8\.hold: must be true or false/],
  [{ pins: { "8": {} } }, /pins\.8: must say something: stop, hold/],
  [{ pins: { "8": { on: "a", do: "high", hold: true, stop: 1 } } }, /pins\.8: has both stop and hold/],
  [{ pins: { "8": { safe: 2 } } }, /pins\.8\.safe: must be 0, 1 or "input"/],
  [{ pins: { "8": { safe: 0, hold: true } } }, /pins\.8: has both safe and hold/],
  [{ silenceMs: 99 }, /silenceMs: must be .* from 100 to 16383/],
  [{ pins: { A0: { hold: true } } }, /pins\.A0: is analog/],
  [{ pins: { "attic:8": { on: "a", do: "high" } } }, /pins\.attic:8: is on board "attic", not one of: board/],
  [
    { boards: { a: "mock", b: "mock" }, pins: { "8": { on: "a", do: "high" } } },
    /pins\.8: is on one of 2 boards: write which, such as a:8/,
  ],
];

for (const [definition, message] of REFUSED) {
  test(`a circuit refuses ${JSON.stringify(definition)}`, async () => {
    await assert.rejects(run(definition), { code: "CONFIG_INVALID", message });
  });
}
