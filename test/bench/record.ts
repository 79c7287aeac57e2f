import { rmSync } from "node:fs";
import { join } from "node:path";
import { type CircuitDefinition, runCircuit } from "../../src/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import type { Limit, Row } from "./bench.js";

const WARM_UP_TICKS = 0.2;

interface Job {
  readonly how: string;
  readonly board: string;
  readonly ticks: number;
  readonly limit?: Limit;
}

const file = join(temporaryFolder(), "bench.circuit");

/** The seed's job as fast as it goes, in one process: a tick, three bits to the pin and the buzzer, all confirmed. */
function circuitOf(board: string, ticks: number): CircuitDefinition {
  return {
    boards: { board },
    seed: 1,
    nodes: {
      clock: { sketch: "clock", options: { ticks, delaySeconds: 0 } },
      iopin: { sketch: "iopin", options: { bitMs: 0 } },
      buzzer: { sketch: "buzzer", options: { toneMs: 1 } },
    },
  };
}

/** Ticks a second, from the first to the last. */
async function run({ board }: Job, ticks: number, isRecorded: boolean): Promise<number> {
  rmSync(file, { force: true });
  const times: number[] = [];
  await runCircuit(circuitOf(board, ticks), {
    ...(isRecorded && { record: file }),
    onEvent: (event) => {
      if (event.type === "out" && event.node === "clock") times.push(performance.now());
    },
  });
  const [firstMs = 0, lastMs = 0] = [times[0], times.at(-1)];
  return ((ticks - 1) / (lastMs - firstMs)) * 1_000;
}

function row(job: Job): Row {
  const measure = async (share: number, isRecorded: boolean) => {
    const ticks = Math.ceil(job.ticks * share);
    await run(job, Math.ceil(ticks * WARM_UP_TICKS), isRecorded);
    return run(job, ticks, isRecorded);
  };
  return {
    claim: `the seed's job in one process, every write confirmed, recorded, ${job.how}`,
    unit: "ticks/s",
    peer: "not recorded",
    ...(job.limit && { limit: job.limit }),
    ours: (share) => measure(share, true),
    theirs: (share) => measure(share, false),
  };
}

/** What recording costs a circuit: on the wire of a board, and where nothing but this process limits it. */
export const rows: readonly Row[] = [
  row({ how: "on sim:uno", board: "sim:uno", ticks: 1_000, limit: { of: "ratio", atLeast: 0.97 } }),
  row({ how: "on a mock board, which has no wire", board: "mock", ticks: 20_000 }),
];
