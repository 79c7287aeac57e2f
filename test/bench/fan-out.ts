import { fileURLToPath } from "node:url";
import { skipWithoutNats } from "../mesh/nats-server.js";
import { type Limit, type Row, Running } from "./bench.js";
import type { EngineName } from "./fan-out-engines.js";

const END = fileURLToPath(new URL("./fan-out-end.js", import.meta.url));

const MOST_PROCESSES = 4;
const MEASURED_MS = 2_000;

interface Load {
  readonly subscribers: number;
  /** Events that are published in one turn of the event loop. */
  readonly events: number;
  readonly figure: "rate" | "p99";
}

/** The publisher, and the NATS server where there is one, have one core, the subscribers' processes share the other. */
async function run(engine: EngineName, load: Load, share: number): Promise<number> {
  const running: Running[] = [];
  const processes = Math.min(MOST_PROCESSES, load.subscribers);
  const each = Math.ceil((load.subscribers * share) / processes);
  const start = (core: 0 | 1, ...args: readonly (string | number)[]) => {
    const started = new Running({ command: process.execPath, args: [END, ...args.map(String)], core });
    running.push(started);
    return started;
  };
  try {
    const { events, figure } = load;
    const ms = MEASURED_MS * share;
    const publisher = start(0, "publisher", engine, processes, each * processes, events, ms, figure);
    const address = await publisher.line();
    for (let started = 0; started < processes; started++)
      start(1, "subscribers", engine, address, each, events);
    return Number(await publisher.line());
  } finally {
    await Promise.all(running.map((program) => program.stop()));
  }
}

function row(over: "ws" | "nats", load: Load, limit?: Limit): Row {
  const { subscribers, events, figure } = load;
  const to =
    subscribers === 1 ? "1 subscriber" : `${subscribers.toLocaleString("en").replace(",", " ")} subscribers`;
  const how = figure === "rate" ? `${events} a turn` : "published until all have answered, p99";
  return {
    claim: `events to ${to}, ${over === "ws" ? "" : "over NATS, "}${how}, a byte`,
    unit: figure === "rate" ? "deliveries/s" : "µs",
    peer: over === "ws" ? "a loop of ws.send" : "@nats-io/transport-node",
    ...(limit && { limit }),
    ours: (share) => run(over, load, share),
    theirs: (share) => run(`bare-${over}`, load, share),
    ...(over === "nats" && { missing: () => skipWithoutNats || undefined }),
  };
}

const AS_QUICK: Limit = { of: "ratio", atLeast: 0.9 };
const AS_SOON: Limit = { of: "ratio", atMost: 1.1 };

const TEN_OBSERVERS: Load = { subscribers: 1, events: 16, figure: "rate" };

function rowsOver(over: "ws" | "nats", manyAtOnce: Limit): Row[] {
  return [
    row(over, { subscribers: 1_000, events: 16, figure: "rate" }, manyAtOnce),
    row(over, { subscribers: 100, events: 16, figure: "rate" }, AS_QUICK),
    row(over, { subscribers: 1, events: 16, figure: "rate" }, AS_QUICK),
    row(over, { subscribers: 1_000, events: 1, figure: "p99" }, AS_SOON),
    row(over, { subscribers: 100, events: 1, figure: "p99" }, AS_SOON),
    row(over, { subscribers: 1, events: 1, figure: "p99" }, AS_SOON),
  ];
}

/** Events of a mesh against what a program would write itself on the same library. */
export const rows: readonly Row[] = [
  ...rowsOver("ws", { of: "ratio", atLeast: 6 }),
  row("ws", { subscribers: 1_000, events: 64, figure: "rate" }),
  row("ws", { subscribers: 1_000, events: 1, figure: "rate" }),
  ...rowsOver("nats", AS_QUICK),
  {
    claim: "events of one busy subject to 10 observers, each filtering a tenth",
    unit: "events/s",
    peer: "10 filters at a bare ws",
    limit: AS_QUICK,
    ours: (share) => run("observers", TEN_OBSERVERS, share),
    theirs: (share) => run("bare-filters", TEN_OBSERVERS, share),
  },
];
