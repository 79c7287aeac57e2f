import assert from "node:assert/strict";
import { test } from "node:test";
import { echo, frame, onlyPing, readClose, serve, upgrade } from "./raw-client.js";

const frames: readonly (readonly [string, Buffer, number, RegExp])[] = [
  ["text that is no UTF-8", frame(1, Buffer.from([0xc3, 0x28])), 1007, /^$/],
  ["a lone surrogate in UTF-8", frame(1, Buffer.from([0xed, 0xa0, 0x80])), 1007, /^$/],
  ["a binary frame", frame(2, Buffer.from([1])), 1003, /^messages are text frames$/],
  ["a frame over the limit", frame(1, Buffer.alloc(65_537, "x")), 1009, /^$/],
  ["a frame that announces 2^40 bytes", frame(1, Buffer.alloc(0), { length: 2 ** 40 }), 1009, /^$/],
  [
    "fragments over the limit",
    Buffer.concat([frame(1, Buffer.alloc(65_000), { final: false }), frame(0, Buffer.alloc(600))]),
    1009,
    /^$/,
  ],
  [
    "endless fragments",
    Buffer.concat(
      Array.from({ length: 1_100 }, (_, index) =>
        frame(index === 0 ? 1 : 0, Buffer.from("x"), { final: false }),
      ),
    ),
    1008,
    /^$/,
  ],
  ["an unknown opcode", frame(3, Buffer.alloc(0)), 1002, /^$/],
  ["a frame without a mask", Buffer.from([0x81, 1, 0x31]), 1002, /^$/],
  ["a compressed frame", frame(0x41, Buffer.from("1")), 1002, /^$/],
];
for (const [what, bytes, code, reason] of frames) {
  test(`WsMesh closes on ${what}`, { timeout: 10_000 }, async (context) => {
    const { port, othersGoOn } = await serve(context, onlyPing);
    const socket = await upgrade(context, port);
    socket.write(bytes);
    const [closeCode, closeReason] = await readClose(socket);
    assert.equal(closeCode, code);
    assert.match(closeReason, reason);
    await othersGoOn();
  });
}

test("WsMesh goes on when a client vanishes in the middle of a frame", {
  timeout: 10_000,
}, async (context) => {
  const { port, othersGoOn } = await serve(context, echo);
  const socket = await upgrade(context, port);
  socket.write(frame(1, Buffer.alloc(10), { length: 100 }));
  await othersGoOn();
  socket.resetAndDestroy();
  await othersGoOn();
});
