// One end of the measurement of mesh-nats.ts, as a process of its own:
//   node mesh-nats-end.js server ours|request
//   node mesh-nats-end.js send|stream|request ADDRESS DEPTH BYTES MS
import { connect } from "@nats-io/transport-node";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { startNats } from "../mesh/nats-server.js";
import { Meter } from "./meter.js";
import { keepSending, keepStreaming, type Sending } from "./sending.js";

/** The server's own server: it runs on the same core. */
async function serve(kind: string): Promise<void> {
  const server = await startNats();
  process.once("SIGTERM", () => void server.kill().then(() => process.exit(0)));
  if (kind === "ours") {
    await new NatsMesh({ url: server.url }).serve("echo", ({ message }) => message);
  } else {
    const client = await connect({ servers: server.url });
    client.subscribe("echo", { callback: (_, message) => void message.respond(message.data) });
    await client.flush();
  }
  console.log(server.url);
}

async function runRequest(url: string, { message, depth, times }: Sending): Promise<void> {
  const client = await connect({ servers: url });
  const meter = new Meter(times);
  const chain = async () => {
    for (;;) {
      (await client.request("echo", message, { timeout: 30_000 })).string();
      meter.count();
    }
  };
  await Promise.all(Array.from({ length: depth }, chain));
}

const [role = "", target = "", depth = "1", bytes = "2", ms = "1000"] = process.argv.slice(2);
const sending: Sending = {
  message: "x".repeat(Number(bytes)),
  depth: Number(depth),
  times: { warmUpMs: Number(ms) / 2, measuredMs: Number(ms) },
};
if (role === "server") await serve(target);
else if (role === "request") await runRequest(target, sending);
else if (role === "send") await keepSending(new NatsMesh({ url: target }), sending);
else await keepStreaming(new NatsMesh({ url: target, limits: { outstanding: sending.depth } }), sending);
