import assert from "node:assert/strict";
import { test } from "node:test";
import { Chip } from "../../src/emulator/chip.js";
import { SerialLine } from "../../src/emulator/serial-line.js";
import { HALT, program, RETI } from "./program.js";

// Registers and bits, from the datasheet (DS40002061, section 19.10), apart from those in the source.
const UCSR0A = 0xc0;
const UCSR0B = 0xc1;
const UBRR0L = 0xc4;
const UDR0 = 0xc6;
const SREG = 0x5f;

const BIT = 272;
const BYTE = 10 * BIT;

/** A chip that runs nowhere and whose registers the test pokes, as its firmware would. Receiver and transmitter are on. */
function chipOnALine({ ubrr = 16, u2x = false, baud = 57_600, code = program({ 0: [HALT] }) } = {}) {
  const line = new SerialLine(baud);
  const host: { value: number; at: number }[] = [];
  const devices = { has: () => false, wrote() {} };
  const chip = new Chip({ program: code, line, devices, cause: "power", startCycle: 0 });
  line.onByte = (value) => host.push({ value, at: chip.cpu.cycles });
  const poke = (address: number, value: number) => chip.cpu.writeData(address, value);
  const peek = (address: number) => chip.cpu.readData(address);
  poke(UCSR0A, u2x ? 0x02 : 0);
  poke(UBRR0L, ubrr);
  poke(UCSR0B, 0x18);
  const status = () => peek(UCSR0A);
  const read = () => ({
    overrun: (status() & 0x08) !== 0,
    frame: (status() & 0x10) !== 0,
    value: peek(UDR0),
  });
  return {
    chip,
    line,
    host,
    poke,
    peek,
    status,
    read,
    send: (...bytes: number[]) => line.write(Uint8Array.from(bytes)),
  };
}

test("a byte is received when its stop bit has ended, at the host's rate of 58 824 baud", () => {
  const { chip, status, send, read } = chipOnALine();
  send(0x41);
  chip.run(BYTE - 2);
  assert.equal(status() & 0x80, 0);
  chip.run(BYTE + 1);
  assert.equal(status() & 0x80, 0x80);
  assert.deepEqual(read(), { overrun: false, frame: false, value: 0x41 });
  assert.equal(status() & 0x80, 0);
});

test("three unread bytes are kept, in order: two in the buffer and one in the shift register", () => {
  const { chip, send, read, status } = chipOnALine();
  send(1, 2, 3);
  chip.run(10 * BYTE);
  assert.deepEqual(
    [read(), read(), read()].map(({ value }) => value),
    [1, 2, 3],
  );
  assert.equal(status() & 0x88, 0);
});

test("the start bit of a fourth unread byte overwrites the third; DOR marks the gap until it is read", () => {
  const { chip, send, read } = chipOnALine();
  send(1, 2, 3, 4, 5);
  chip.run(10 * BYTE);
  assert.deepEqual(read(), { overrun: false, frame: false, value: 1 });
  assert.deepEqual(read(), { overrun: false, frame: false, value: 2 });
  assert.deepEqual(read(), { overrun: true, frame: false, value: 5 });
  send(6);
  chip.run(20 * BYTE);
  assert.deepEqual(read(), { overrun: false, frame: false, value: 6 });
});

test("reading one byte in time makes room for the next", () => {
  const { chip, send, read } = chipOnALine();
  send(1, 2, 3);
  chip.run(3 * BYTE + 1);
  assert.equal(read().value, 1);
  send(4);
  chip.run(10 * BYTE);
  assert.deepEqual(
    [read(), read(), read()].map(({ value, overrun }) => [value, overrun]),
    [
      [2, false],
      [3, false],
      [4, false],
    ],
  );
});

test("what the host has sent waits on the line, not in the chip", () => {
  const { chip, line, send } = chipOnALine();
  send(...new Array(100).fill(7));
  chip.run(50 * BYTE + 5);
  assert.equal(line.pending, 50);
});

const RATES: readonly (readonly [string, number, boolean, number, boolean])[] = [
  ["57 600 as the Arduino core divides it", 16, false, 57_600, true],
  ["57 600 at double speed (57 143)", 34, true, 57_600, true],
  ["115 200 as the Arduino core divides it", 16, true, 115_200, true],
  ["9 600", 103, false, 9_600, true],
  ["115 200 against a host at 57 600", 16, true, 57_600, false],
  ["57 600 against a host at 115 200", 16, false, 115_200, false],
  ["9 600 against a host at 57 600", 103, false, 57_600, false],
];
for (const [name, ubrr, u2x, baud, agrees] of RATES) {
  test(`the chip ${agrees ? "reads" : "garbles"} bytes at ${name}`, () => {
    const { chip, send, read, status } = chipOnALine({ ubrr, u2x, baud });
    const got: number[] = [];
    let errors = 0;
    for (const byte of [0x00, 0x55, 0xf9, 0x61]) {
      send(byte);
      chip.run(chip.cpu.cycles + 40_000);
      while (status() & 0x80) {
        const { value, frame } = read();
        got.push(value);
        if (frame) errors++;
      }
    }
    assert.equal(got.join() === "0,85,249,97", agrees);
    if (agrees) assert.equal(errors, 0);
  });

  test(`the host ${agrees ? "reads" : "garbles"} bytes of a chip at ${name}`, () => {
    const { chip, poke, host } = chipOnALine({ ubrr, u2x, baud });
    for (const byte of [0x00, 0x55, 0xf9, 0x61]) {
      poke(UDR0, byte);
      chip.run(chip.cpu.cycles + 40_000);
    }
    assert.equal(host.map(({ value }) => value).join() === "0,85,249,97", agrees);
  });
}

test("a zero sent at half the chip's rate is a frame error: its stop bit is read too early", () => {
  const { chip, send, read } = chipOnALine({ ubrr: 16, u2x: true, baud: 57_600 });
  send(0);
  chip.run(BYTE + 1);
  assert.deepEqual(read(), { overrun: false, frame: true, value: 0 });
});

test("bytes reach the host at their end, back to back through the transmit buffer", () => {
  const { chip, poke, host, status } = chipOnALine();
  chip.run(100);
  poke(UDR0, 1);
  assert.equal(status() & 0x20, 0x20, "the first goes straight to the shift register");
  poke(UDR0, 2);
  assert.equal(status() & 0x20, 0, "the second waits in UDR0");
  poke(UDR0, 3);
  chip.run(10 * BYTE);
  assert.deepEqual(host, [
    { value: 1, at: 100 + BYTE },
    { value: 2, at: 100 + 2 * BYTE },
  ]);
});

test("UDRE comes back when the buffer moves on, TXC when the last stop bit has ended", () => {
  const { chip, poke, status } = chipOnALine();
  poke(UDR0, 1);
  poke(UDR0, 2);
  chip.run(BYTE + 1);
  assert.equal(status() & 0x60, 0x20);
  chip.run(2 * BYTE + 1);
  assert.equal(status() & 0x60, 0x60);
});

test("writing UCSR0A clears TXC with a one and leaves the chip's flags alone", () => {
  const { chip, poke, status, send } = chipOnALine();
  poke(UDR0, 1);
  send(9);
  chip.run(2 * BYTE);
  assert.equal(status(), 0xe0);
  poke(UCSR0A, 0x02);
  assert.equal(status(), 0xe2, "a zero leaves TXC, and U2X is set");
  poke(UCSR0A, 0x40);
  assert.equal(status(), 0xa0, "a one clears TXC, and U2X is cleared");
});

test("nothing is sent while TXEN is off, and switching RXEN off empties the buffer", () => {
  const { chip, poke, status, send, host } = chipOnALine();
  send(1, 2, 3);
  chip.run(4 * BYTE);
  poke(UCSR0B, 0);
  poke(UDR0, 1);
  poke(UCSR0B, 0x18);
  assert.equal(status() & 0x80, 0);
  chip.run(8 * BYTE);
  assert.deepEqual(host, []);
});

/** An interrupt that only counts in r20 (`inc r20; reti`), at a vector. */
const countingAt = (vector: number) => program({ 0: [HALT], [vector]: [0x9543, RETI] });

test("UDRE interrupts by level: it comes again for as long as the buffer is empty", () => {
  const { chip, poke } = chipOnALine({ code: countingAt(0x26) });
  poke(SREG, 0x80);
  poke(UCSR0B, 0x38);
  chip.run(200);
  const count = chip.cpu.data[20] ?? 0;
  assert.ok(count > 10, `it came ${count} times in 200 cycles`);
});

test("RXC interrupts by level until the byte is read", () => {
  const { chip, poke, send, peek } = chipOnALine({ code: countingAt(0x24) });
  poke(SREG, 0x80);
  poke(UCSR0B, 0x98);
  send(1);
  chip.run(BYTE + 200);
  const count = chip.cpu.data[20] ?? 0;
  assert.ok(count > 10, `it came ${count} times in 200 cycles`);
  peek(UDR0);
  chip.run(BYTE + 220);
  const after = chip.cpu.data[20];
  chip.run(BYTE + 400);
  assert.equal(chip.cpu.data[20], after);
});

test("TXC interrupts once, and taking the interrupt clears it", () => {
  const { chip, poke, status } = chipOnALine({ code: countingAt(0x28) });
  poke(SREG, 0x80);
  poke(UCSR0B, 0x58);
  poke(UDR0, 1);
  chip.run(2 * BYTE);
  assert.equal(chip.cpu.data[20], 1);
  assert.equal(status() & 0x40, 0);
});
