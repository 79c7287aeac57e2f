import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { flashBoard } from "../../src/board/flash/flash.js";
import { parseHex } from "../../src/board/flash/hex.js";
import type { SerialLink } from "../../src/board/link/link.js";
import { serialLink } from "../../src/board/link/serial.js";
import { systemClock } from "../../src/core/clock.js";
import { seededRandom } from "../../src/core/random.js";
import { cases } from "../long.js";
import { CIRCUIT_UNO_HEX, optibootHex } from "../native/native.js";
import { type Simavr, startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const skip = skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS);
const image = parseHex(readFileSync(CIRCUIT_UNO_HEX, "latin1"), CIRCUIT_UNO_HEX);

/** A chip with Optiboot and nothing else. */
async function startBoard(context: TestContext): Promise<Simavr> {
  const chip = await startSimavr({ bootLoader: await optibootHex() });
  context.after(() => chip.stop());
  return chip;
}

const BOOT_START = 0x7e00;

async function assertFlashed(chip: Simavr, bootLoader: Uint8Array): Promise<void> {
  const memory = await chip.programMemory();
  assert.deepEqual(memory.subarray(0, image.endByte), Buffer.from(image.bytes.subarray(0, image.endByte)));
  assert.deepEqual(memory.subarray(BOOT_START), bootLoader);
}

test("circuit flash writes the firmware by Optiboot, byte for byte, and it greets", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const chip = await startBoard(context);
  const bootLoader = (await chip.programMemory()).subarray(BOOT_START);
  const { code, stdout, stderr } = await circuit(context, ["flash", "--board", chip.path]);
  assert.equal(code, 0, stderr);
  const size = `${image.endByte} bytes`;
  assert.match(
    stdout.replaceAll(size, "all bytes"),
    /^circuit-uno\.hex: all bytes for \S+\nATmega328P, its boot loader answers at 115200 baud\nWriting all bytes\nComparing all bytes\n\S+ runs CircuitFirmata\.ino 1\.1, ready in \d+ ms\n$/,
  );
  await assertFlashed(chip, bootLoader);

  const again = startCircuit(context, ["flash", "--board", chip.path, "--json"]);
  await again.said(/"type":"writing"/);
  again.kill("SIGINT");
  const stopped = await again.ended();
  assert.equal(stopped.code, 130);
  assert.match(
    stopped.stdout.replaceAll(size, "all bytes"),
    /"type":"interrupted","text":"\S+ was interrupted after \d+ of all bytes\. Flash it again/,
  );

  const { code: last, stdout: events } = await circuit(context, ["flash", "--board", chip.path, "--json"]);
  assert.equal(last, 0);
  assert.equal(JSON.parse(events.trim().split("\n").at(-1) ?? "").firmware, "CircuitFirmata.ino 1.1");
  await assertFlashed(chip, bootLoader);
});

/** A port whose cable goes after so many bytes. */
function shortLived(path: string, bytes: number, cut: () => void): SerialLink {
  const link = serialLink({ path, baud: 115_200 });
  let left = bytes;
  return {
    ...link,
    write(chunk) {
      if (left > 0) link.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) cut();
    },
  };
}

test("flashBoard() leaves a real boot loader that takes an image, wherever it was cut off", {
  skip,
  timeout: 120_000,
}, async (context) => {
  const chip = await startBoard(context);
  const bootLoader = (await chip.programMemory()).subarray(BOOT_START);
  const random = seededRandom(6);
  const common = { address: chip.path, image, source: "circuit-uno.hex", isUno: true, clock: systemClock };
  for (let run = 0; run < cases(4, 20); run++) {
    const bytes = 1 + Math.floor(random() * image.endByte);
    const stop = new AbortController();
    const cut = () => stop.abort(new Error("cut"));
    const makePort = () => shortLived(chip.path, bytes, cut);
    const flashing = flashBoard({ ...common, makePort, signal: stop.signal, report: () => {} });
    await assert.rejects(flashing, /cut/, `after ${bytes} bytes`);
  }
  const { signal } = new AbortController();
  const makePort = (baud: number) => serialLink({ path: chip.path, baud });
  await flashBoard({ ...common, makePort, signal, report: () => {} });
  await assertFlashed(chip, bootLoader);
});

test("circuit flash refuses what cannot be flashed", async (context) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "bad.hex"), ":02000000AABB98\n");
  for (const [args, code, words] of [
    [["--board", "/dev/not-there"], 69, /there is no such port/],
    [["--board", "sim:uno"], 2, /only a board on a serial port has a boot loader/],
    [["--board", "/dev/not-there?speed=1"], 2, /no setting "speed", only baud/],
    [["--board", "/dev/not-there", "--firmware", "bad.hex"], 78, /line 1: the checksum is off/],
    [["--board", "/dev/not-there", "--firmware", "no.hex"], 74, /no\.hex: there is no such file/],
  ] as const) {
    const ended = await circuit(context, ["flash", ...args], { folder });
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, words);
  }
});

test("circuit flash --firmware standard goes through arduino-cli, or says what is to be done by hand", async (context) => {
  const folder = temporaryFolder();
  const args = ["flash", "--board", "/dev/not-there", "--firmware", "standard"];
  const byHand = await circuit(context, args, { env: { PATH: folder } });
  assert.equal(byHand.code, 1);
  assert.match(
    byHand.stdout,
    /arduino-cli is not installed\. By hand:\n {2}1\. In the Arduino IDE .*\n {2}2\. .*\n {2}3\. /,
  );

  const program = join(folder, "arduino-cli");
  writeFileSync(program, '#!/bin/sh\n[ "$1" = config ] && echo /home/me/Arduino\n[ "$1" != upload ]\n');
  chmodSync(program, 0o755);
  const { code, stdout, stderr } = await circuit(context, args, {
    env: { PATH: `${folder}:${process.env.PATH}` },
  });
  assert.equal(code, 74);
  const commands = stdout.trim().split("\n");
  assert.deepEqual(
    commands.map((line) => line.replace(/(output|input)-dir \S+/, "$1-dir DIR")),
    [
      "$ arduino-cli core install arduino:avr",
      "$ arduino-cli lib install Firmata Servo",
      "$ arduino-cli compile --fqbn arduino:avr:uno --output-dir DIR /home/me/Arduino/libraries/Firmata/examples/StandardFirmata",
      "$ arduino-cli upload --fqbn arduino:avr:uno --port /dev/not-there --input-dir DIR",
      "$ arduino-cli upload --fqbn arduino:avr:nano:cpu=atmega328old --port /dev/not-there --input-dir DIR",
    ],
  );
  assert.match(stderr, /Cannot flash StandardFirmata by arduino-cli upload: it ended with code 1/);
});
