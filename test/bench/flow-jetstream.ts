import { fileURLToPath } from "node:url";
import { skipWithoutNats } from "../mesh/nats-server.js";
import { type Row, runAgainst } from "./bench.js";

const END = fileURLToPath(new URL("./flow-jetstream-end.js", import.meta.url));

const MEASURED_MS = 2_000;

function run(way: "ours" | "client", share: number): Promise<number> {
  return runAgainst([{ command: process.execPath, args: [END, "server"], core: 0 }], ([address = ""]) => ({
    command: process.execPath,
    args: [END, way, address, `${MEASURED_MS * share}`],
    core: 1,
  }));
}

/** Items over a durable connection of a flow, against the same publishing and acknowledging by hand; the server has a core of its own. */
export const rows: readonly Row[] = [
  {
    claim: "items from a source over a durable connection through three processors to a counting sink",
    unit: "items/s",
    peer: "publish() and ack() of @nats-io/jetstream, three functions between",
    limit: { of: "ratio", atLeast: 0.9 },
    ours: (share) => run("ours", share),
    theirs: (share) => run("client", share),
    missing: () => skipWithoutNats || undefined,
  },
];
