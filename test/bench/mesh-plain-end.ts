// One end of the measurement of mesh-plain.ts, as a process of its own:
//   node mesh-plain-end.js server ours|ws
//   node mesh-plain-end.js send|stream|ws ADDRESS DEPTH BYTES
import { WebSocket, WebSocketServer } from "ws";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";

const WARM_UP_MS = 500;
const MEASURED_MS = 1_000;

/** Counts acks, and prints how many came in a second. */
class Meter {
  #acks = 0;
  #startMs = performance.now() + WARM_UP_MS;
  #isWarm = false;

  /** Counts one. Returns false when it is over. */
  count(): boolean {
    if ((++this.#acks & 15) !== 0) return true;
    const nowMs = performance.now();
    if (!this.#isWarm) {
      if (nowMs >= this.#startMs) {
        this.#isWarm = true;
        this.#startMs = nowMs;
        this.#acks = 0;
      }
      return true;
    }
    if (nowMs - this.#startMs < MEASURED_MS) return true;
    console.log((this.#acks / (nowMs - this.#startMs)) * 1_000);
    process.exit(0);
  }
}

async function serve(kind: string): Promise<void> {
  if (kind === "ours") {
    const node = await new WsMesh().serve("echo", ({ message }) => message, { host: "127.0.0.1", port: 0 });
    console.log(node.addresses[0]);
    return;
  }
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (ws) => ws.on("message", (data) => ws.send(data.toString())));
  server.on("listening", () => {
    const address = server.address();
    if (typeof address === "object") console.log(`ws://127.0.0.1:${address?.port}`);
  });
}

function runWs(address: string, depth: number, message: string): void {
  const meter = new Meter();
  const ws = new WebSocket(address, { perMessageDeflate: false });
  ws.on("open", () => {
    for (let sent = 0; sent < depth; sent++) ws.send(message);
  });
  ws.on("message", (data) => {
    data.toString();
    if (meter.count()) ws.send(message);
  });
}

async function runSend(address: string, depth: number, message: string): Promise<void> {
  const mesh = new WsMesh({ grid: { echo: address } });
  await mesh.send("echo", message);
  const meter = new Meter();
  const chain = async () => {
    do await mesh.send("echo", message);
    while (meter.count());
  };
  await Promise.all(Array.from({ length: depth }, chain));
}

async function runStream(address: string, depth: number, message: string): Promise<void> {
  const mesh = new WsMesh({ grid: { echo: address }, limits: { outstanding: depth } });
  await mesh.send("echo", message);
  const meter = new Meter();
  function* messages() {
    for (;;) yield message;
  }
  for await (const _ of mesh.stream("echo", messages())) if (!meter.count()) break;
}

const [role = "", target = "", depth = "1", bytes = "2"] = process.argv.slice(2);
const message = "x".repeat(Number(bytes));
if (role === "server") await serve(target);
else if (role === "ws") runWs(target, Number(depth), message);
else await (role === "send" ? runSend : runStream)(target, Number(depth), message);
