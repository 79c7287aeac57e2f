import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Server as SocketIoServer } from "socket.io";
import { type WebSocket, WebSocketServer } from "ws";
import { Flow } from "../../src/flow/flow.js";
import type { Manager } from "../../src/flow/manager.js";
import type { Emission, SourceFunction } from "../../src/flow/source.js";
import { bench, reader, until } from "../flow/source-context.js";
import { temporaryFolder } from "../temporary-folder.js";

type Feed = (...args: readonly unknown[]) => SourceFunction<Emission>;

const { socketIo }: { socketIo: Feed } = await import(example("socket-io.js"));
const { pusherChannel }: { pusherChannel: Feed } = await import(example("pusher.js"));
const { feed }: { feed: (name: string, start: unknown, options: object) => Manager } = await import(
  example("feeds.flow.js")
);

function example(name: string): string {
  return new URL(`../../../examples/feeds/${name}`, import.meta.url).href;
}

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // of a TCP server that listens
}

/** A life of a source that ends with the test. */
function live(t: TestContext, feed: SourceFunction<Emission>) {
  const { context, clock, logged, stop } = bench();
  const items = reader(feed(context));
  t.after(() => {
    stop();
    return items.leave();
  });
  return { items, clock, logged, stop };
}

/** Without waits that a test would have to sit through. */
const SOON = { reconnectionDelay: 1, reconnectionDelayMax: 5, transports: ["websocket"] };

async function socketIoScene(t: TestContext, options: object = SOON) {
  const server = createServer();
  const io = new SocketIoServer(server);
  const port = await listen(t, server);
  t.after(() => io.close());
  const url = `http://127.0.0.1:${port}`;
  return { io, url, ...live(t, socketIo(url, options)) };
}

test("Socket.IO: connect, message and disconnect are outputs", async (t) => {
  const { io, url, items, stop } = await socketIoScene(t);
  const { output, item } = await items.next();
  assert.equal(output, "connect");
  await until(() => io.sockets.sockets.size === 1, "the server knows of it");
  const [socket] = io.sockets.sockets.values();
  assert.deepEqual(item, { url, id: socket?.id });
  io.emit("price", "AAPL", { price: 1 });
  assert.deepEqual((await items.next()).item, { event: "price", args: ["AAPL", { price: 1 }] });
  socket?.conn.close();
  assert.equal((await items.next()).output, "disconnect");
  const gone = until(() => io.sockets.sockets.size === 0, "the server has heard the end");
  const rest = items.rest();
  stop();
  await rest;
  await gone;
});

test("Socket.IO: it connects again, also where the server has sent it away", async (t) => {
  const { io, items, clock } = await socketIoScene(t);
  for (const leave of ["break", "send away", "break"]) {
    assert.equal((await items.next()).output, "connect");
    await until(() => io.sockets.sockets.size === 1, "the server knows of it");
    if (leave === "break") for (const socket of io.sockets.sockets.values()) socket.conn.close();
    else io.disconnectSockets();
    assert.equal((await items.next()).output, "disconnect");
    clock.advance(1_000);
  }
  assert.equal((await items.next()).output, "connect");
});

test("Socket.IO: a server that refuses it is its failure", async (t) => {
  const { io, items } = await socketIoScene(t);
  io.use((_socket, next) => next(new Error("who are you")));
  await assert.rejects(items.next(), /Cannot hear http.*: who are you/);
});

test("Socket.IO: what nobody takes in time is dropped, counted and told", async (t) => {
  const { io, items, logged } = await socketIoScene(t, { ...SOON, mostWaiting: 2 });
  await items.next();
  await until(() => io.sockets.sockets.size === 1, "the server knows of it");
  for (let price = 0; price < 5; price++) io.emit("price", price);
  await until(() => logged.length === 1, "it drops some");
  io.emit("last");
  const taken = [];
  do taken.push(await items.next());
  while (JSON.stringify(taken.at(-1)?.item) !== '{"event":"last","args":[]}');
  const missed = taken.filter(({ output }) => output === "missed").map(({ item }) => Number(item));
  const messages = taken.filter(({ output }) => output === "message");
  assert.equal(messages.length + missed.reduce((sum, count) => sum + count, 0), 6);
});

/** What a server of Pusher's protocol says and hears, on one connection. */
interface PusherEnd {
  readonly ws: WebSocket;
  readonly heard: { readonly event: string; readonly data: { readonly channel?: string } }[];
}

/** A server of Pusher's protocol, version 7, as much of it as public channels need. */
async function pusherScene(t: TestContext, options: object = {}, refusal?: number) {
  const server = createServer();
  const ends: PusherEnd[] = [];
  new WebSocketServer({ server }).on("connection", (ws, { url }) => {
    assert.match(url ?? "", /^\/app\/key\?protocol=7&client=js/);
    if (refusal !== undefined) {
      ws.close(refusal);
      return;
    }
    const end: PusherEnd = { ws, heard: [] };
    ends.push(end);
    say(end, {
      event: "pusher:connection_established",
      data: { socket_id: `1.${ends.length}`, activity_timeout: 120 },
    });
    ws.on("message", (text) => {
      const message = JSON.parse(String(text));
      end.heard.push(message);
      if (message.event !== "pusher:subscribe") return;
      const { channel } = message.data;
      say(end, { event: "pusher_internal:subscription_succeeded", channel, data: {} });
    });
  });
  const wsPort = await listen(t, server);
  const place = { wsHost: "127.0.0.1", wsPort, forceTLS: false, enabledTransports: ["ws"] };
  return { ends, ...live(t, pusherChannel("key", "stock", { ...place, ...options })) };
}

interface PusherMessage {
  readonly event: string;
  readonly channel?: string;
  readonly data: object;
}

/** The protocol's data is JSON in JSON. */
function say({ ws }: PusherEnd, { data, ...message }: PusherMessage): void {
  ws.send(JSON.stringify({ ...message, data: JSON.stringify(data) }));
}

test("Pusher: connect, message and disconnect are outputs, and it connects and subscribes again", async (t) => {
  const { ends, items, stop } = await pusherScene(t);
  for (const life of [1, 2]) {
    const { output, item } = await items.next();
    assert.equal(output, "connect");
    assert.deepEqual(item, { channel: "stock", id: `1.${life}` });
    const end = ends[life - 1];
    assert.ok(end);
    await until(() => end.heard.length > 0, "it has subscribed");
    assert.deepEqual(end.heard[0]?.data.channel, "stock");
    say(end, { event: "price", channel: "stock", data: { price: life } });
    say(end, { event: "price", channel: "another", data: { price: 0 } });
    assert.deepEqual((await items.next()).item, { event: "price", data: { price: life } });
    // Come again at once (the protocol's connection close codes).
    end.ws.close(4200);
    assert.equal((await items.next()).output, "disconnect");
  }
  const rest = items.rest();
  stop();
  await rest;
});

test("Pusher: a server that forbids it to come again is its failure", async (t) => {
  const { items, logged } = await pusherScene(t, {}, 4001);
  await assert.rejects(items.next(), /Cannot hear the channel stock: the server has refused/);
  assert.deepEqual(logged, ["stock: 4001"]);
});

test("Pusher: what nobody takes in time is dropped, counted and told", async (t) => {
  const { ends, items, logged } = await pusherScene(t, { mostWaiting: 2, overflow: "drop-newest" });
  await items.next();
  const [end] = ends;
  assert.ok(end);
  await until(() => end.heard.length > 0, "it has subscribed");
  for (let price = 0; price < 5; price++) say(end, { event: "price", channel: "stock", data: { price } });
  await until(() => logged.length > 0, "it drops some");
  // Those of one packet come in one turn.
  const [first, second, third] = await items.take(3);
  assert.equal(first?.output, "missed");
  assert.deepEqual(
    [second, third].map((item) => item?.item),
    [
      { event: "price", data: { price: 0 } },
      { event: "price", data: { price: 1 } },
    ],
  );
});

test("the feeds' flow writes messages into a file, and tells of the connection", async (t) => {
  const server = createServer();
  const io = new SocketIoServer(server);
  const url = `http://127.0.0.1:${await listen(t, server)}`;
  t.after(() => io.close());
  const path = join(temporaryFolder(), "messages.ndjson");
  const logged: string[] = [];
  const log = (text: string) => logged.push(text);
  const flow = new Flow({ name: "feeds", managers: [feed("desk", socketIo(url, SOON), { log, path })] });
  flow.start();
  await until(() => logged.length === 1, "it is connected");
  await until(() => io.sockets.sockets.size === 1, "the server knows of it");
  io.emit("price", "AAPL", 1);
  await until(() => flow.status[0]?.parts.ndjson?.handled === 1, "the message is written");
  const [status] = await flow.stop();
  assert.equal(status?.state, "stopped");
  assert.equal(readFileSync(path, "utf8"), '{"event":"price","args":["AAPL",1]}\n');
  assert.deepEqual(logged, ["desk is connected"]);
});
