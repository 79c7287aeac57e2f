import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { WsMesh, type WsMeshOptions } from "../../src/mesh/ws/ws-mesh.js";
import { machine, refusal, secretsOf, writeCredentials } from "./safety/desk.js";

/** A node that speaks the plain protocol only, and how it goes. */
async function servePlainly(context: TestContext, port = 0) {
  const server = new WebSocketServer({ port, host: "127.0.0.1", handleProtocols: () => false });
  const paths: (string | undefined)[] = [];
  server.on("connection", (ws: WebSocket, { url }) => {
    ws.on("message", (data) => {
      paths.push(url);
      if (String(data) !== "wait") ws.send(`plain ${String(data)}`);
    });
  });
  await once(server, "listening");
  const stop = async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  context.after(stop);
  // The cast: it listens on a port.
  const { port: bound } = server.address() as AddressInfo;
  return { port: bound, url: `ws://127.0.0.1:${bound}`, paths, stop };
}

function meshOf(context: TestContext, options: WsMeshOptions = {}): WsMesh {
  const mesh = new WsMesh({ limits: { closeMs: 50 }, ...options });
  context.after(() => mesh.close());
  return mesh;
}

/** Sends until an ack says what answers there now: a connection that ends is noticed in a later turn. */
async function sendUntil(mesh: WsMesh, expected: string, lane?: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const ack = await mesh.send("lamp", { level: 1 }, { lane }).catch(({ code }: { code: string }) => code);
    if (ack === expected) return;
    assert.ok(ack === "PEER_LOST" || ack === "DELIVERY_UNKNOWN", `${String(ack)} came in between`);
  }
  assert.fail(`no ack was ${expected}`);
}

test("A target that spoke plainly is asked anew when its last connection has ended", async (context) => {
  const plain = await servePlainly(context);
  const notices: (string | undefined)[] = [];
  const mesh = meshOf(context, {
    grid: { lamp: plain.url },
    notice: ({ peer, problem }) => notices.push(`${peer} ${problem?.code}`),
  });
  const asPlain = 'plain {"level":1}';
  for (const lane of ["a", "b"]) await sendUntil(mesh, asPlain, lane);
  await plain.stop();
  // Only by the framed protocol is it still an object.
  const node = await meshOf(context).serve("lamp", ({ message }) => `framed ${typeof message}`, {
    port: plain.port,
  });
  for (const lane of ["a", "b"]) await sendUntil(mesh, "framed object", lane);
  await node.close();
  const again = await servePlainly(context, plain.port);
  for (const lane of ["a", "b"]) await sendUntil(mesh, asPlain, lane);
  await again.stop();
  await meshOf(context).serve("lamp", ({ message }) => typeof message, { port: plain.port });
  await sendUntil(mesh, "object");
  assert.ok(notices.length % 2 === 0, `who is missing comes back: ${notices.join(", ")}`);
});

test("A target whose kind was seen by a subscriber only is asked anew", async (context) => {
  const plain = await servePlainly(context);
  const mesh = meshOf(context, { grid: { lamp: plain.url } });
  mesh.subscribe("button.>", () => {});
  await mesh.join();
  await plain.stop();
  await meshOf(context).serve("lamp", ({ message }) => message, { port: plain.port });
  assert.deepEqual(await mesh.send("lamp", { level: 1 }), { level: 1 });
});

test("Whether a target may be spoken to plainly is asked at each connection", async (context) => {
  const plain = await servePlainly(context);
  const here = await machine(context, secretsOf("iopin"), { grid: { lamp: plain.url } });
  const send = (channel: string) => here.mesh.send("lamp", "1", { channel });
  assert.equal(await send("a"), "plain 1");
  // From now on it would have to prove its name.
  writeCredentials(here.path, secretsOf("iopin", "lamp"));
  await here.safety.look();
  const { code, text } = await refusal(send("b"));
  assert.equal(code, "ACCESS_DENIED");
  assert.match(text, /cannot prove its credential/);
  assert.deepEqual(plain.paths, ["/a"]);
  writeCredentials(here.path, secretsOf("iopin"));
  await here.safety.look();
  assert.equal(await send("b"), "plain 1");
});

test("WsMesh.counts() tells of plain connections what is under way", async (context) => {
  const plain = await servePlainly(context);
  const mesh = meshOf(context, { grid: { lamp: plain.url } });
  const load = () => {
    const { isConnected, outstanding, window, queued } = mesh.counts().peers[0] ?? assert.fail("no peer");
    return { isConnected, outstanding, window, queued };
  };
  assert.equal(await mesh.send("lamp", "1"), "plain 1");
  assert.deepEqual(load(), { isConnected: true, outstanding: 0, window: 1_024, queued: 0 });
  const waiting = Promise.allSettled(["a", "b"].map((lane) => mesh.send("lamp", "wait", { lane })));
  assert.deepEqual(load(), { isConnected: true, outstanding: 2, window: 1_024, queued: 0 });
  await plain.stop();
  await waiting;
  assert.deepEqual(load(), { isConnected: false, outstanding: 0, window: 0, queued: 0 });
});
