import { fileURLToPath } from "node:url";
import { standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, skipWithout } from "../native/tools.js";
import { type Row, Running } from "./bench.js";

const CIRCUIT = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

/** Milliseconds that Node takes from its start to its end. */
async function spanOf(args: readonly string[]): Promise<number> {
  const startMs = performance.now();
  const running = new Running({ command: process.execPath, args });
  await running.ended();
  return performance.now() - startMs;
}

interface Start {
  /** From the start of the process to the board's event, in milliseconds. */
  readonly processMs: number;
  /** What that event says: from opening the board to ready, in milliseconds. */
  readonly readyMs: number;
}

async function startOn(board: string): Promise<Start> {
  const startMs = performance.now();
  const args = [CIRCUIT, "run", "--json", "--ticks", "1", "--board", board];
  const running = new Running({ command: process.execPath, args });
  try {
    for (;;) {
      const event: unknown = JSON.parse(await running.line());
      const processMs = performance.now() - startMs;
      if (isBoardEvent(event)) return { processMs, readyMs: event.readyMs };
    }
  } finally {
    await running.stop();
  }
}

function isBoardEvent(event: unknown): event is { readonly readyMs: number } {
  return typeof event === "object" && event !== null && "readyMs" in event;
}

/** From a command to what it is for. */
export const rows: readonly Row[] = [
  {
    claim: "circuit run on sim:uno, from the command to a board that is ready",
    unit: "ms",
    peer: "node -e 0",
    limit: { of: "ours", atMost: 500 },
    ours: async () => (await startOn("sim:uno")).processMs,
    theirs: () => spanOf(["-e", "0"]),
  },
  {
    claim: "sim:uno, from opening to ready",
    unit: "ms",
    peer: "StandardFirmata on the same emulator",
    limit: { of: "ours", atMost: 500 },
    ours: async () => (await startOn("sim:uno")).readyMs,
    theirs: async () => (await startOn(`sim:uno?firmware=${await standardFirmataHex()}`)).readyMs,
    missing: () => skipWithout(...FIRMWARE_TOOLS) || undefined,
  },
  {
    claim: "circuit --version, from start to end",
    unit: "ms",
    peer: "node -e 0",
    limit: { of: "ratio", atMost: 1.4 },
    rounds: 21,
    ours: () => spanOf([CIRCUIT, "--version"]),
    theirs: () => spanOf(["-e", "0"]),
  },
];
