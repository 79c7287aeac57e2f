import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { FrameWriter } from "../../../src/mesh/framed/frame-writer.js";
import { frame } from "../raw-client.js";
import { closed, framed, greeted, plain } from "./peers.js";
import { Scene } from "./scene.js";

/** What the node may still hold of peers that it has cut off: eight sessions of 16 384 channels take 30. */
const MOST_GROWN_MIB = 48;

/** A window of messages, 4 MiB, and as much for the frames that brought them. */
const MOST_MIB_PER_SENDER = 8;

/** Clients written by hand do not answer a close frame; nobody should wait for it, in milliseconds. */
const LIMITS = { closeMs: 50 };

function hello(channels: unknown): Buffer {
  const json = JSON.stringify({ version: 1, sender: crypto.randomUUID(), target: "node", channels });
  return record(0x01, Buffer.from(json));
}

/** A record that is a type and a text. */
function record(type: number, text: Buffer, length = text.length): Buffer {
  return frame(2, Buffer.concat([Buffer.from([type]), leb(length), text]));
}

function leb(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function records(write: (writer: FrameWriter) => void): Buffer {
  const writer = new FrameWriter();
  write(writer);
  return frame(2, writer.take());
}

/** A message on channel 0 whose item is made by hand: its first byte, then texts behind their lengths. */
function item(first: number, ...texts: readonly string[]): Buffer {
  const parts = texts.flatMap((text) => [leb(Buffer.byteLength(text)), Buffer.from(text)]);
  return frame(2, Buffer.concat([Buffer.from([0x10, 0, 0, 0x11, 0, 1, first]), ...parts]));
}

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

type Begin = (socket: Socket, port: number) => Promise<void>;

/** What costs its sender the connection. */
const CUT: readonly (readonly [string, Begin, Buffer])[] = [
  ["a frame of 1 MiB and a byte before a hello", framed, frame(2, Buffer.alloc(1_048_577))],
  ["a frame of 1 MiB and a byte", greeted, frame(2, Buffer.alloc(1_048_577))],
  ["a frame that announces 2^60 bytes", greeted, frame(2, Buffer.alloc(10), { length: 2 ** 60 })],
  ["a hello that announces 2^53 bytes", framed, record(0x01, Buffer.from("{}"), 2 ** 53 - 1)],
  [
    "a hello with 100 000 channels",
    framed,
    hello(Array.from({ length: 100_000 }, (_, id) => [id, `channel ${id}`, 1])),
  ],
  ["a hello nested 400 000 deep", framed, record(0x01, Buffer.from(nested(400_000)))],
  [
    "a number of 1 000 digits",
    greeted,
    frame(2, Buffer.concat([Buffer.from([0x04]), Buffer.alloc(1_000, 0xff)])),
  ],
  ["a channel name of 256 bytes", greeted, records((writer) => writer.open(0, "x".repeat(256)))],
  [
    "20 000 channels",
    greeted,
    records((writer) => {
      for (let id = 0; id < 20_000; id++) writer.open(id, "x");
    }),
  ],
  ["a message of 900 KiB", greeted, item(0x80, "x".repeat(900 * 1_024))],
  ["headers of 900 KiB", greeted, item(0x84, JSON.stringify({ key: "x".repeat(900 * 1_024) }), "1")],
  ["headers nested 400 000 deep", greeted, item(0x84, `{"chain":[${nested(400_000)}]}`, "1")],
  ["a message nested 400 000 deep", greeted, item(0x82, nested(400_000))],
  ["a message nested 30 000 deep", greeted, item(0x82, nested(30_000))],
  ["a message nested 1 001 deep", greeted, item(0x82, " ".repeat(4_096) + nested(1_001))],
  ["a page of 64 KiB and a byte on the plain protocol", plain, frame(1, Buffer.alloc(65_537, "x"))],
];

async function open(context: TestContext, begin: Begin, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  context.after(() => socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  await begin(socket, port);
  socket.resume();
  return socket;
}

describe("A node", { timeout: 60_000 }, () => {
  test("lets go of whoever sends what is too long, and holds nothing of it", async (context) => {
    const scene = await Scene.open(context, LIMITS);
    for (const [what, begin, bytes] of CUT) {
      const sockets = await Promise.all(Array.from({ length: 8 }, () => open(context, begin, scene.port)));
      for (const socket of sockets) socket.write(bytes);
      const limit = AbortSignal.timeout(10_000);
      for (const socket of sockets) {
        const late = once(limit, "abort").then(() => assert.fail(`kept for ${what}`));
        await Promise.race([closed(socket), late]);
      }
      await scene.othersGoOn();
    }
    await scene.assertGrownAtMost(MOST_GROWN_MIB);
    context.diagnostic(`grown by ${(await scene.grownMib()).toFixed(1)} MiB`);
  });

  test("answers a message that is nested 1 000 deep", async (context) => {
    const scene = await Scene.open(context, LIMITS);
    const socket = await open(context, greeted, scene.port);
    const json = `${" ".repeat(4_096)}${nested(1_000)}`;
    socket.write(item(0x82, json));
    const [answer] = await once(socket, "data");
    assert.ok(answer.includes(nested(1_000)));
    await scene.othersGoOn();
  });

  test("takes no more of a sender than its windows, whatever it sends", async (context) => {
    const scene = await Scene.open(context, LIMITS);
    const before = await scene.handled();
    const page = records((writer) => {
      writer.open(0, "");
      writer.message(0, 1, "never", undefined);
    });
    const sockets = await Promise.all(Array.from({ length: 4 }, () => open(context, greeted, scene.port)));
    for (const socket of sockets) {
      socket.write(page);
      // 90 of 64 KiB, each in a frame of its own, of which a window takes 64.
      for (let sequence = 2; sequence < 92 && socket.writable; sequence++) {
        socket.write(records((writer) => writer.message(0, sequence, "x".repeat(65_536), undefined)));
      }
      await closed(socket);
    }
    assert.ok((await scene.handled()) - before >= 4);
    await scene.assertGrownAtMost(4 * MOST_MIB_PER_SENDER);
  });
});
