import { fileURLToPath } from "node:url";
import { PYTHON, skipWithoutPython } from "../tools.js";
import { type Program, type Row, Running } from "./bench.js";

const END = fileURLToPath(new URL("./flow-end.js", import.meta.url));
const AIOPYPE = fileURLToPath(new URL("../../../test/bench/flow-aiopype.py", import.meta.url));

const ITEMS = 1_000_000;

/** Takes three seconds there, and more makes it slower. */
const AIOPYPE_ITEMS = 100_000;

/** Long enough for whatever is kept of each item to be seen. */
const MEMORY_ITEMS = 10_000_000;

async function run(command: string, ...args: readonly (string | number)[]): Promise<number> {
  const program: Program = { command, args: args.map(String), core: 0 };
  const running = new Running(program);
  try {
    return Number(await running.line());
  } finally {
    await running.stop();
  }
}

function end(way: string, items: number, share: number): Promise<number> {
  return run(process.execPath, "--expose-gc", END, way, Math.ceil(items * share));
}

function memoryRow(protocol: "sync" | "async"): Row {
  return {
    claim: `memory after 10 million items, ${protocol}`,
    unit: "MB",
    peer: "after 2 million",
    limit: { of: "difference", atMost: 8 },
    ours: (share) => end(`${protocol}-memory`, MEMORY_ITEMS, share),
    theirs: (share) => end(`${protocol}-memory`, MEMORY_ITEMS / 5, share),
  };
}

const PIPELINE = "a million items through three processors to a counting sink";

/** Supervised pipelines, counted and named, against what only brings items from one to the next. */
export const rows: readonly Row[] = [
  {
    claim: `${PIPELINE}, sync`,
    unit: "items/s",
    peer: "rxjs",
    limit: { of: "ratio", atLeast: 0.8 },
    ours: (share) => end("sync", ITEMS, share),
    theirs: (share) => end("rxjs", ITEMS, share),
  },
  {
    claim: `${PIPELINE}, async`,
    unit: "items/s",
    peer: "object-mode streams of Node",
    limit: { of: "ratio", atLeast: 2 },
    ours: (share) => end("async", ITEMS, share),
    theirs: (share) => end("streams", ITEMS, share),
  },
  {
    claim: `${PIPELINE}, async`,
    unit: "items/s",
    peer: "aiopype's async protocol, 100 000 items",
    limit: { of: "ratio", atLeast: 200 },
    ours: (share) => end("async", ITEMS, share),
    theirs: (share) => run(PYTHON, AIOPYPE, Math.ceil(AIOPYPE_ITEMS * share)),
    missing: () => skipWithoutPython || undefined,
  },
  memoryRow("sync"),
  memoryRow("async"),
];
