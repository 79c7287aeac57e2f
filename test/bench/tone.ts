import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { ByteLink } from "../../src/board/link/link.js";
import { serialLink } from "../../src/board/link/serial.js";
import { five } from "../../src/index.js";
import { openSession, PacedUno } from "../../src/testing.js";
import { CIRCUIT_UNO_HEX, simavrPty, standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { temporaryFolder } from "../temporary-folder.js";
import type { Row } from "./bench.js";

const PIEZO = 8;
const TONE_HZ = 440;
const TONE_MS = 1_000;

/** Share of a core, in per cent, that this thread is busy while a tone sounds. The board has a thread or a process of its own. */
async function busyPercent(
  link: ByteLink,
  controller: { readonly controller?: string },
  share: number,
): Promise<number> {
  const session = await openSession({ link });
  try {
    const piezo = new five.Piezo({ pin: PIEZO, board: session.board, ...controller });
    await session.board.confirm();
    const before = performance.eventLoopUtilization();
    piezo.frequency(TONE_HZ, TONE_MS);
    await sleep(TONE_MS * share);
    const { utilization } = performance.eventLoopUtilization(before);
    piezo.noTone();
    return utilization * 100;
  } finally {
    await session.close();
  }
}

const JOHNNY_FIVE = {
  unit: "% busy",
  peer: "Johnny-Five's own Piezo",
  rounds: 3,
  missing: () => skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS) || undefined,
  theirs: async (share: number) => busyPercent(await standardUno(), { controller: "DEFAULT" }, share),
};

async function standardUno(): Promise<ByteLink> {
  return new PacedUno({ firmware: await standardFirmataHex() });
}

/** Behind a tty, as a real one, whose edges nobody in this process hears of: the emulated board would tell of each. */
async function busyPercentOfTty(share: number): Promise<number> {
  const told = join(temporaryFolder(), "edges");
  const out = openSync(told, "w");
  const chip = spawn(await simavrPty(), [CIRCUIT_UNO_HEX], { stdio: ["pipe", out, "inherit"] });
  const ended = once(chip, "exit");
  try {
    return await busyPercent(serialLink({ path: await firstLine(told), baud: 57_600 }), {}, share);
  } finally {
    chip.stdin?.end();
    await ended;
    closeSync(out);
  }
}

async function firstLine(path: string): Promise<string> {
  for (;;) {
    const [line = "", rest] = readFileSync(path, "utf8").split("\n", 2);
    if (rest !== undefined) return line;
    await sleep(10);
  }
}

/** What a tone costs the host: one that the board's timer makes, and one that the host must toggle. */
export const rows: readonly Row[] = [
  {
    ...JOHNNY_FIVE,
    claim: `${TONE_HZ} Hz on CircuitFirmata: the host's core while it sounds`,
    limit: { of: "ours", atMost: 1 },
    ours: busyPercentOfTty,
  },
  {
    ...JOHNNY_FIVE,
    claim: `${TONE_HZ} Hz on StandardFirmata: the host's core while it sounds`,
    ours: async (share) => busyPercent(await standardUno(), {}, share),
  },
];
