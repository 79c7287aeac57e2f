import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { serialLink } from "../../src/board/link/serial.js";
import { makeLink } from "../../src/circuit/links.js";
import { PacedUno } from "../../src/emulator/paced-uno.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import { lineSpeedContract } from "../contract/line-speed.js";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { SIMAVR_TOOLS, skipWithout } from "../native/tools.js";

const skip = skipWithout(...SIMAVR_TOOLS);

const inRealTime = <T>(promise: Promise<T>) => promise;

lineSpeedContract("An Uno in virtual time", async () => {
  const time = new VirtualTime().install();
  return {
    link: new VirtualUno({ time }),
    until: (promise) => time.until(promise),
    stop: async () => time.uninstall(),
  };
});

lineSpeedContract("A paced Uno", async () => ({
  link: new PacedUno(),
  until: inRealTime,
  stop: async () => {},
}));

lineSpeedContract(
  "A serial port",
  async () => {
    const simavr = await startSimavr({ firmware: CIRCUIT_UNO_HEX });
    return {
      link: serialLink({ path: simavr.path, baud: 57_600 }),
      until: inRealTime,
      stop: () => simavr.stop(),
    };
  },
  skip,
);

test("a serial port's own speed is changed", { skip }, async (context) => {
  const simavr = await startSimavr({ firmware: CIRCUIT_UNO_HEX });
  context.after(() => simavr.stop());
  const link = serialLink({ path: simavr.path, baud: 57_600 });
  const { signal } = new AbortController();
  await link.open({ data: () => {}, lost: () => {} }, { signal });
  context.after(() => link.close());
  const speed = () => execFileSync("stty", ["-F", simavr.path, "speed"], { encoding: "utf8" }).trim();
  assert.equal(speed(), "57600");
  await link.setBaud?.(1_000_000);
  assert.equal(speed(), "1000000");
  assert.equal(link.bytesPerSecond, 100_000);
});

test("a link that keeps to a speed has no way to change it", () => {
  assert.equal(serialLink({ path: "/dev/null", baud: 115_200, isFixed: true }).setBaud, undefined);
  assert.equal(new PacedUno({ baud: 57_600 }).setBaud, undefined);
  assert.equal(new VirtualUno({ time: new VirtualTime(), baud: 57_600 }).setBaud, undefined);
});

for (const [address, isFixed] of [
  ["sim:uno", false],
  ["sim:uno?baud=57600", true],
  ["/dev/ttyACM0", false],
  ["/dev/ttyACM0?baud=57600", true],
] as const) {
  test(`${address} ${isFixed ? "keeps to its speed" : "may be taken to another speed"}`, async () => {
    const { link } = await makeLink(address, { attachments: [] });
    assert.equal(link.setBaud === undefined, isFixed);
    assert.ok(Math.abs(link.bytesPerSecond / 5_760 - 1) < 0.025);
  });
}
