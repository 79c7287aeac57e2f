import type { ObserverTally } from "../events/tallies.js";
import type { MeshCounts } from "../mesh/counts.js";
import type { PageAnswer, Pages } from "../mesh/ws/pages.js";
import { isAway, type OpenBoard } from "./boards.js";
import { readVersion } from "./version.js";

/** What a circuit's pages tell of. Asked at each reading. */
export interface PageSources {
  counts(): MeshCounts;
  readonly boards: ReadonlyMap<string, OpenBoard>;
  /** Boards that are not there, and have never been. */
  absent?(): readonly { readonly board: string; readonly address: string }[];
  /** Name of the board that a node drives, if it drives one. */
  boardOf(node: string): string | undefined;
  /** What its observers have done, where it has any. */
  observed?(): readonly Readonly<ObserverTally>[];
}

/** What the nodes of a circuit say on their ports: whether they are well, and what they have done. */
export function makePages(sources: PageSources): Pages {
  return {
    "/healthz": (node) => {
      const board = sources.boards.get(sources.boardOf(node.name) ?? "");
      const isLost = board !== undefined && isAway(board);
      const status = isLost ? "board lost" : node.isLeaving ? "draining" : "ok";
      return json(status === "ok" ? 200 : 503, {
        status,
        node: node.name,
        boot: node.boot,
        uptimeSeconds: Math.floor(node.ageMs / 1_000),
        version: readVersion(),
        ...(board && { board: { name: board.name, address: board.session.address, isLost } }),
      });
    },
    "/metrics": async () => {
      // Loaded when it is first asked for: it takes longer than a circuit needs to start.
      const { renderMetrics } = await import("./metrics.js");
      const { contentType, text } = await renderMetrics(sources);
      return { status: 200, contentType, body: text };
    },
  };
}

function json(status: number, value: object): PageAnswer {
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}
