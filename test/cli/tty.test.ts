import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { type Edge, startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { circuit, printedBits, startCircuit } from "./cli.js";

interface Firmware {
  readonly name: string;
  readonly hex: () => Promise<string>;
  readonly skip: string | false;
  /** Edges on pin 13 between reset and ready: StandardFirmata 2.5 blinks its version, 2 + 5 times. */
  readonly blinks: number;
  /** Whether the host makes the tone, by toggling the pin. */
  readonly isToggled: boolean;
  /** The pitch to be heard, in hertz, for one that was asked for. */
  readonly heardHz: (askedHz: number) => number;
  /** How far the pitch may be off, as a share. */
  readonly tolerance: number;
}

const FIRMWARES: readonly Firmware[] = [
  {
    name: "CircuitFirmata",
    hex: async () => CIRCUIT_UNO_HEX,
    skip: skipWithout(...SIMAVR_TOOLS),
    blinks: 0,
    isToggled: false,
    heardHz: (askedHz) => askedHz,
    // A cent.
    tolerance: 2 ** (1 / 1_200) - 1,
  },
  {
    name: "StandardFirmata",
    hex: standardFirmataHex,
    skip: skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS),
    blinks: 14,
    isToggled: true,
    // The wire is this tone's clock, and simavr's takes 11 bits for each byte of 10.
    heardHz: (askedHz) => (askedHz * 10) / 11,
    tolerance: 0.05,
  },
];

const LED = 13;
const PIEZO = 8;
/** Silence that parts one tone from the next: longer than any half-period, shorter than any wait. */
const SILENCE_US = 30_000;

const on = (pin: number) => (edge: Edge) => edge.pin === pin;

/** A chip that has started, and what happens on its pins from now on. */
async function startBoard(context: TestContext, { hex, blinks }: Firmware) {
  const simavr = await startSimavr({ firmware: await hex() });
  context.after(() => simavr.stop());
  const isLow = (pin: number) => (simavr.edges.findLast(on(pin))?.level ?? 0) === 0;
  await simavr.until(`${blinks} blinks`, (edges) => edges.filter(on(LED)).length >= blinks || undefined);
  let from = simavr.edges.length;
  return {
    path: simavr.path,
    isLow,
    /** What has happened since the last call, once both pins are low. */
    async take(): Promise<Edge[]> {
      await simavr.until("low pins", () => (isLow(LED) && isLow(PIEZO)) || undefined);
      const edges = simavr.edges.slice(from);
      from = simavr.edges.length;
      return edges;
    },
  };
}

/** Levels that a pin takes when these are written to it, from low, and low at the end. */
function changes(bits: readonly number[]): number[] {
  return [...bits, 0].filter((bit, index, all) => bit !== (all[index - 1] ?? 0));
}

/** The mean pitch of each tone, in hertz. */
function pitches(edges: readonly Edge[]): number[] {
  const rising = edges.filter(on(PIEZO)).filter(({ level }) => level === 1);
  const tones: number[][] = [];
  for (const { us } of rising) {
    const tone = tones.at(-1);
    if (tone && us - (tone.at(-1) ?? 0) < SILENCE_US) tone.push(us);
    else tones.push([us]);
  }
  return tones.map((tone) => ((tone.length - 1) * 1_000_000) / ((tone.at(-1) ?? 0) - (tone[0] ?? 0)));
}

const options = (path: string, ...more: string[]) => [
  "run",
  "--board",
  path,
  "-d",
  "0.05",
  "--bit-ms",
  "150",
  ...more,
];

describe("circuit run on a tty with", { concurrency: 2 }, () => {
  for (const firmware of FIRMWARES) {
    test(firmware.name, { skip: firmware.skip }, async (context) => {
      const board = await startBoard(context, firmware);

      await context.test(
        "puts exactly the printed bits on pin 13, and sounds 440 Hz for each 1",
        async () => {
          const { code, stdout, stderr } = await circuit(
            context,
            options(board.path, "-t", "3", "--seed", "5"),
          );
          assert.equal(code, 0, stderr);
          const edges = await board.take();
          const bits = printedBits(stdout);
          assert.equal(bits.length, 9);
          assert.deepEqual(
            edges.filter(on(LED)).map(({ level }) => level),
            changes(bits),
          );
          assert.match(stdout, /^3 ticks, 3 acks, 9 confirmed writes$/m);
          assert.match(stderr, new RegExp(`^${board.path}: ${firmware.name}\\.ino \\d\\.\\d, ready in`, "m"));
          const tones = pitches(edges);
          assert.equal(tones.length, bits.filter((bit) => bit === 1).length);
          assertPitches(tones, 440, firmware);
        },
      );

      await context.test("sounds another pitch", async () => {
        const args = ["-t", "1", "--chance", "0", "--tone", "698.46", "--tone-ms", "70"];
        assert.equal((await circuit(context, options(board.path, ...args))).code, 0);
        const tones = pitches(await board.take());
        assert.equal(tones.length, 3);
        assertPitches(tones, 698.46, firmware);
      });

      for (const [signal, exitCode] of [
        ["SIGINT", 130],
        ["SIGTERM", 143],
      ] as const) {
        await context.test(`leaves its pins low and silent on ${signal}`, async () => {
          const args = ["-t", "0", "--chance", "0", "--tone-ms", "60000"];
          const running = startCircuit(context, options(board.path, ...args));
          await running.said(/< acknowledged/);
          running.kill(signal);
          assert.equal((await running.ended()).code, exitCode);
          assert.ok(board.isLow(LED));
          await board.take();
          // Another run's time, in which nothing more may come of the one before.
          const after = await circuit(context, options(board.path, "-t", "1", "--chance", "1"));
          assert.equal(after.code, 0, after.stderr);
          assert.deepEqual(await board.take(), []);
        });
      }
    });
  }
});

function assertPitches(
  tones: readonly number[],
  askedHz: number,
  { heardHz, tolerance, isToggled }: Firmware,
): void {
  const expected = heardHz(askedHz);
  // A host that is busy elsewhere feeds the wire late, which makes a tone lower, never higher.
  for (const hz of isToggled ? [Math.max(...tones)] : tones) {
    assert.ok(Math.abs(hz / expected - 1) <= tolerance, `${hz} Hz instead of ${expected}`);
  }
}
