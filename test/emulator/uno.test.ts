import assert from "node:assert/strict";
import { test } from "node:test";
import { HALT, program, RETI, store, unoWith } from "./program.js";

const DDRB = 0x24;
const PORTB = 0x25;
const DDRD = 0x2a;
const PORTD = 0x2b;

test("edges are told with their pin, level and time to a sixteenth of a microsecond", () => {
  // sbi DDRB, 5; loop: sbi PINB, 5; rjmp loop: two cycles each
  const { uno, edges } = unoWith(program({ 0: [0x9a25, 0x9a1d, 0xcffe] }));
  uno.run(2 + 16);
  assert.deepEqual(edges, [
    { pin: 13, level: 1, atUs: 2 / 16 },
    { pin: 13, level: 0, atUs: 6 / 16 },
    { pin: 13, level: 1, atUs: 10 / 16 },
    { pin: 13, level: 0, atUs: 14 / 16 },
  ]);
  assert.equal(uno.level(13), 0);
});

test("pins 0 to 19 are ports D, B and C", () => {
  const all = [DDRB, PORTB, 0x27, 0x28, DDRD, PORTD].flatMap((register) => store(register, 0xff));
  const { uno, edges } = unoWith(program({ 0: [...all, HALT] }));
  uno.run(100);
  assert.deepEqual(
    edges.map(({ pin }) => pin).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, pin) => pin),
  );
});

test("a floating input reads its pull-up, and what is driven from outside overrides it", () => {
  const { uno, edges } = unoWith(program({ 0: [...store(PORTD, 0x04), HALT] }));
  uno.run(100);
  assert.equal(uno.level(2), 1);
  uno.setLevel(2, 0);
  uno.setLevel(2, undefined);
  uno.setLevel(3, 1);
  assert.deepEqual(
    edges.map(({ pin, level }) => [pin, level]),
    [
      [2, 1],
      [2, 0],
      [2, 1],
      [3, 1],
    ],
  );
});

test("setLevel() refuses a pin that an Uno lacks", () => {
  const { uno } = unoWith(program());
  assert.throws(() => uno.setLevel(20, 1), RangeError);
});

test("fast PWM of Timer0 at clk/64 makes 976.6 Hz with the duty of its compare register", () => {
  // OC0A is D6: set at bottom, cleared at compare; 64 of 256 counts high, and one more (datasheet 15.7.3)
  const setup = [...store(DDRD, 0x40), ...store(0x47, 63), ...store(0x44, 0x83), ...store(0x45, 0x03)];
  const { uno, edges } = unoWith(program({ 0: [...setup, HALT] }));
  uno.run(16 * 10_000);
  const d6 = edges.filter(({ pin }) => pin === 6);
  const rises = d6.filter(({ level }) => level === 1).map(({ atUs }) => atUs);
  const falls = d6.filter(({ level }) => level === 0).map(({ atUs }) => atUs);
  assert.deepEqual(new Set(rises.slice(1).map((at, index) => at - (rises[index] ?? 0))), new Set([1024]));
  const high = (falls.find((at) => at > (rises[1] ?? 0)) ?? 0) - (rises[1] ?? 0);
  assert.ok(Math.abs(high - 256) <= 4, `high for ${high} µs`);
});

test("Timer1 toggles OC1A in CTC mode at clk/1 to the cycle", () => {
  // OC1A is D9; OCR1A = 18181 (440.0 Hz); TCCR1A toggle, TCCR1B CTC clk/1
  const setup = [
    ...store(DDRB, 0x02),
    ...store(0x89, 18_181 >> 8),
    ...store(0x88, 18_181 & 0xff),
    ...store(0x80, 0x40),
    ...store(0x81, 0x09),
  ];
  const { uno, edges } = unoWith(program({ 0: [...setup, HALT] }));
  uno.run(16_000_000 / 10);
  const times = edges.filter(({ pin }) => pin === 9).map(({ atUs }) => atUs * 16);
  assert.equal(times.length, 87);
  assert.deepEqual(new Set(times.slice(1).map((at, index) => at - (times[index] ?? 0))), new Set([18_182]));
});

test("a timer's compare interrupt comes at its match, once a round", () => {
  // Timer2, clk/1024, OCR2A = 99 in CTC: every 102 400 cycles; the vector counts in r20
  const setup = [
    ...store(0xb3, 99),
    ...store(0x70, 0x02),
    ...store(0xb0, 0x02),
    ...store(0xb1, 0x07),
    0x9478,
    HALT,
  ];
  const { uno, edges } = unoWith(program({ 0: [0xc03f], 14: [0x9a25, 0x9a1d, RETI], 64: setup }));
  uno.run(102_400 * 10 + 1_000);
  const times = edges.map(({ atUs }) => atUs * 16);
  assert.equal(times.length, 10);
  for (const [index, at] of times.slice(1).entries())
    assert.ok(
      Math.abs(at - (times[index] ?? 0) - 102_400) <= 4,
      `round ${index} took ${at - (times[index] ?? 0)}`,
    );
});

test("writing TIFR1 clears the flags written as one and no other", () => {
  // Timer1 at clk/1 with OCR1A = 10, OCR1B = 20; at 40+ cycles clear OCF1A only, then copy TIFR1 to r18
  const setup = [
    ...store(0x89, 0),
    ...store(0x88, 10),
    ...store(0x8b, 0),
    ...store(0x8a, 20),
    ...store(0x81, 1),
  ];
  const { uno } = unoWith(
    program({ 0: [...setup, ...new Array(40).fill(0), ...store(0x36, 0x02), 0xb326, 0x9320, 0x0100, HALT] }),
  );
  uno.run(200);
  // in r18, TIFR1 (0x16); sts 0x0100, r18
  assert.equal(uno.peek(0x100), 0x04);
});

test("the ADC reads the voltage at its channel", () => {
  // ADMUX = AVcc, channel 1; ADCSRA = enable, start, clk/128
  const setup = [...store(0x7c, 0x41), ...store(0x7a, 0xc7), HALT];
  const { uno } = unoWith(program({ 0: setup }));
  uno.setVoltage(1, 3.3);
  uno.run(16_000);
  assert.equal(uno.peek(0x78) | (uno.peek(0x79) << 8), 675);
});

test("sleep jumps to the next event, and `sei; sleep` does not lose one that is pending", () => {
  // ldi r16, 1; out SMCR, r16; Timer0 overflow at clk/64; loop: cli; sei; sleep; inc r17; rjmp loop
  const setup = [0xe001, 0xbf03, ...store(0x6e, 0x01), ...store(0x45, 0x03)];
  const loop = [0x94f8, 0x9478, 0x9588, 0x9513, 0xcffb];
  const { uno } = unoWith(program({ 0: [0xc03f], 32: [0x9543, RETI], 64: [...setup, ...loop] }));
  const beforeMs = performance.now();
  uno.run(16_384 * 200 + 100);
  assert.ok(performance.now() - beforeMs < 100, "205 ms of sleep cost nearly nothing");
  assert.equal(uno.peek(20), 200);
  assert.equal(uno.peek(17), 200);
  assert.ok(uno.asleep);
});

test("a byte from the host wakes a sleeping chip", () => {
  // as above with RXCIE instead of the timer; the vector reads UDR0 into r20
  const setup = [0xe001, 0xbf03, ...store(0xc4, 16), ...store(0xc1, 0x98)];
  const loop = [0x94f8, 0x9478, 0x9588, 0x9513, 0xcffb];
  const { uno } = unoWith(program({ 0: [0xc03f], 36: [0x9140, 0x00c6, RETI], 64: [...setup, ...loop] }));
  uno.run(1_000);
  assert.equal(uno.wakesAt, Infinity);
  uno.line.write(Uint8Array.of(0x2a));
  uno.run(20_000);
  assert.equal(uno.peek(20), 0x2a);
  assert.equal(uno.peek(17), 1);
});

test("reset() starts the program again in the same time, keeps what is outside and says why in MCUSR", () => {
  // in r18, MCUSR; sts 0x0100, r18; sbi DDRB, 5; sbi PORTB, 5
  const { uno, edges } = unoWith(program({ 0: [0xb724, 0x9320, 0x0100, 0x9a25, 0x9a2d, HALT] }));
  uno.setLevel(2, 1);
  uno.run(160);
  assert.equal(uno.peek(0x100), 0x01);
  uno.reset();
  uno.run(320);
  assert.equal(uno.peek(0x100), 0x02);
  assert.deepEqual(
    edges.map(({ pin, level }) => [pin, level]),
    [
      [2, 1],
      [13, 1],
      [13, 0],
      [13, 1],
    ],
  );
  assert.ok((edges[3]?.atUs ?? 0) > 10);
});

test("a watchdog that runs out resets the chip", () => {
  // sbi DDRB, 5; sbi PINB, 5; in r18, MCUSR; enable the watchdog with 16 ms; halt
  const words = [0x9a25, 0x9a1d, 0xb724, ...store(0x60, 0x18), ...store(0x60, 0x08), HALT];
  const { uno, edges } = unoWith(program({ 0: words }));
  uno.run(16_000 * 20);
  assert.deepEqual(
    edges.map(({ level }) => level),
    [1, 0, 1],
  );
  assert.equal(uno.peek(18), 0x08);
  assert.ok(Math.abs((edges[1]?.atUs ?? 0) - 16_000) < 400);
});

test("a pin change interrupt is enabled in PCICR, whatever PCMSK says first", () => {
  // PCMSK2 = D2; PCICR = group 2; sei; halt; the vector toggles D13
  const setup = [...store(0x24, 0x20), ...store(0x6d, 0x04), ...store(0x68, 0x04), 0x9478, HALT];
  const { uno, edges } = unoWith(program({ 0: [0xc03f], 10: [0x9a1d, RETI], 64: setup }));
  uno.run(1_000);
  assert.deepEqual(edges, []);
  uno.setLevel(2, 1);
  uno.run(2_000);
  uno.setLevel(3, 1);
  uno.run(3_000);
  assert.deepEqual(
    edges.map(({ pin }) => pin),
    [2, 13, 3],
  );
});
