import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { BridgeEvent } from "../../src/circuit/bridge.js";
import { makeDiscovery } from "../../src/circuit/discovery.js";
import { type RunBridgeOptions, runBridge } from "../../src/circuit/run-bridge.js";
import { makeSafety } from "../../src/circuit/safety.js";
import { systemClock } from "../../src/core/clock.js";
import type { MeshLimits } from "../../src/mesh/limits.js";
import type { Handler } from "../../src/mesh/mesh.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { codeOf, collect, Gate } from "../contract/waiting.js";
import { type NatsServer, skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { temporaryFolder } from "../temporary-folder.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

const COUNT = 10_000;
const numbers = (count = COUNT) => Array.from({ length: count }, (_, index) => String(index));

/** A desk of ws nodes that find each other, a NATS server, and bridges between; all are closed with the test. */
class Stage {
  readonly server: NatsServer;
  readonly #context: TestContext;
  readonly #env: { readonly XDG_RUNTIME_DIR: string };

  constructor(context: TestContext, server: NatsServer) {
    this.server = server;
    this.#context = context;
    this.#env = { XDG_RUNTIME_DIR: temporaryFolder() };
  }

  async ws(limits: Partial<MeshLimits> = {}): Promise<WsMesh> {
    const env = this.#env;
    const safety = await makeSafety({}, { env, clock: systemClock, notice: () => {} });
    const discovery = await makeDiscovery({ env, trust: safety.trust, tls: safety.tls });
    const mesh = new WsMesh({ discovery, safety, limits });
    this.#context.after(() => mesh.close());
    return mesh;
  }

  nats(): NatsMesh {
    const mesh = new NatsMesh({ url: this.server.url });
    this.#context.after(() => mesh.close());
    return mesh;
  }

  /** A bridge, what it has told, and its end. */
  bridge(changed: Partial<RunBridgeOptions> = {}) {
    const events: BridgeEvent[] = [];
    const waiting = new Set<() => void>();
    const stop = new AbortController();
    const ended = runBridge({
      url: this.server.url,
      names: [],
      expose: {},
      env: this.#env,
      patienceMs: 10_000,
      signal: stop.signal,
      onEvent: (event) => {
        events.push(event);
        for (const look of [...waiting]) look();
      },
      ...changed,
    });
    ended.catch(() => {});
    const close = async () => {
      stop.abort(new Error("stopped"));
      await ended.catch(() => {});
    };
    this.#context.after(close);
    /** Resolves when something has been told of a node; rejects when the bridge ends first. */
    const told = (type: BridgeEvent["type"], node: string) => {
      const found = new Promise<void>((resolve) => {
        const look = () => {
          if (!events.some((event) => event.type === type && "node" in event && event.node === node)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
      return Promise.race([found, ended]);
    };
    return { events, told, close, ended };
  }
}

async function open(context: TestContext): Promise<Stage> {
  const server = await startNats();
  context.after(() => server.kill());
  return new Stage(context, server);
}

const echo: Handler = ({ message }) => message;

test("a ws node is reached over NATS, by message, stream and foreign request", options, async (context) => {
  const stage = await open(context);
  const [desk, fleet] = [await stage.ws(), stage.nats()];
  await desk.serve("buzzer", ({ channel, message }) => [channel, message], { port: 0 });
  await stage.bridge().told("joined", "buzzer");
  assert.deepEqual(await fleet.send("buzzer", { a: 1 }, { channel: "bits" }), ["bits", { a: 1 }]);
  await desk.serve("echo", echo, { port: 0 });
  assert.deepEqual(await collect(fleet.stream("echo", numbers())), numbers());
});

test("a NATS node is reached by ws nodes, which find it by its name", options, async (context) => {
  const stage = await open(context);
  const [desk, fleet] = [await stage.ws(), stage.nats()];
  await fleet.serve("echo", echo);
  const bridge = stage.bridge({ expose: { echo: 0 } });
  await bridge.told("joined", "echo");
  assert.deepEqual(await collect(desk.stream("echo", numbers())), numbers());
  assert.deepEqual(
    bridge.events.filter(({ type }) => type === "joined").map((event) => "on" in event && event.on),
    ["ws"],
    "and is not bridged back",
  );
});

test("a bridge lets channels run side by side, and each in order", options, async (context) => {
  const stage = await open(context);
  const [desk, fleet] = [await stage.ws(), stage.nats()];
  const gate = new Gate();
  await desk.serve(
    "door",
    async ({ channel }) => {
      if (channel === "slow") {
        gate.arrive();
        await gate.open;
      }
      return channel;
    },
    { port: 0 },
  );
  await stage.bridge().told("joined", "door");
  const slow = fleet.send("door", "1", { channel: "slow" });
  await gate.arrivals(1);
  assert.equal(await fleet.send("door", "1", { channel: "quick" }), "quick");
  gate.release();
  assert.equal(await slow, "slow");
});

test("a bridge lets one sender go on while another waits with a full window", options, async (context) => {
  const stage = await open(context);
  const desk = await stage.ws();
  const gate = new Gate();
  await desk.serve(
    "door",
    async ({ message }) => {
      if (message !== "quick") {
        gate.arrive();
        await gate.open;
      }
      return message;
    },
    { port: 0 },
  );
  await stage.bridge().told("joined", "door");
  const slow = collect(stage.nats().stream("door", numbers(2_000)));
  await gate.arrivals(1);
  assert.equal(await stage.nats().send("door", "quick"), "quick");
  gate.release();
  assert.deepEqual(await slow, numbers(2_000));
});

test("a bridge holds a stream back as its far end does", options, async (context) => {
  const stage = await open(context);
  const [desk, fleet] = [await stage.ws(), stage.nats()];
  const gate = new Gate();
  await desk.serve(
    "door",
    async ({ message }) => {
      gate.arrive();
      await gate.open;
      return message;
    },
    { port: 0 },
  );
  await stage.bridge().told("joined", "door");
  let taken = 0;
  function* source() {
    for (; taken < 5_000; taken++) yield String(taken);
  }
  const acks = collect(fleet.stream("door", source()));
  await gate.arrivals(1);
  assert.ok(taken <= 1_024, `${taken} messages were taken`);
  gate.release();
  assert.deepEqual(await acks, numbers(5_000));
});

test("a bridge goes on when the NATS server was killed and is started anew", options, async (context) => {
  const stage = await open(context);
  const [desk, fleet] = [await stage.ws(), stage.nats()];
  let ran = 0;
  await desk.serve(
    "echo",
    ({ message }) => {
      assert.equal(message, String(ran++), "once, and in order");
      return message;
    },
    { port: 0 },
  );
  await stage.bridge().told("joined", "echo");
  let acked = 0;
  for await (const ack of fleet.stream("echo", numbers())) {
    assert.equal(String(ack), String(acked++));
    if (acked !== COUNT / 2) continue;
    await stage.server.kill();
    const again = await startNats({ port: stage.server.port });
    context.after(() => again.kill());
  }
  assert.deepEqual([ran, acked], [COUNT, COUNT]);
});

test("a bridge goes on when a ws node leaves and its successor comes", options, async (context) => {
  const stage = await open(context);
  const [desk, fleet] = [await stage.ws(), stage.nats()];
  const ran: string[] = [];
  const note: Handler = async ({ message }) => {
    ran.push(String(message));
    if (ran.length % 50 === 0) await new Promise(setImmediate);
    return message;
  };
  const first = await desk.serve("echo", note, { port: 0 });
  await stage.bridge().told("joined", "echo");
  let acked = 0;
  for await (const ack of fleet.stream("echo", numbers())) {
    assert.equal(String(ack), String(acked++));
    if (acked !== COUNT / 2) continue;
    await first.close();
    await desk.serve("echo", note, { port: 0 });
  }
  assert.deepEqual(ran, numbers());
});

test(
  "a bridge says that it is unknown what became of a message whose node died",
  options,
  async (context) => {
    const stage = await open(context);
    const [dying, desk, fleet] = [await stage.ws({ closeMs: 10 }), await stage.ws(), stage.nats()];
    const gate = new Gate();
    const stuck: Handler = async () => {
      gate.arrive();
      await gate.open;
    };
    const first = await dying.serve("door", stuck, { port: 0 });
    await stage.bridge().told("joined", "door");
    const unknown = fleet.send("door", "1");
    await gate.arrivals(1);
    await Promise.all([
      first.close().then(() => desk.serve("door", echo, { port: 0 })),
      assert.rejects(unknown, { code: "DELIVERY_UNKNOWN" }),
    ]);
    gate.release();
    assert.equal(await fleet.send("door", "2"), "2");
  },
);

test("two bridges share a node's senders; one that leaves loses nothing", options, async (context) => {
  const stage = await open(context);
  const desk = await stage.ws();
  const ran = new Map<string, string[]>();
  await desk.serve(
    "echo",
    ({ channel, message }) => {
      ran.set(channel, [...(ran.get(channel) ?? []), String(message)]);
      return message;
    },
    { port: 0 },
  );
  const bridges = [stage.bridge(), stage.bridge()];
  for (const bridge of bridges) await bridge.told("joined", "echo");
  const channels = ["a", "b", "c", "d"];
  let hasClosed: Promise<void> | undefined;
  const stream = async (channel: string) => {
    let acked = 0;
    for await (const ack of stage.nats().stream("echo", numbers(500), { channel })) {
      assert.equal(String(ack), String(acked++));
      if (acked === 250) hasClosed ??= bridges[0]?.close();
    }
  };
  await Promise.all(channels.map(stream));
  await hasClosed;
  for (const channel of channels) assert.deepEqual(ran.get(channel), numbers(500), channel);
});

test("a bridge says that a node which is named and not there is missing", options, async (context) => {
  const stage = await open(context);
  const fleet = stage.nats();
  const bridge = stage.bridge({ grid: { gone: "ws://127.0.0.1:1" }, patienceMs: 2_000 });
  await bridge.told("joined", "gone");
  const [result] = await Promise.allSettled([fleet.send("gone", "1")]);
  assert.ok(result?.status === "rejected");
  assert.equal(codeOf(result), "PEER_MISSING");
  assert.match(
    String(result.reason.message),
    /^Cannot get an ack from gone: its bridge cannot reach gone at ws:\/\/127\.0\.0\.1:1: nobody listens there$/,
  );
});

test("a bridge joins the nodes that are named, and no others", options, async (context) => {
  const stage = await open(context);
  const desk = await stage.ws();
  await desk.serve("motor", echo, { port: 0 });
  await desk.serve("buzzer", echo, { port: 0 });
  const bridge = stage.bridge({ names: ["buzzer"] });
  await bridge.told("joined", "buzzer");
  assert.equal(await stage.nats().send("buzzer", "1"), "1");
  const hasty = new NatsMesh({ url: stage.server.url, patienceMs: 300 });
  context.after(() => hasty.close());
  await assert.rejects(hasty.send("motor", "1"), { code: "PEER_MISSING" });
});

test("a bridge follows a node that comes later", options, async (context) => {
  const stage = await open(context);
  const desk = await stage.ws();
  const bridge = stage.bridge();
  const joined = bridge.told("joined", "late");
  await desk.serve("late", echo, { port: 0 });
  await joined;
  assert.equal(await stage.nats().send("late", "1"), "1");
});

test("bridges that know a node only from each other refuse its messages", options, async (context) => {
  const stage = await open(context);
  const one = stage.bridge({ expose: { ghost: 0 } });
  await one.told("joined", "ghost");
  const [event] = one.events.filter(({ type }) => type === "joined");
  const [address = ""] = event?.type === "joined" ? event.addresses : [];
  await stage.bridge({ names: ["ghost"], grid: { ghost: address } }).told("joined", "ghost");
  await assert.rejects(stage.nats().send("ghost", "1"), { code: "CALL_CYCLE" });
});

test("a bridge says that NATS cannot take a node's name, and joins the others", options, async (context) => {
  const stage = await open(context);
  const desk = await stage.ws();
  await desk.serve("a@b", echo, { port: 0 });
  await desk.serve("buzzer", echo, { port: 0 });
  const bridge = stage.bridge();
  await bridge.told("joined", "buzzer");
  const notices = bridge.events.flatMap((event) => (event.type === "notice" ? event.text : []));
  assert.deepEqual(notices, ['Cannot use the name "a@b" on NATS: a @ begins the id of a member']);
});

test("runBridge() says that a port is taken", options, async (context) => {
  const stage = await open(context);
  const { addresses } = await (await stage.ws()).serve("motor", echo, { port: 0 });
  const port = Number(new URL(addresses[0] ?? "").port);
  await assert.rejects(stage.bridge({ expose: { echo: port } }).ended, { code: "ADDRESS_BUSY" });
});

test("runBridge() refuses a name on both sides", options, async (context) => {
  const stage = await open(context);
  await assert.rejects(stage.bridge({ names: ["buzzer"], expose: { buzzer: 0 } }).ended, { code: "USAGE" });
});
