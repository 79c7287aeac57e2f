import { fileURLToPath } from "node:url";
import { skipWithoutNats } from "../mesh/nats-server.js";
import { type Limit, type Row, runAgainst } from "./bench.js";

const END = fileURLToPath(new URL("./mesh-nats-end.js", import.meta.url));

type Way = "send" | "stream" | "request";

interface Load {
  readonly depth: number;
  readonly bytes: number;
}

const MEASURED_MS = 1_000;

function run(way: Way, { depth, bytes }: Load, share: number): Promise<number> {
  const kind = way === "request" ? "request" : "ours";
  return runAgainst(
    [{ command: process.execPath, args: [END, "server", kind], core: 0 }],
    ([address = ""]) => ({
      command: process.execPath,
      args: [END, way, address, `${depth}`, `${bytes}`, `${MEASURED_MS * share}`],
      core: 1,
    }),
  );
}

function row(way: Way, load: Load, limit?: Limit): Row {
  return {
    claim: `mesh ${way} over NATS, ${load.depth} outstanding, ${load.bytes} bytes`,
    unit: "acks/s",
    peer: "request() of @nats-io/transport-node",
    ...(limit && { limit }),
    ours: (share) => run(way, load, share),
    theirs: (share) => run("request", load, share),
    missing: () => skipWithoutNats || undefined,
  };
}

/** Links over a NATS server against its own requests; the server and the receiver share a core, the sender has one. */
export const rows: readonly Row[] = [
  row("send", { depth: 1, bytes: 2 }),
  row("send", { depth: 64, bytes: 2 }, { of: "ratio", atLeast: 6 }),
  row("stream", { depth: 64, bytes: 2 }, { of: "ratio", atLeast: 6 }),
  row("send", { depth: 1_024, bytes: 2 }, { of: "ratio", atLeast: 25 }),
  row("stream", { depth: 1_024, bytes: 2 }, { of: "ratio", atLeast: 25 }),
  row("send", { depth: 64, bytes: 256 }),
];
