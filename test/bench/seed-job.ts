import { fileURLToPath } from "node:url";
import { PYTHON, skipWithoutPythonWebsockets } from "../tools.js";
import { type Program, type Row, Running } from "./bench.js";

const OURS = fileURLToPath(new URL("./seed-job-end.js", import.meta.url));
const SEEDS = fileURLToPath(new URL("../../../test/bench/seed-job.py", import.meta.url));

/** Starts buzzer, pin and clock, each with the address of the one before it, all on one core. */
async function run(command: string, script: string): Promise<number> {
  const start = (...args: string[]) => {
    const program: Program = { command, args: [script, ...args], core: 0 };
    const started = new Running(program);
    running.push(started);
    return started.line();
  };
  const running: Running[] = [];
  try {
    const buzzer = await start("buzzer");
    const iopin = await start("iopin", buzzer);
    return Number(await start("clock", iopin, "1"));
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}

/** The seed's whole job: a tick, three bits to the pin and the buzzer, each acked, and the tick's ack. */
export const rows: readonly Row[] = [
  {
    claim: "the seed's job over our mesh, without boards, three processes on one core",
    unit: "ticks/s",
    peer: "python3-websockets",
    atLeast: 5,
    ours: () => run(process.execPath, OURS),
    theirs: () => run(PYTHON, SEEDS),
    missing: () => skipWithoutPythonWebsockets || undefined,
  },
];
