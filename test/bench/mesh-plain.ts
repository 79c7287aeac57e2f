import { fileURLToPath } from "node:url";
import { type Limit, type Row, runAgainst } from "./bench.js";

const END = fileURLToPath(new URL("./mesh-plain-end.js", import.meta.url));

type Way = "send" | "stream" | "ws";

interface Load {
  readonly cores: 1 | 2;
  readonly depth: number;
  readonly bytes: number;
}

const MEASURED_MS = 1_000;

function run(way: Way, { cores, depth, bytes }: Load, share: number): Promise<number> {
  const kind = way === "ws" ? "ws" : "ours";
  return runAgainst(
    [{ command: process.execPath, args: [END, "server", kind], core: 0 }],
    ([address = ""]) => ({
      command: process.execPath,
      args: [END, way, address, `${depth}`, `${bytes}`, `${MEASURED_MS * share}`],
      core: cores === 1 ? 0 : 1,
    }),
  );
}

function row(way: Way, load: Load, limit?: Limit): Row {
  const { cores, depth, bytes } = load;
  return {
    claim: `mesh ${way}, ${depth} outstanding, ${bytes} bytes, ${cores === 1 ? "on one core" : "a core each"}`,
    unit: "acks/s",
    peer: "bare ws echo",
    ...(limit && { limit }),
    ours: (share) => run(way, load, share),
    theirs: (share) => run("ws", load, share),
  };
}

/** The plain protocol against an echo on the same WebSocket library. */
export const rows: readonly Row[] = [
  row("send", { cores: 1, depth: 1, bytes: 2 }, { of: "ratio", atLeast: 0.95 }),
  row("send", { cores: 2, depth: 64, bytes: 2 }, { of: "ratio", atLeast: 2.5 }),
  row("stream", { cores: 2, depth: 64, bytes: 2 }, { of: "ratio", atLeast: 2.5 }),
  row("send", { cores: 2, depth: 1_024, bytes: 2 }),
  row("send", { cores: 2, depth: 64, bytes: 256 }),
];
