import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { type WebSocketOptions, websocket } from "../../../src/flow/sources/websocket.js";
import { turns } from "../../contract/waiting.js";
import { nobody } from "../http-server.js";
import { bench, reader, until } from "../source-context.js";

/** A server, its connections so far, and the source's items. */
async function scene(t: TestContext, options: WebSocketOptions = {}, autoPong = true) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", autoPong });
  const connections: WebSocket[] = [];
  const heard: string[] = [];
  server.on("connection", (ws) => {
    ws.on("message", (data) => heard.push(String(data)));
    connections.push(ws);
  });
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => {
    for (const ws of server.clients) ws.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // of a TCP server that listens
  const { context, clock, logged, stop } = bench();
  const url = `ws://127.0.0.1:${port}/feed`;
  const items = reader(websocket(`${url}?key=secret`, options)(context));
  return { url, connections, heard, items, clock, logged, stop };
}

test("websocket() has connect, message and disconnect as outputs", async (t) => {
  const { url, connections, items } = await scene(t);
  const connect = await items.next();
  assert.equal(connect.output, "connect");
  assert.deepEqual(connect.item, { url, protocol: "" });
  await until(() => connections.length === 1, "the server knows of it");
  connections[0]?.send("a text");
  connections[0]?.send(Buffer.of(1, 2));
  connections[0]?.close(4000, "for today");
  const [text, bytes, disconnect] = await items.take(3);
  assert.deepEqual([text?.output, text?.item], ["message", "a text"]);
  assert.deepEqual([bytes?.output, bytes?.item], ["message", Buffer.of(1, 2)]);
  assert.deepEqual(
    [disconnect?.output, disconnect?.item],
    ["disconnect", { url, code: 4000, reason: "for today" }],
  );
  await items.leave();
});

test("websocket() connects again, greets again, and waits longer where that was of no use", async (t) => {
  const { connections, heard, items, clock, logged } = await scene(t, { greeting: ["subscribe"] });
  let next = items.next();
  for (const [count, waitMs] of [
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
  ] as const) {
    assert.equal((await next).output, "connect");
    await until(() => heard.length === count, "the server has been greeted");
    connections[count - 1]?.terminate();
    assert.equal((await items.next()).output, "disconnect");
    next = items.next();
    await until(() => logged.length === count, "it says so");
    assert.match(logged[count - 1] ?? "", new RegExp(`feed: .*; trying again in ${waitMs} ms$`));
    clock.advance(waitMs - 1);
    await turns();
    assert.equal(connections.length, count, "it came too early");
    clock.advance(1);
  }
  await next;
  assert.deepEqual(new Set(heard), new Set(["subscribe"]));
  await items.leave();
});

test("websocket() takes a server for gone that says nothing from one ping to the next", async (t) => {
  const { connections, items, clock } = await scene(t, { heartbeatMs: 1_000 }, false);
  await items.next();
  await until(() => connections.length === 1, "the server knows of it");
  const pinged = new Promise((resolve) => connections[0]?.once("ping", resolve));
  const next = items.next();
  clock.advance(1_000);
  await pinged;
  clock.advance(1_000);
  const { output, item } = await next;
  assert.equal(output, "disconnect");
  assert.match(JSON.stringify(item), /"code":1006,"reason":"it has said nothing for 1000 ms"/);
});

test("websocket() stays with a server that answers pings", async (t) => {
  const { connections, items, clock } = await scene(t, { heartbeatMs: 1_000 }, false);
  await items.next();
  await until(() => connections.length === 1, "the server knows of it");
  const [ws] = connections;
  const next = items.next();
  for (let beat = 0; beat < 5; beat++) {
    const pinged = new Promise((resolve) => ws?.once("ping", resolve));
    clock.advance(1_000);
    await pinged;
    ws?.pong();
    // The pong comes before this, which says that it is there.
    ws?.send(`beat ${beat}`);
    assert.equal((await (beat === 0 ? next : items.next())).item, `beat ${beat}`);
  }
  await items.leave();
});

test("websocket() reads no further while nobody takes its messages, and loses none", async (t) => {
  const { connections, items } = await scene(t);
  await items.next();
  await until(() => connections.length === 1, "the server knows of it");
  const [ws] = connections;
  const page = "x".repeat(10_000);
  const count = 3_000;
  for (let message = 0; message < count; message++) ws?.send(`${message} ${page}`);
  for (let round = 0; round < 50; round++) await turns();
  assert.ok((ws?.bufferedAmount ?? 0) > 5_000_000, "the server feels nothing of it");
  const taken = await items.take(count);
  assert.deepEqual(
    taken.map(({ item }) => Number.parseInt(String(item), 10)),
    taken.map((_, place) => place),
  );
  await items.leave();
});

test("websocket() fails after so many tries without a connection", async () => {
  const url = (await nobody()).replace("http", "ws");
  const { context, clock, logged } = bench();
  const next = reader(websocket(url, { failAfter: 2 })(context)).next();
  await until(() => logged.length === 1, "the first one has failed");
  clock.advance(1_000);
  await assert.rejects(next, {
    code: "PEER_MISSING",
    message: `Cannot hear ${url}: 2 tries in a row have failed, the last one with "nobody listens there"`,
  });
});

test("websocket() that is stopped leaves no connection and no timer", async (t) => {
  const { connections, items, clock, stop } = await scene(t);
  await items.next();
  await until(() => connections.length === 1, "the server knows of it");
  const closed = new Promise((resolve) => connections[0]?.once("close", resolve));
  const rest = items.rest();
  stop();
  assert.deepEqual(await rest, []);
  await closed;
  assert.equal(clock.pending, 0);
});
