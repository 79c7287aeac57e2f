import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { startBoard, two } from "./board.js";

const skip = skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS);
const RESET = 0xff;
const stateOf = (pin: number) => [0xf0, 0x6d, pin, 0xf7];

/** What both firmwares answer byte for byte, from the same start. */
const SCRIPTS: readonly (readonly [string, readonly number[]])[] = [
  ["the analog mapping", [0xf0, 0x69, 0xf7]],
  ["states after a reset", Array.from({ length: 20 }, (_, pin) => stateOf(pin)).flat()],
  ["a port write", [0x91, 0x21, 0, ...stateOf(8), ...stateOf(13), ...stateOf(9)]],
  ["a pin write", [0xf5, 6, 1, ...stateOf(6)]],
  ["a pin write to an input", [0xf4, 6, 0, 0xf5, 6, 1, ...stateOf(6)]],
  ["a port write to an input", [0xf4, 4, 0, 0x90, 0x10, 0, ...stateOf(4), 0x90, 0, 0, ...stateOf(4)]],
  ["a port write to a pull-up", [0xf4, 4, 11, 0x90, 0, 0, ...stateOf(4)]],
  ["a duty", [0xf4, 9, 3, 0xe9, ...two(200), ...stateOf(9)]],
  ["an extended duty", [0xf4, 9, 3, 0xf0, 0x6f, 9, ...two(129), 0xf7, ...stateOf(9)]],
  ["an analog write to an output", [0xe7, 5, 0, ...stateOf(7)]],
  ["a servo's angle", [0xf4, 12, 4, 0xec, 90, 0, ...stateOf(12)]],
  ["a servo's pulse", [0xf4, 12, 4, 0xec, ...two(1_800), ...stateOf(12)]],
  ["a servo by its configuration", [0xf0, 0x70, 12, ...two(600), ...two(2_200), 0xf7, ...stateOf(12)]],
  ["I2C", [0xf0, 0x78, 0, 0, 0xf7, ...stateOf(18), ...stateOf(19)]],
  ["a report of inputs", [0xf4, 12, 11, 0xf4, 8, 0, 0xd1, 1]],
  ["a string for the board", [0xf0, 0x71, 65, 0, 66, 0, 0xf7]],
  ["a message cut short by another", [0x91, 0x20, 0xf5, 6, 1, ...stateOf(13), ...stateOf(6)]],
];

/** Ours without mode TONE and its resolution. */
const withoutTone = (bytes: readonly number[]) =>
  bytes.filter(
    (byte, at) => !(byte === 14 && bytes[at + 1] === 13) && !(byte === 13 && bytes[at - 1] === 14),
  );

test("CircuitFirmata answers as StandardFirmata does", { skip }, async (t) => {
  const [ours, theirs] = await Promise.all([
    startBoard(t, CIRCUIT_UNO_HEX),
    startBoard(t, await standardFirmataHex()),
  ]);
  for (const [what, script] of SCRIPTS) {
    await t.test(what, async () => {
      await Promise.all([ours.ask(RESET), theirs.ask(RESET)]);
      const [own, standard] = await Promise.all([ours.ask(...script), theirs.ask(...script)]);
      assert.deepEqual(own, standard);
    });
  }
  await t.test("the capabilities, but for tone", async () => {
    const query = [0xf0, 0x6b, 0xf7];
    assert.deepEqual(withoutTone(await ours.ask(...query)), await theirs.ask(...query));
  });
});
