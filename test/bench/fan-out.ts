import { fileURLToPath } from "node:url";
import { type Limit, type Row, Running } from "./bench.js";

const END = fileURLToPath(new URL("./fan-out-end.js", import.meta.url));

const SUBSCRIBERS = 1_000;
const PROCESSES = 4;
const MEASURED_MS = 2_000;

/** The publisher has one core, the subscribers' processes share the other. */
async function run(kind: "ours" | "ws", events: number, share: number): Promise<number> {
  const running: Running[] = [];
  const each = Math.ceil((SUBSCRIBERS * share) / PROCESSES);
  const start = (core: 0 | 1, ...args: readonly (string | number)[]) => {
    const started = new Running({ command: process.execPath, args: [END, ...args.map(String)], core });
    running.push(started);
    return started;
  };
  try {
    const publisher = start(0, "publisher", kind, PROCESSES, each * PROCESSES, events, MEASURED_MS * share);
    const address = await publisher.line();
    for (let started = 0; started < PROCESSES; started++) start(1, "subscriber", kind, address, each, events);
    return Number(await publisher.line());
  } finally {
    await Promise.all(running.map((program) => program.stop()));
  }
}

function row(events: number, limit?: Limit): Row {
  return {
    claim: `events to 1 000 subscribers, ${events} a turn, 2 bytes`,
    unit: "deliveries/s",
    peer: "a loop of ws.send",
    ...(limit && { limit }),
    ours: (share) => run("ours", events, share),
    theirs: (share) => run("ws", events, share),
  };
}

/** A link each, a frame for what a turn publishes, against a frame for each event on a thousand bare connections. */
export const rows: readonly Row[] = [row(16, { of: "ratio", atLeast: 6 }), row(64), row(1)];
