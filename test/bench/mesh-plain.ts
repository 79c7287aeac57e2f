import { fileURLToPath } from "node:url";
import { type Row, runAgainst } from "./bench.js";

const END = fileURLToPath(new URL("./mesh-plain-end.js", import.meta.url));

type Way = "send" | "stream" | "ws";

function run(
  way: Way,
  { cores, depth, bytes }: { cores: 1 | 2; depth: number; bytes: number },
): Promise<number> {
  const kind = way === "ws" ? "ws" : "ours";
  return runAgainst(
    [{ command: process.execPath, args: [END, "server", kind], core: 0 }],
    ([address = ""]) => ({
      command: process.execPath,
      args: [END, way, address, `${depth}`, `${bytes}`],
      core: cores === 1 ? 0 : 1,
    }),
  );
}

function row(way: Way, cores: 1 | 2, depth: number, bytes: number, atLeast?: number): Row {
  const options = { cores, depth, bytes };
  const where = cores === 1 ? "on one core" : "a core each";
  return {
    claim: `mesh ${way}, ${depth} outstanding, ${bytes} bytes, ${where}`,
    unit: "acks/s",
    peer: "bare ws echo",
    ...(atLeast === undefined ? {} : { atLeast }),
    ours: () => run(way, options),
    theirs: () => run("ws", options),
  };
}

/** The plain protocol against an echo on the same WebSocket library. */
export const rows: readonly Row[] = [
  row("send", 1, 1, 2, 0.95),
  row("send", 2, 64, 2, 2.5),
  row("stream", 2, 64, 2, 2.5),
  row("send", 2, 1_024, 2),
  row("send", 2, 64, 256),
];
