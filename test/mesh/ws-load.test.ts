import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import type { MeshLimits } from "../../src/mesh/limits.js";
import type { Handler } from "../../src/mesh/mesh.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { echo, frame, serve, upgrade } from "./raw-client.js";

test("WsMesh: a client that never reads costs bounded memory, and goes on when it reads", {
  timeout: 20_000,
}, async (context) => {
  let handled = 0;
  const limits: Partial<MeshLimits> = { outstanding: 64, unsentBytes: 65_536 };
  const answer = "x".repeat(10_000);
  const handler: Handler = ({ message }) => {
    handled++;
    return message === "ping" ? message : answer;
  };
  const { port, othersGoOn } = await serve(context, handler, { limits });
  const socket = await upgrade(context, port);
  socket.pause();
  const asked = 5_000; // 50 MB of acks: more than any socket buffers
  socket.write(Buffer.concat(Array.from({ length: asked }, () => frame(1, Buffer.from("1")))));
  await untilStill(() => handled);
  assert.ok(handled < asked / 2, `${handled} messages ran while nobody read their acks`);
  await othersGoOn();
  let readBytes = 0;
  socket.on("data", (chunk) => {
    readBytes += chunk.length;
    if (readBytes === asked * (answer.length + 4)) socket.end();
  });
  socket.resume();
  await once(socket, "close");
  assert.equal(handled - 1, asked);
});

test("WsMesh reads no more from a client that is ahead of the handler", {
  timeout: 20_000,
}, async (context) => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { port, othersGoOn } = await serve(context, async ({ message }) => {
    if (message !== "ping") await gate;
    return message;
  });
  const socket = await upgrade(context, port);
  const flood = Buffer.concat(Array.from({ length: 100 }, () => frame(1, Buffer.alloc(60_000, "x"))));
  let sent = 0;
  const more = () => {
    while (sent < 10 && socket.write(flood)) sent++;
  };
  socket.on("drain", more);
  more();
  await untilStill(() => socket.bytesWritten - socket.writableLength);
  assert.ok(socket.writableLength > 0, "60 MB were taken while the handler was busy");
  await othersGoOn();
  socket.destroy();
  release();
  await othersGoOn();
});

test("WsMesh admits as many connections as it may and refuses the others", {
  timeout: 60_000,
}, async (context) => {
  const { url, othersGoOn } = await serve(context, echo);
  await othersGoOn();
  const outcomes = await Promise.all(Array.from({ length: 1_100 }, () => tryToOpen(context, url)));
  const opened = outcomes.filter((outcome) => typeof outcome !== "string");
  assert.ok(opened.length >= 1_000 && opened.length <= 1_023, `${opened.length} connections were opened`);
  await othersGoOn();
  for (const ws of opened) ws.terminate();
});

test("WsMesh serves 10 000 channels, over as many connections as it keeps", {
  timeout: 60_000,
}, async (context) => {
  const { url, othersGoOn } = await serve(context, ({ channel, message }) =>
    message === "ping" ? message : channel,
  );
  const mesh = new WsMesh({ grid: { node: url } });
  context.after(() => mesh.close());
  const channels = Array.from({ length: 10_000 }, (_, index) => `channel ${index}`);
  const acks = await Promise.all(channels.map((channel) => mesh.send("node", "1", { channel })));
  assert.deepEqual(acks, channels);
  await othersGoOn();
});

test("WsMesh aborts the handler when its client has gone away", { timeout: 10_000 }, async (context) => {
  let started = (_signal: AbortSignal) => {};
  const start = new Promise<AbortSignal>((resolve) => {
    started = resolve;
  });
  const { port } = await serve(context, ({ signal }) => {
    started(signal);
    return new Promise(() => {});
  });
  const socket = await upgrade(context, port);
  socket.write(frame(1, Buffer.from("1")));
  const signal = await start;
  socket.destroy();
  if (!signal.aborted) await once(signal, "abort");
});

/** An open WebSocket, or why there is none. */
function tryToOpen(context: TestContext, url: string): Promise<WebSocket | string> {
  return new Promise((resolve) => {
    const ws = new WebSocket(url, { perMessageDeflate: false });
    context.after(() => ws.terminate());
    ws.on("open", () => resolve(ws));
    ws.on("error", (error) => resolve(error.message));
  });
}

/** Resolves when a figure has not changed for 50 turns of the event loop. */
async function untilStill(figure: () => number): Promise<void> {
  for (let still = 0, last = figure(); still < 50; still = figure() === last ? still + 1 : 0) {
    last = figure();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
