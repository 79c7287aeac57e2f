import { fileURLToPath } from "node:url";
import { PYTHON, skipWithoutPythonWebsockets } from "../tools.js";
import { type Limit, type Program, type Row, Running } from "./bench.js";

const ON_BOARDS = fileURLToPath(new URL("./seed-job-end.js", import.meta.url));
const BARE = fileURLToPath(new URL("./seed-job-bare-end.js", import.meta.url));
const ON_THE_MESH = fileURLToPath(new URL("./seed-job-mesh-end.js", import.meta.url));
const SEEDS = fileURLToPath(new URL("../../../test/bench/seed-job.py", import.meta.url));

/** Three processes share a core with their compilers: it took 1.5 s until the rate stood still. */
const WARM_UP_SECONDS = 2;
const MEASURED_SECONDS = 1;

/** Starts buzzer, pin and clock, each with the address of the one before it, all on one core. */
async function run(
  command: string,
  script: string,
  share: number,
  flags: readonly string[],
): Promise<number> {
  const running: Running[] = [];
  const start = (...args: string[]) => {
    const program: Program = { command, args: [script, ...args, ...flags], core: 0 };
    const started = new Running(program);
    running.push(started);
    return started.line();
  };
  try {
    const buzzer = await start("buzzer");
    const iopin = await start("iopin", buzzer);
    const times = [WARM_UP_SECONDS, MEASURED_SECONDS].map((seconds) => `${seconds * share}`);
    return Number(await start("clock", iopin, ...times));
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}

interface Variant {
  readonly how: string;
  readonly ours?: string;
  readonly flags?: readonly string[];
  readonly peer?: string;
  readonly peerFlags?: readonly string[];
  readonly limit?: Limit;
}

function row({
  how,
  ours = ON_BOARDS,
  flags = [],
  peer = "python3-websockets",
  peerFlags = [],
  limit,
}: Variant): Row {
  return {
    claim: `the seed's job, three processes on one core, ${how}`,
    unit: "ticks/s",
    peer,
    ...(limit && { limit }),
    ours: (share) => run(process.execPath, ours, share, flags),
    theirs: (share) => run(PYTHON, SEEDS, share, peerFlags),
    missing: () => skipWithoutPythonWebsockets || undefined,
  };
}

/**
 * The seed's whole job: a tick, three bits to the pin and the buzzer, each acked, and the tick's ack. Ours are the
 * example's own sketches on mock boards, sketches that have no board, or handlers without sketches; the peer's pin and
 * piezo are variables. It has one tick outstanding, as it waits for each.
 */
export const rows: readonly Row[] = [
  row({ how: "mock boards, every write confirmed", limit: { of: "ratio", atLeast: 5 } }),
  row({
    how: "the same, where Python keeps its connections too",
    peer: "python3-websockets, kept connections",
    peerFlags: ["--keep"],
  }),
  row({ how: "mock boards, unconfirmed", flags: ["--no-confirm"] }),
  row({ how: "sketches without boards", ours: BARE, limit: { of: "ratio", atLeast: 15 } }),
  row({ how: "sketches without boards, 64 ticks outstanding", ours: BARE, flags: ["--outstanding", "64"] }),
  row({
    how: "handlers of the mesh, 64 ticks outstanding",
    ours: ON_THE_MESH,
    flags: ["--outstanding", "64"],
    limit: { of: "ratio", atLeast: 200 },
  }),
];
