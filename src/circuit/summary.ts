import { Latencies } from "../core/latencies.js";
import type { OpenBoard } from "./boards.js";
import type { CircuitNode } from "./node.js";
import type { Summary } from "./progress.js";
import { type Standstill, toldOf } from "./standstill.js";

/** What a circuit's nodes and boards have done so far. */
export function summarize(
  nodes: readonly CircuitNode[],
  boards: readonly OpenBoard[],
  standstills: readonly Standstill[],
): Summary {
  const counts = nodes.map((node) => node.counts());
  const total = (of: "sent" | "acked" | "confirmed") => counts.reduce((sum, count) => sum + count[of], 0);
  const latencies = Latencies.of(counts.map((count) => count.latencies));
  const edges = boards.flatMap((board) => {
    const seen = board.edges();
    return seen ? [[board.name, Object.fromEntries(seen)] as const] : [];
  });
  return {
    ticks: total("sent"),
    acks: total("acked"),
    confirmedWrites: total("confirmed"),
    ...(edges.length > 0 && { edges: Object.fromEntries(edges) }),
    ...(standstills.length > 0 && { standstills: standstills.map(toldOf) }),
    p50Ms: latencies.percentile(0.5) ?? null,
    p99Ms: latencies.percentile(0.99) ?? null,
  };
}
