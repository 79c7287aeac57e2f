import assert from "node:assert/strict";
import { test } from "node:test";
import { CircuitError } from "../../src/core/error.js";
import { PacedUno } from "../../src/emulator/paced-uno.js";
import type { Edge } from "../../src/emulator/pins.js";
import { echoHex, HALT, hexOf, store } from "./program.js";

const signal = AbortSignal.timeout(10_000);

/** An opened link, and a wait for the bytes that it brings. */
async function openPaced(firmware: Uint8Array) {
  const link = new PacedUno({ firmware });
  const got: number[] = [];
  let heard = () => {};
  let lost: unknown;
  const data = (bytes: Uint8Array) => {
    got.push(...bytes);
    heard();
  };
  await link.open({ data, lost: (cause) => (lost = cause) }, { signal });
  const until = async (count: number) => {
    while (got.length < count) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };
  return { link, got, until, lost: () => lost };
}

test("a byte goes to the chip and back, in order and every one", async () => {
  const { link, got, until } = await openPaced(echoHex());
  const sent = Array.from({ length: 300 }, (_, index) => index & 0xff);
  link.write(Uint8Array.from(sent));
  await until(300);
  assert.deepEqual(got, sent);
  await link.close();
});

test("what the firmware says as soon as power is on arrives", async () => {
  // UBRR0L = 16; UCSR0B = TXEN; UDR0 = 0x42; halt
  const greeting = hexOf({ 0: [...store(0xc4, 16), ...store(0xc1, 0x08), ...store(0xc6, 0x42), HALT] });
  const { link, got, until } = await openPaced(greeting);
  await until(1);
  assert.deepEqual(got, [0x42]);
  await link.close();
});

test("edges come with the board's own time: two bytes apart on the wire are 170 µs apart on the pin", async () => {
  const { link, until } = await openPaced(echoHex());
  const edges: Edge[] = [];
  link.onEdge((edge) => edges.push(edge));
  link.write(Uint8Array.of(1, 2, 3));
  await until(3);
  assert.deepEqual(
    edges.map(({ pin, level }) => [pin, level]),
    [
      [13, 1],
      [13, 0],
      [13, 1],
    ],
  );
  const [first = 0, second = 0, third = 0] = edges.map(({ atUs }) => atUs);
  assert.ok(Math.abs(second - first - 170) < 1 && Math.abs(third - second - 170) < 1);
  assert.ok(link.nowUs >= third);
  await link.close();
});

test("drain() resolves when the chip has the last byte, and at once when nothing is under way", async () => {
  const { link, got } = await openPaced(echoHex());
  await link.drain();
  link.write(new Uint8Array(20));
  await link.drain();
  assert.ok(got.length >= 18, `${got.length} bytes were back`);
  await link.drain();
  await link.close();
});

test("close() ends the thread at once, lets go who drains, and may come twice", async () => {
  const { link, got, lost } = await openPaced(echoHex());
  link.write(new Uint8Array(1_000));
  const drained = link.drain();
  await Promise.all([link.close(), link.close()]);
  await drained;
  const count = got.length;
  link.write(Uint8Array.of(1));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(got.length, count);
  assert.equal(lost(), undefined);
});

test("a sleeping board costs little", async () => {
  const { link, until } = await openPaced(echoHex());
  link.write(Uint8Array.of(1));
  await until(1);
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { user, system } = process.cpuUsage(before);
  await link.close();
  assert.ok(user + system < 90_000, `${(user + system) / 1_000} ms of CPU in 300 ms`);
});

test("a fault in the thread is told as a lost link, once", async () => {
  // The wiring refuses such a pin; here it stands for any bug.
  const terminals = { "1.l": "99", "2.l": "GND" };
  const button = { part: "btn1", type: "wokwi-pushbutton", attrs: {}, terminals };
  const link = new PacedUno({ firmware: echoHex(), attachments: [button] });
  const lost = new Promise<unknown>((resolve) => {
    link.open({ data: () => {}, lost: resolve }, { signal }).catch(resolve);
  });
  const cause = await lost;
  assert.ok(cause instanceof CircuitError);
  assert.equal(cause.code, "LINK_FAILED");
  assert.match(cause.message, /Cannot run sim:uno: pin 99/);
  await link.close();
});

test("open() refuses firmware that is not, and a signal that has aborted", async () => {
  const events = { data: () => {}, lost: () => {} };
  const garbage = new PacedUno({ firmware: Buffer.from("no firmware") });
  await assert.rejects(garbage.open(events, { signal }), { code: "FIRMWARE_INVALID" });
  const missing = new PacedUno({ firmware: "/nowhere/at-all.hex" });
  await assert.rejects(missing.open(events, { signal }), { code: "FILE_FAILED", message: /at-all\.hex/ });
  const reason = new Error("enough");
  await assert.rejects(
    new PacedUno({ firmware: echoHex() }).open(events, { signal: AbortSignal.abort(reason) }),
    reason,
  );
  const soon = new AbortController();
  const opening = new PacedUno({ firmware: echoHex() }).open(events, { signal: soon.signal });
  soon.abort(reason);
  await assert.rejects(opening, reason);
});
