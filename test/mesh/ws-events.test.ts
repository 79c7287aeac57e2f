import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { ManualClock } from "../../src/core/manual-clock.js";
import { Discovery } from "../../src/mesh/discovery/discovery.js";
import type { Sightings, Source } from "../../src/mesh/discovery/source.js";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import { probeWs } from "../../src/mesh/ws/probe.js";
import { WsMesh, type WsMeshOptions } from "../../src/mesh/ws/ws-mesh.js";
import { Ear } from "../contract/events.js";
import { turns } from "../contract/waiting.js";
import { advertOf } from "./discovery/adverts.js";

const options = { timeout: 20_000 };

function open(context: TestContext, more: WsMeshOptions = {}): WsMesh {
  const mesh = new WsMesh(more);
  context.after(() => mesh.close());
  return mesh;
}

/** Serves a node, so that others can link with its process. @returns Where. */
async function serve(mesh: WsMesh, name: string, port = 0): Promise<string> {
  const node = await mesh.serve(name, ({ message }) => message, { host: "127.0.0.1", port });
  return node.addresses[0] ?? "";
}

/** Tells one mesh of nodes, when a test says so. */
function findsBy(context: TestContext): { readonly mesh: WsMesh; readonly sightings: () => Sightings } {
  let sightings: Sightings | undefined;
  const source: Source = {
    name: "local",
    start: async (told) => {
      sightings = told;
    },
    close: async () => {},
  };
  const discovery = new Discovery({ sources: [source], identify: probeWs });
  return {
    mesh: open(context, { discovery }),
    sightings: () => sightings ?? assert.fail("nobody has begun to look"),
  };
}

test("WsMesh hears the nodes that are found, as they come", options, async (context) => {
  const { mesh, sightings } = findsBy(context);
  const [first, second] = [open(context), open(context)];
  const ear = new Ear(mesh, "x");
  await mesh.join();
  sightings().announce(advertOf(1, { name: "one", addresses: [await serve(first, "one")] }));
  await mesh.join();
  assert.equal(first.publish("x", 1), 1);
  sightings().announce(advertOf(2, { name: "two", addresses: [await serve(second, "two")] }));
  await mesh.join();
  assert.equal(second.publish("x", 2), 1);
  await ear.until(2);
  assert.deepEqual(ear.events.map(({ from, data }) => [from, data]).sort(), [
    ["one", 1],
    ["two", 2],
  ]);
});

test("WsMesh hears a process once that serves several nodes", options, async (context) => {
  const [near, far] = [open(context), open(context)];
  for (const name of ["one", "two", "three"]) near.introduce(name, await serve(far, name));
  far.introduce("near", await serve(near, "near"));
  const ear = new Ear(near, "x");
  const back = new Ear(far, "x");
  await near.join();
  await far.join();
  for (let data = 0; data < 100; data++) far.publish("x", data);
  for (let data = 0; data < 100; data++) near.publish("x", data);
  // A hundred of its own, and a hundred of the other's.
  await Promise.all([ear.until(200), back.until(200)]);
  await turns();
  assert.equal(ear.events.length, 200);
  assert.equal(back.events.length, 200);
});

test("WsMesh says nothing of a node that is away, and hears it when it is back", options, async (context) => {
  const notices: string[] = [];
  const [near, far, successor] = [
    open(context, { patienceMs: 100, notice: ({ peer }) => notices.push(peer) }),
    open(context),
    open(context),
  ];
  const address = await serve(far, "node");
  near.introduce("node", address);
  const ear = new Ear(near, "x");
  await near.join();
  far.publish("x", 1);
  await ear.until(1);
  await far.close();
  await serve(successor, "node", Number(new URL(address).port));
  while (successor.publish("x", "?") === 0) await turns();
  successor.publish("x", 2);
  await ear.when(() => ear.data.includes(2));
  assert.deepEqual(notices, []);
});

test("WsMesh.join() waits for nobody who is not there", options, async (context) => {
  const near = open(context);
  const port = await findFreePort();
  near.introduce("nobody", `ws://127.0.0.1:${port}`);
  const ear = new Ear(near, "x");
  await near.join();
  near.publish("x", 1);
  await ear.until(1);
});

test("WsMesh gives up a node that takes a link and never answers", options, async (context) => {
  const clock = new ManualClock();
  const server = createServer();
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const near = open(context, { clock });
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  near.introduce("mute", `ws://127.0.0.1:${port}`);
  const joined = near.join();
  await once(server, "connection");
  clock.advance(5_000);
  await joined;
});

test("WsMesh leaves a node alone that speaks the plain protocol only", options, async (context) => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => false });
  await once(server, "listening");
  context.after(() => server.close());
  let connections = 0;
  server.on("connection", (ws) => {
    connections++;
    ws.on("message", (data) => ws.send(`heard ${String(data)}`));
  });
  const near = open(context);
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  near.introduce("foreign", `ws://127.0.0.1:${port}`);
  near.publish("x", 1);
  await near.join();
  await near.join();
  assert.equal(connections, 1, "the one that found out");
  assert.equal(await near.send("foreign", "1"), "heard 1");
});

test(
  "WsMesh drops events for who does not read, keeps none, and goes on for others",
  options,
  async (context) => {
    const near = open(context, { limits: { unsentBytes: 4_096 } });
    const fine = open(context);
    const address = await serve(near, "node");
    fine.introduce("node", address);
    const ear = new Ear(fine, "x");
    await fine.join();
    const stuck = new WebSocket(`${address}/`, "circuit.1", { perMessageDeflate: false });
    context.after(() => stuck.terminate());
    let heardBytes = 0;
    stuck.on("message", (data: Buffer) => {
      heardBytes += data.length;
    });
    await once(stuck, "open");
    const writer = new FrameWriter();
    writer.json(0x01, { version: 1, sender: "s", target: "node", channels: [] });
    stuck.send(writer.take());
    writer.interest({ process: "stuck", patterns: ["x"] });
    stuck.send(writer.take());
    while (near.publish("x", "") !== 2) await turns();
    stuck.pause();
    const long = "x".repeat(60_000);
    let sent = 0;
    while (near.counts().events.dropped === 0 && sent < 2_000) {
      near.publish("x", long);
      sent++;
      await ear.when(() => ear.data.filter((data) => data === long).length === sent);
    }
    assert.ok(near.counts().events.dropped > 0, `nothing dropped of ${sent}`);
    near.publish("x", "last");
    await ear.when(() => ear.data.at(-1) === "last");
    const { dropped } = near.counts().events;
    stuck.resume();
    while (heardBytes < (sent - dropped) * 60_000) await turns();
    assert.ok(heardBytes < sent * 60_000);
  },
);

for (const side of ["publisher", "listener"] as const) {
  test(
    `last events of more than a link takes at once arrive over one that the ${side} made, and after it broke what is new`,
    options,
    async (context) => {
      const [near, far] = [open(context), open(context)];
      const long = "x".repeat(60_000);
      for (let at = 0; at < 16; at++) near.publish(`a.${at}`, `${at} ${long}`);
      const ear = new Ear(far, "a.*", { last: true });
      const [mesh, other] = side === "publisher" ? [far, near] : [near, far];
      const node = await mesh.serve("node", () => "", { host: "127.0.0.1", port: 0 });
      const [address = ""] = node.addresses;
      other.introduce("node", address);
      await far.join();
      await ear.until(16);
      assert.deepEqual(
        ear.data.map((data) => Number.parseInt(String(data), 10)),
        Array.from({ length: 16 }, (_, at) => at),
      );
      await node.close();
      while (near.publish("a.3", "while it was away") > 0) await turns();
      await serve(mesh, "node", Number(new URL(address).port));
      await ear.until(17);
      near.publish("a.4", "end");
      await ear.when(() => ear.data.at(-1) === "end");
      assert.deepEqual(ear.data.slice(16), ["while it was away", "end"]);
    },
  );
}

test("events and messages of one pair of processes share a connection", options, async (context) => {
  const [near, far] = [open(context), open(context)];
  near.introduce("node", await serve(far, "node"));
  assert.equal(await near.send("node", "1"), "1");
  const ear = new Ear(near, "x");
  await near.join();
  far.publish("x", 1);
  await ear.until(1);
  assert.equal(await near.send("node", "2"), "2");
  assert.equal(far.counts().nodes[0]?.framedLinks, 1);
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  server.close();
  await once(server, "close");
  return port;
}
