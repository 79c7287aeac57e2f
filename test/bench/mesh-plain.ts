import { fileURLToPath } from "node:url";
import { type Limit, type Row, runAgainst } from "./bench.js";

const END = fileURLToPath(new URL("./mesh-end.js", import.meta.url));

type Way = "send" | "stream" | "ws";
type Protocol = "plain" | "framed" | "poll";

interface Load {
  readonly cores: 1 | 2;
  readonly depth: number;
  readonly bytes: number;
}

const MEASURED_MS = 1_000;

function run(way: Way, { cores, depth, bytes }: Load, protocol: Protocol, share: number): Promise<number> {
  const kind = way === "ws" ? "ws" : protocol === "poll" ? "poll" : "ours";
  return runAgainst(
    [{ command: process.execPath, args: [END, "server", kind], core: 0 }],
    ([address = ""]) => ({
      command: process.execPath,
      args: [END, way, address, `${depth}`, `${bytes}`, `${MEASURED_MS * share}`, protocol],
      core: cores === 1 ? 0 : 1,
    }),
  );
}

/** A row of ours by one of the protocols against an echo on the same WebSocket library. */
export function meshRow(protocol: Protocol, way: Way, load: Load, limit?: Limit): Row {
  const { cores, depth, bytes } = load;
  return {
    claim: `mesh ${protocol === "poll" ? "framed, poll: true," : protocol} ${way}, ${depth} outstanding, ${bytes} bytes, ${cores === 1 ? "on one core" : "a core each"}`,
    unit: "acks/s",
    peer: "bare ws echo",
    ...(limit && { limit }),
    ours: (share) => run(way, load, protocol, share),
    theirs: (share) => run("ws", load, protocol, share),
  };
}

/** The plain protocol. */
export const rows: readonly Row[] = [
  meshRow("plain", "send", { cores: 1, depth: 1, bytes: 2 }, { of: "ratio", atLeast: 0.95 }),
  meshRow("plain", "send", { cores: 2, depth: 64, bytes: 2 }, { of: "ratio", atLeast: 2.5 }),
  meshRow("plain", "stream", { cores: 2, depth: 64, bytes: 2 }, { of: "ratio", atLeast: 2.5 }),
  meshRow("plain", "send", { cores: 2, depth: 1_024, bytes: 2 }),
  meshRow("plain", "send", { cores: 2, depth: 64, bytes: 256 }),
];
