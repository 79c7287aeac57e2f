import { fileURLToPath } from "node:url";
import { skipWithoutNats } from "../mesh/nats-server.js";
import { type Limit, type Row, runAgainst } from "./bench.js";
import { meshRow } from "./mesh-plain.js";

const END = fileURLToPath(new URL("./mesh-nats-end.js", import.meta.url));

type Way = "send" | "stream" | "request";

interface Load {
  readonly depth: number;
  readonly bytes: number;
}

const MEASURED_MS = 1_000;

const PEER = "request() of @nats-io/transport-node";

function run(way: Way, { depth, bytes }: Load, share: number, core: 0 | 1 = 1): Promise<number> {
  const kind = way === "request" ? "request" : "ours";
  return runAgainst(
    [{ command: process.execPath, args: [END, "server", kind], core: 0 }],
    ([address = ""]) => ({
      command: process.execPath,
      args: [END, way, address, `${depth}`, `${bytes}`, `${MEASURED_MS * share}`],
      core,
    }),
  );
}

function row(way: Way, load: Load, limit?: Limit): Row {
  return {
    claim: `mesh ${way} over NATS, ${load.depth} outstanding, ${load.bytes} bytes`,
    unit: "acks/s",
    peer: PEER,
    ...(limit && { limit }),
    ours: (share) => run(way, load, share),
    theirs: (share) => run("request", load, share),
    missing: () => skipWithoutNats || undefined,
  };
}

const SINGLE: Load = { depth: 1, bytes: 2 };

/** Links over a NATS server against its own requests; the server and the receiver share a core, the sender has one. */
export const rows: readonly Row[] = [
  // Not over NATS: what a desk has without it. All on one core, where depth 1 counts work and not who is woken when.
  {
    ...meshRow("framed", "send", { cores: 1, ...SINGLE }, { of: "ratio", atLeast: 3 }),
    peer: PEER,
    theirs: (share) => run("request", SINGLE, share, 0),
    missing: () => skipWithoutNats || undefined,
  },
  row("send", SINGLE),
  row("send", { depth: 64, bytes: 2 }, { of: "ratio", atLeast: 6 }),
  row("stream", { depth: 64, bytes: 2 }, { of: "ratio", atLeast: 6 }),
  row("send", { depth: 1_024, bytes: 2 }, { of: "ratio", atLeast: 25 }),
  row("stream", { depth: 1_024, bytes: 2 }, { of: "ratio", atLeast: 25 }),
  row("send", { depth: 64, bytes: 256 }),
];
