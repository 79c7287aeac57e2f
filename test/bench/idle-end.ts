// Servers and clients of the measurement of idle.ts. It prints the bytes that a connection costs its server:
//   node --expose-gc idle-end.js ours|ws CONNECTIONS
//   node idle-end.js clients ours|ws ADDRESS CONNECTIONS   (which it starts itself)
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { WebSocket, WebSocketServer } from "ws";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import { FRAMED_PROTOCOL, RECORD } from "../../src/mesh/framed/records.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";

/** Connections that are opened at the same time: fewer than wait in a listening socket's queue. */
const AT_ONCE = 64;

/** Serves, and returns the address. */
async function serve(kind: string, connections: number): Promise<string> {
  if (kind === "ours") {
    const mesh = new WsMesh({ limits: { connections } });
    const node = await mesh.serve("echo", ({ message }) => message, { host: "127.0.0.1", port: 0 });
    return node.addresses[0] ?? "";
  }
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (ws) => ws.on("message", (data) => ws.send(data.toString())));
  await once(server, "listening");
  const address = server.address();
  return `ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

/** Bytes in use, garbage apart. */
async function usedBytes(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measure(kind: string, connections: number): Promise<void> {
  const address = await serve(kind, connections + 1);
  // Of which the first pays for what all share.
  await openClients(kind, address, 1);
  const before = await usedBytes();
  const end = fileURLToPath(import.meta.url);
  const clients = spawn(process.execPath, [end, "clients", kind, address, `${connections}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(clients.stdout, "data");
  console.log(((await usedBytes()) - before) / connections);
  clients.kill("SIGKILL");
  process.exit(0);
}

/** Opens connections, each of which has had one message answered. */
async function openClients(kind: string, address: string, connections: number): Promise<void> {
  const open: WebSocket[] = [];
  while (open.length < connections) {
    const count = Math.min(AT_ONCE, connections - open.length);
    open.push(...(await Promise.all(Array.from({ length: count }, () => openClient(kind, address)))));
  }
}

async function openClient(kind: string, address: string): Promise<WebSocket> {
  const ws = new WebSocket(address, kind === "ours" ? [FRAMED_PROTOCOL] : [], { perMessageDeflate: false });
  await once(ws, "open");
  if (kind === "ours") await talk(ws);
  else await ask(ws, "1");
  return ws;
}

/** A session whose only message is acknowledged and confirmed. */
async function talk(ws: WebSocket): Promise<void> {
  const writer = new FrameWriter();
  const sender = crypto.randomUUID();
  writer.json(RECORD.hello, { version: 1, sender, target: "echo", channels: [] });
  await ask(ws, writer.take());
  writer.open(0, "datafeed");
  writer.message(0, 1, "1", undefined);
  await ask(ws, writer.take());
  writer.numbers(RECORD.confirm, 0, 1);
  writer.numbers(RECORD.ping, 0);
  await ask(ws, writer.take());
}

/** Sends, and waits for what comes back. */
async function ask(ws: WebSocket, data: string | Uint8Array): Promise<void> {
  ws.send(data);
  await once(ws, "message");
}

const [role = "", ...rest] = process.argv.slice(2);
if (role === "clients") {
  const [kind = "", address = "", connections = ""] = rest;
  await openClients(kind, address, Number(connections));
  console.log("open");
} else {
  await measure(role, Number(rest[0]));
}
