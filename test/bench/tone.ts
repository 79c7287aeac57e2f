import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { five } from "../../src/index.js";
import { openSession, PacedUno } from "../../src/testing.js";
import { standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, skipWithout } from "../native/tools.js";
import type { Row } from "./bench.js";

const PIEZO = 8;
const TONE_HZ = 440;
const TONE_MS = 1_000;

/**
 * Share of a core, in per cent, that this thread is busy while a tone sounds on StandardFirmata. The emulated board
 * has a thread of its own.
 */
async function busyPercent(controller: { readonly controller?: string }, share: number): Promise<number> {
  const session = await openSession({ link: new PacedUno({ firmware: await standardFirmataHex() }) });
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

/** What a tone that the host must toggle costs it. */
export const rows: readonly Row[] = [
  {
    claim: `${TONE_HZ} Hz on StandardFirmata: the host's core while it sounds`,
    unit: "% busy",
    peer: "Johnny-Five's own Piezo",
    rounds: 3,
    ours: (share) => busyPercent({}, share),
    theirs: (share) => busyPercent({ controller: "DEFAULT" }, share),
    missing: () => skipWithout(...FIRMWARE_TOOLS) || undefined,
  },
];
