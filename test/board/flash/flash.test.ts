import assert from "node:assert/strict";
import { test } from "node:test";
import { type FlashEvent, flashBoard } from "../../../src/board/flash/flash.js";
import type { HexImage } from "../../../src/board/flash/hex.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { turns } from "../../contract/waiting.js";
import { cases } from "../../long.js";
import { FakeChip, type Fault } from "./fake-boot-loader.js";

/** Three pages and a bit, none like another. */
const END = 420;
const image = imageOf(END);

function imageOf(endByte: number, startByte = 0): HexImage {
  const bytes = new Uint8Array(32_768).fill(0xff);
  for (let at = startByte; at < endByte; at++) bytes[at] = (at * 7 + (at >> 7)) & 0xff;
  return { bytes, startByte, endByte };
}

interface Flashing extends Fault {
  readonly image?: HexImage;
  readonly isUno?: boolean;
  readonly signal?: AbortSignal;
  readonly report?: (event: FlashEvent) => void;
}

/** Flashes a chip, as quickly as time can be moved. */
async function flash(chip: FakeChip, options: Flashing = {}): Promise<FlashEvent[]> {
  const clock = new ManualClock();
  const events: FlashEvent[] = [];
  let isOver = false;
  const done = flashBoard({
    ...{ image, address: "/dev/fake", source: "a.hex", isUno: true, clock },
    signal: new AbortController().signal,
    ...options,
    makePort: (baud) => chip.port(baud, options),
    report: (event) => {
      events.push(event);
      options.report?.(event);
    },
  }).finally(() => {
    isOver = true;
  });
  done.catch(() => {});
  while (!isOver) {
    await turns();
    if (!isOver) clock.advance(10);
  }
  await done;
  return events;
}

function assertFlashed(chip: FakeChip, what = "flashed"): void {
  assert.deepEqual(chip.memory.subarray(0, END), image.bytes.subarray(0, END), what);
  assert.ok(chip.hasStarted, what);
  assert.equal(chip.opened, chip.closed, what);
}

test("flashBoard() writes an image, compares it and starts it", async () => {
  const chip = new FakeChip();
  const events = await flash(chip);
  assertFlashed(chip);
  assert.deepEqual(events[0], {
    type: "bootLoader",
    address: "/dev/fake",
    baud: 115_200,
    chip: "ATmega328P",
  });
  assert.deepEqual(events.at(-1), { type: "comparing", bytes: END, totalBytes: END });
  assert.equal(
    chip.memory.subarray(512).every((byte) => byte === 0xff),
    true,
  );
});

test("flashBoard() speaks to the old boot loader of a Nano at 57600 baud, and knows an ATmega328PB", async () => {
  const chip = new FakeChip();
  const [first] = await flash(chip, { baud: 57_600, signature: [0x1e, 0x95, 0x16] });
  assertFlashed(chip);
  assert.deepEqual(first, { type: "bootLoader", address: "/dev/fake", baud: 57_600, chip: "ATmega328PB" });
});

const REFUSED: readonly (readonly [string, Flashing, string, RegExp])[] = [
  ["a silent board", { baud: 9_600 }, "BOARD_SILENT", /115200 or 57600 baud; nothing was heard/],
  [
    "a board that babbles",
    { answer: () => [1, 2, 3] },
    "BOARD_SILENT",
    /bytes were heard, no answer among them/,
  ],
  ["another chip", { signature: [0x1e, 0x98, 0x01] }, "CHIP_REFUSED", /an ATmega2560 \(1E 98 01\)/],
  ["an unknown chip", { signature: [1, 2, 3] }, "CHIP_REFUSED", /another one \(01 02 03\)/],
  ["memory that does not hold", { stuckAt: 300 }, "FLASH_FAILED", /page at 0x0100 reads back with 1 of 128/],
  ["a first page that does not hold", { stuckAt: 3 }, "FLASH_FAILED", /page at 0x0000 .* 1 of 128/],
  [
    "an image in the boot loader",
    { image: imageOf(32_257) },
    "FIRMWARE_INVALID",
    /to byte 32257, and 32256 are/,
  ],
  ["one in a Nano's", { image: imageOf(30_721), isUno: false }, "FIRMWARE_INVALID", /30720 are free/],
  ["one in an old Nano's", { image: imageOf(30_721), baud: 57_600 }, "FIRMWARE_INVALID", /30720 are free/],
  ["an image without a beginning", { image: imageOf(300, 128) }, "FIRMWARE_INVALID", /begins at 0x0080/],
];

for (const [what, options, code, message] of REFUSED)
  test(`flashBoard() refuses ${what}`, async () => {
    const chip = new FakeChip();
    await assert.rejects(flash(chip, options), { code, message, hint: /.+/ });
    assert.equal(chip.hasStarted, false);
    assert.equal(chip.opened, chip.closed);
  });

/** Answers before the first page: two to the question whether it is there, then signature and beginning. */
const FIRST_ANSWERS = 4;

for (const [what, change, message] of [
  ["is missing", () => [], /did not answer within 1000 ms/],
  ["is out of sync", () => [0x15], /answered something else/],
  ["ends otherwise", (bytes: number[]) => [...bytes.slice(0, -1), 0x11], /answered something else/],
  ["is too long", (bytes: number[]) => [...bytes, 0x10], /answered something else/],
] as const)
  test(`flashBoard() ends, and can be done again, when an answer ${what}`, async () => {
    for (let wrong = FIRST_ANSWERS; wrong < FIRST_ANSWERS + 12; wrong++) {
      const chip = new FakeChip();
      const answer = (bytes: number[], index: number) => (index === wrong ? change(bytes) : bytes);
      await assert.rejects(flash(chip, { answer }), { code: "FLASH_FAILED", message, hint: /again/ });
      await flash(chip);
      assertFlashed(chip, `answer ${wrong}`);
    }
  });

/** All bytes of an upload in either direction, and more. */
const SENT_BYTES = 640;
const HEARD_BYTES = 560;

for (const [direction, bytes] of [
  ["cutAfterSent", SENT_BYTES],
  ["cutAfterHeard", HEARD_BYTES],
] as const)
  test(`flashBoard() leaves a board that can be flashed again when the cable goes at any byte: ${direction}`, async () => {
    const step = cases(7, 1);
    for (let at = 1; at <= bytes; at += step) {
      const chip = new FakeChip();
      chip.memory.fill(0x11, 0, 1_024);
      chip.memory.fill(0x22, 0x7800);
      await assert.rejects(flash(chip, { [direction]: at }), { code: "BOARD_LOST" });
      assert.ok(
        chip.memory.subarray(0x7800).every((byte) => byte === 0x22),
        `after ${at} bytes`,
      );
      const leadsToNew = chip.memory.subarray(0, 128).every((byte, index) => byte === image.bytes[index]);
      if (leadsToNew) assert.deepEqual(chip.memory.subarray(0, END), image.bytes.subarray(0, END));
      await flash(chip);
      assertFlashed(chip, `after ${at} bytes`);
    }
  });

test("flashBoard() says what a board is left as when it is given up", async () => {
  const chip = new FakeChip();
  const stop = new AbortController();
  const reason = new Error("Ctrl-C");
  const told: string[] = [];
  const report = (event: FlashEvent) => {
    if (event.type === "writing") stop.abort(reason);
    if (event.type === "interrupted") told.push(event.text);
  };
  await assert.rejects(flash(chip, { signal: stop.signal, report }), reason);
  assert.match(
    told.join(),
    /interrupted after 128 of 420 bytes\. Flash it again: the boot loader is untouched/,
  );
  assert.deepEqual([...chip.memory.subarray(0, 2)], [0xff, 0xcf], "a jump to itself");
  assert.equal(chip.opened, chip.closed);
});
