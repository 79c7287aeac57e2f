import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { readFrame } from "../../../src/mesh/framed/frame-reader.js";
import { FrameWriter } from "../../../src/mesh/framed/frame-writer.js";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";
import { codeOf } from "../../contract/waiting.js";
import { echo, frame, handshake, openRaw, readClose, serve } from "../raw-client.js";

const WELCOME = {
  version: 1,
  node: "liar",
  boot: "b",
  session: "s",
  resumed: false,
  channels: [],
  window: 1_024,
  windowBytes: 4_194_304,
};

/** Long enough for a connection of a busy machine, in milliseconds. */
const PATIENCE_MS = 1_000;

interface Liar {
  /** What it welcomes with. */
  readonly welcome?: object;
  /** What it answers, by the WebSocket that asked and the numbers of the messages. */
  answer?(ws: WebSocket, sequences: readonly number[]): void;
  /** Subprotocol that it says it speaks. */
  readonly protocol?: string;
  /** Instead of all that. */
  connected?(ws: WebSocket): void;
}

/** A node that does not keep to the protocol, and a mesh that knows it beside an honest one. */
async function meet(context: TestContext, liar: Liar) {
  const { url } = await serve(context, echo);
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    perMessageDeflate: false,
    handleProtocols: () => liar.protocol ?? "circuit.1",
  });
  context.after(() => {
    for (const ws of server.clients) ws.terminate();
    server.close();
  });
  let connections = 0;
  server.on("connection", (ws) => {
    connections++;
    ws.on("error", () => {});
    if (liar.connected) liar.connected(ws);
    else ws.on("message", (data) => tell(liar, ws, data as Buffer)); // the cast: ws gives one Buffer
  });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const mesh = new WsMesh({ grid: { liar: `ws://127.0.0.1:${port}` }, patienceMs: PATIENCE_MS });
  const other = new WsMesh({ grid: { node: url } });
  context.after(() => Promise.all([mesh.close(), other.close()]));
  return {
    mesh,
    connections: () => connections,
    othersGoOn: async () => assert.equal(await other.send("node", "1"), "1"),
  };
}

function tell({ welcome, answer }: Liar, ws: WebSocket, data: Buffer): void {
  const sequences: number[] = [];
  readFrame(data, {
    json: (type) => {
      if (type === 0x01) say(ws, (writer) => writer.json(0x02, { ...WELCOME, ...welcome }));
    },
    open: () => {},
    chain: () => {},
    message: (_, sequence) => void sequences.push(sequence),
    ack: () => {},
    failure: () => {},
    numbers: (type, token) => {
      if (type === 0x04) say(ws, (writer) => writer.numbers(0x05, token));
    },
  });
  if (sequences.length > 0) answer?.(ws, sequences);
}

function say(ws: WebSocket, write: (writer: FrameWriter) => void): void {
  const writer = new FrameWriter();
  write(writer);
  ws.send(writer.take());
}

const ackAll = (ws: WebSocket, sequences: readonly number[]) =>
  say(ws, (writer) => {
    for (const sequence of sequences) writer.ack(0, sequence, `${sequence}`);
  });

/** Lies that cost their teller nothing and the sender nothing either. */
const HARMLESS: readonly (readonly [string, Liar])[] = [
  ["grants a huge window", { welcome: { window: 2 ** 53 - 1, windowBytes: 2 ** 53 - 1 }, answer: ackAll }],
  ["grants no window at all", { welcome: { window: 0, windowBytes: 0 }, answer: ackAll }],
  [
    "goes on with a session that never was",
    {
      welcome: {
        resumed: true,
        channels: [
          [0, 99],
          [7, 1],
          [2 ** 40, 5],
        ],
      },
      answer: ackAll,
    },
  ],
  [
    "acknowledges twice, what it never had, and on channels that are not open",
    {
      answer: (ws, sequences) => {
        say(ws, (writer) => {
          writer.ack(0, 5_000, "never sent");
          writer.ack(9, 1, "nowhere");
          writer.failure(2 ** 50, 1, { code: "FAILED", reason: "nowhere" });
        });
        ackAll(ws, sequences);
        say(ws, (writer) => {
          for (const sequence of sequences) writer.ack(0, sequence, "again");
          writer.numbers(0x22, 0, 0);
          writer.numbers(0x22, 3, 0);
        });
      },
    },
  ],
  ["acknowledges the last first", { answer: (ws, sequences) => ackAll(ws, [...sequences].reverse()) }],
];
describe("A sender whose receiver", { timeout: 60_000, concurrency: 4 }, () => {
  for (const [what, liar] of HARMLESS) {
    test(`${what} gets each ack once, and in order`, async (context) => {
      const { mesh, othersGoOn } = await meet(context, liar);
      const numbers = Array.from({ length: 3_000 }, (_, index) => `${index + 1}`);
      const acks: unknown[] = [];
      for await (const ack of mesh.stream("liar", numbers)) acks.push(ack);
      assert.deepEqual(acks, numbers);
      await othersGoOn();
    });
  }

  test("never acknowledges waits, with a window under way, for as long as whoever sends", async (context) => {
    let had = 0;
    const { mesh, othersGoOn } = await meet(context, {
      answer: (_, sequences) => {
        had += sequences.length;
      },
    });
    const controller = new AbortController();
    const sent = Array.from({ length: 3_000 }, () => mesh.send("liar", "1", { signal: controller.signal }));
    const results = Promise.allSettled(sent);
    await othersGoOn();
    while (had < 1_024) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
    assert.deepEqual(new Set((await results).map(codeOf)), new Set(["enough"]));
    assert.equal(had, 1_024);
  });

  test("asks for everything again and again is not sent more than its socket takes", async (context) => {
    let asked = 0;
    const page = "x".repeat(60_000);
    const { mesh, othersGoOn } = await meet(context, {
      answer: (ws) => {
        if (asked++ < 200) say(ws, (writer) => writer.numbers(0x22, 0, 0));
      },
    });
    const before = process.memoryUsage().external;
    const sent = Promise.allSettled(Array.from({ length: 500 }, () => mesh.send("liar", page)));
    while (asked < 200) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(process.memoryUsage().external - before < 128 * 1_048_576);
    await othersGoOn();
    await mesh.close();
    await sent;
  });

  const GARBAGE = Buffer.from([0x7f]);
  const LOOPS: readonly (readonly [string, Liar])[] = [
    ["welcomes and then talks nonsense", { answer: (ws) => ws.send(GARBAGE) }],
    ["welcomes and leaves", { answer: (ws) => ws.terminate() }],
    ["welcomes twice", { answer: (ws) => say(ws, (writer) => writer.json(0x02, WELCOME)) }],
    ["says hello", { answer: (ws) => say(ws, (writer) => writer.json(0x01, { version: 1 })) }],
    ["sends messages", { answer: (ws) => say(ws, (writer) => writer.message(0, 1, "1", undefined)) }],
    ["sends more than a frame may have", { answer: (ws) => ws.send(Buffer.alloc(1_048_577)) }],
    ["speaks plainly after a welcome", { answer: (ws) => ws.send("n/a") }],
  ];
  for (const [what, liar] of LOOPS) {
    test(`${what} is tried again, and not in a loop`, async (context) => {
      const { mesh, connections, othersGoOn } = await meet(context, { ...liar, welcome: { resumed: true } });
      const sent = Promise.allSettled([mesh.send("liar", "1")]);
      const startMs = performance.now();
      while (connections() < 4) await new Promise((resolve) => setTimeout(resolve, 5));
      await othersGoOn();
      const tookMs = performance.now() - startMs;
      // Two at once; then after 50 ms, 100 ms more, and so on.
      const most = 3 + Math.log2(1 + tookMs / 50);
      assert.ok(connections() <= most, `${connections()} connections in ${tookMs.toFixed(0)} ms`);
      await mesh.close();
      await sent;
    });
  }

  const NEVER: readonly (readonly [string, Liar])[] = [
    [
      "takes the subprotocol and speaks plainly",
      { connected: (ws) => ws.on("message", () => ws.send("n/a")) },
    ],
    ["takes the subprotocol and says nothing", { connected: () => {} }],
    ["welcomes with another version", { welcome: { version: 2 } }],
    ["welcomes without a boot id", { welcome: { boot: "" } }],
    ["welcomes with a node's name of a megabyte", { welcome: { node: "x".repeat(1_000_000) } }],
    ["welcomes with half a window", { welcome: { window: 0.5 } }],
  ];
  for (const [what, liar] of NEVER) {
    test(`${what} is missing when the patience is over`, async (context) => {
      const { mesh, othersGoOn } = await meet(context, liar);
      await assert.rejects(mesh.send("liar", "1"), { code: "PEER_MISSING" });
      await othersGoOn();
    });
  }

  test("answers another subprotocol is spoken to plainly", async (context) => {
    const { mesh, connections } = await meet(context, {
      protocol: "circuit.2",
      connected: (ws) => ws.on("message", (data) => ws.send(`plain ${data}`)),
    });
    assert.equal(await mesh.send("liar", "1"), "plain 1");
    assert.equal(connections(), 2);
  });
});

const CLIENTS: readonly (readonly [string, string[], Buffer, number])[] = [
  [
    "asks for circuit.1 and speaks plainly",
    ["Sec-WebSocket-Protocol: circuit.1"],
    frame(1, Buffer.from("1")),
    1003,
  ],
  ["asks for nothing and speaks circuit.1", [], frame(2, Buffer.from([0x10, 0, 0])), 1003],
  [
    "asks for circuit.2 and speaks it",
    ["Sec-WebSocket-Protocol: circuit.2"],
    frame(2, Buffer.from([1])),
    1003,
  ],
  [
    "asks for circuit.1 and sends before a hello",
    ["Sec-WebSocket-Protocol: circuit.1"],
    frame(2, Buffer.from([4, 1])),
    1000,
  ],
];
for (const [what, more, bytes, code] of CLIENTS) {
  test(`A node lets go of a client that ${what}`, { timeout: 20_000 }, async (context) => {
    const { port, othersGoOn } = await serve(context, echo);
    const socket = openRaw(context, port);
    socket.write(`${handshake(port, { more }).join("\r\n")}\r\n\r\n`);
    await once(socket, "data");
    socket.write(bytes);
    assert.equal((await readClose(socket))[0], code);
    await othersGoOn();
  });
}
