// One end of the measurement of fan-out.ts, as a process of its own:
//   node fan-out-end.js publisher ours|ws PROCESSES CONNECTIONS EVENTS MS
//   node fan-out-end.js subscriber ours|ws ADDRESS CONNECTIONS EVENTS
import { WebSocket, WebSocketServer } from "ws";
import type { WsMesh } from "../../src/mesh/ws/ws-mesh.js";

/** Rounds under way, so that neither end waits for the other, nor for its turn on the core. */
const ROUNDS_AHEAD = 8;

const PAYLOAD = "42";

/** Sends a round of events to all, and hears of each process when it is connected, and when it has had a round. */
interface Publisher {
  publish(): void;
}

interface RoundsOptions {
  readonly processes: number;
  /** Deliveries of a round. */
  readonly deliveries: number;
  readonly ms: number;
}

/** Prints how many deliveries a second there were, and ends. */
class Rounds {
  readonly #options: RoundsOptions;
  readonly #publisher: Publisher;
  #answers = 0;
  #rounds = 0;
  #startMs = 0;
  #isWarm = false;

  constructor(publisher: Publisher, options: RoundsOptions) {
    this.#publisher = publisher;
    this.#options = options;
  }

  /** A process is connected, or has had a round. */
  answered(): void {
    const { processes } = this.#options;
    if (++this.#answers < processes) return;
    if (this.#answers === processes) {
      this.#startMs = performance.now();
      for (let round = 0; round < ROUNDS_AHEAD; round++) this.#publish();
    } else if (this.#answers % processes === 0) {
      this.#rounds++;
      this.#look();
      this.#publish();
    }
  }

  /** In a turn of its own. */
  #publish(): void {
    setImmediate(() => this.#publisher.publish());
  }

  #look(): void {
    const { deliveries, ms } = this.#options;
    const nowMs = performance.now();
    const spentMs = nowMs - this.#startMs;
    if (spentMs < (this.#isWarm ? ms : ms / 2)) return;
    if (this.#isWarm) {
      console.log(((this.#rounds * deliveries) / spentMs) * 1_000);
      process.exit(0);
    }
    this.#isWarm = true;
    this.#startMs = nowMs;
    this.#rounds = 0;
  }
}

/** Loaded where it is needed: with our mesh, ws masks otherwise than the bare one that is the peer. */
async function makeMesh(options: ConstructorParameters<typeof WsMesh>[0]): Promise<WsMesh> {
  const { WsMesh } = await import("../../src/mesh/ws/ws-mesh.js");
  return new WsMesh(options);
}

async function publishOurs(options: RoundsOptions, events: number): Promise<void> {
  const mesh = await makeMesh({ limits: { connections: 2_048 } });
  const publish = () => {
    for (let event = 0; event < events; event++) mesh.publish("tick", PAYLOAD);
  };
  const rounds = new Rounds({ publish }, options);
  mesh.subscribe("answer", () => rounds.answered());
  const node = await mesh.serve("publisher", () => "", { host: "127.0.0.1", port: 0 });
  console.log(node.addresses[0]);
}

function publishBare(options: RoundsOptions, events: number): void {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  const publish = () => {
    for (let event = 0; event < events; event++) for (const ws of server.clients) ws.send(PAYLOAD);
  };
  const rounds = new Rounds({ publish }, options);
  server.on("connection", (ws) => ws.on("message", () => rounds.answered()));
  server.on("listening", () => {
    const address = server.address();
    if (typeof address === "object") console.log(`ws://127.0.0.1:${address?.port}`);
  });
}

/** Counts deliveries, and answers each round of them. */
function counter(deliveries: number, answer: () => void): () => void {
  let left = deliveries;
  return () => {
    if (--left > 0) return;
    left = deliveries;
    answer();
  };
}

async function subscribeOurs(address: string, connections: number, events: number): Promise<void> {
  const meshes = await Promise.all(
    Array.from({ length: connections }, () => makeMesh({ grid: { publisher: address } })),
  );
  const answer = () => void meshes[0]?.publish("answer", "");
  const count = counter(connections * events, answer);
  for (const mesh of meshes) mesh.subscribe("tick", count);
  await Promise.all(meshes.map((mesh) => mesh.join()));
  answer();
}

async function subscribeBare(address: string, connections: number, events: number): Promise<void> {
  const all = Array.from({ length: connections }, () => new WebSocket(address, { perMessageDeflate: false }));
  const answer = () => all[0]?.send("");
  const count = counter(connections * events, answer);
  for (const ws of all)
    ws.on("message", (data) => {
      data.toString();
      count();
    });
  await Promise.all(all.map((ws) => new Promise((resolve) => ws.once("open", resolve))));
  answer();
}

const [role, kind, ...rest] = process.argv.slice(2);
if (role === "publisher") {
  const [processes = 1, connections = 1, events = 1, ms = 1_000] = rest.map(Number);
  const options = { processes, deliveries: connections * events, ms };
  if (kind === "ours") await publishOurs(options, events);
  else publishBare(options, events);
} else {
  const [address = "", connections = "1", events = "1"] = rest;
  const subscribe = kind === "ours" ? subscribeOurs : subscribeBare;
  await subscribe(address, Number(connections), Number(events));
}
