// One end of the measurement of mesh-plain.ts and mesh-framed.ts, as a process of its own:
//   node mesh-end.js server ours|poll|ws
//   node mesh-end.js send|stream|ws ADDRESS DEPTH BYTES MS plain|framed|poll
import type { WsMeshOptions } from "../../src/mesh/ws/ws-mesh.js";
import { Meter } from "./meter.js";
import { keepSending, keepStreaming, type Sending } from "./sending.js";

async function serve(kind: string): Promise<void> {
  if (kind !== "ws") {
    const node = await (await makeMesh({ poll: kind === "poll" })).serve("echo", ({ message }) => message, {
      host: "127.0.0.1",
      port: 0,
    });
    console.log(node.addresses[0]);
    return;
  }
  const { WebSocketServer } = await import("ws");
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (ws) => ws.on("message", (data) => ws.send(data.toString())));
  server.on("listening", () => {
    const address = server.address();
    if (typeof address === "object") console.log(`ws://127.0.0.1:${address?.port}`);
  });
}

/** Loaded where it is needed: with our mesh, ws masks otherwise than the bare one that is the peer. */
async function makeMesh(options?: WsMeshOptions) {
  const { WsMesh } = await import("../../src/mesh/ws/ws-mesh.js");
  return new WsMesh(options);
}

async function runWs(address: string): Promise<void> {
  const { WebSocket } = await import("ws");
  const { message, depth, times } = sending;
  const meter = new Meter(times);
  const ws = new WebSocket(address, { perMessageDeflate: false });
  ws.on("open", () => {
    for (let sent = 0; sent < depth; sent++) ws.send(message);
  });
  ws.on("message", (data) => {
    data.toString();
    meter.count();
    ws.send(message);
  });
}

async function runSend(address: string): Promise<void> {
  await keepSending(await makeMesh({ grid: { echo: address }, framed, poll }), sending);
}

async function runStream(address: string): Promise<void> {
  const limits = { outstanding: sending.depth };
  await keepStreaming(await makeMesh({ grid: { echo: address }, framed, poll, limits }), sending);
}

const [role = "", target = "", depth = "1", bytes = "2", ms = "1000", protocol] = process.argv.slice(2);
const framed = protocol !== "plain";
const poll = protocol === "poll";
const sending: Sending = {
  message: "x".repeat(Number(bytes)),
  depth: Number(depth),
  times: { warmUpMs: Number(ms) / 2, measuredMs: Number(ms) },
};
if (role === "server") await serve(target);
else await { ws: runWs, stream: runStream, send: runSend }[role as "ws" | "stream" | "send"](target);
