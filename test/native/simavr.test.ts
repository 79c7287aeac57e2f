import assert from "node:assert/strict";
import { test } from "node:test";
import { standardFirmataHex } from "./native.js";
import { startSimavr } from "./simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "./tools.js";
import { openWire } from "./wire.js";

const skip = skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS);

test("startSimavr() runs StandardFirmata behind a tty that opens more than once", { skip }, async (t) => {
  const simavr = await startSimavr({ firmware: await standardFirmataHex() });
  t.after(() => simavr.stop());

  const first = await openWire(simavr.path);
  await first.take([0xf9, 2, 5]); // sent unasked once it has blinked, about two seconds after reset
  await first.close();

  const second = await openWire(simavr.path);
  t.after(() => second.close());
  second.send(0xf9);
  await second.take([0xf9, 2, 5]);
  const before = simavr.edges.length;
  second.send(0xf4, 13, 1, 0x91, 0x20, 0, 0x91, 0, 0);
  const levels = await simavr.until("two edges on pin 13", (edges) => {
    const driven = edges.slice(before).filter(({ pin }) => pin === 13);
    return driven.length === 2 ? driven.map(({ level }) => level) : undefined;
  });
  assert.deepEqual(levels, [1, 0]);
});
