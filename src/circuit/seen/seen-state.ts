import type { ManagerStatus } from "../../flow/supervisor.js";
import type { NodeCounts } from "../../mesh/counts.js";
import type { RunningCircuit } from "../running-circuit.js";
import type { SeenBoard, SeenNode, SeenRoute, SeenStage, SeenState } from "./seen.js";
import { seenParts } from "./seen-parts.js";

const BITS_PER_BYTE = 10;

/** A board that has never been there. */
const NOTHING = {
  ...{ writes: 0, queued: 0, queuedBytes: 0, oldestQueuedMs: 0, superseded: 0, unconfirmed: 0 },
  ...{ restored: 0, discardedBytes: 0, baud: null, isEmulated: false, parts: [] },
};

/** All of a circuit that has a present. */
export function seenState(running: RunningCircuit, routes: readonly SeenRoute[]): SeenState {
  return {
    boards: seenBoards(running),
    nodes: seenNodes(running, running.mesh.counts().nodes),
    routes,
    stages: seenStages(running.flows()),
  };
}

function seenBoards(running: RunningCircuit): readonly SeenBoard[] {
  const open = running.openBoards();
  const missing = running.standstills().filter(({ board }) => open.every(({ name }) => name !== board));
  return [
    ...open.map(({ name, session, emulated }): SeenBoard => {
      const { address, firmware, bytesPerSecond, isAway, lost } = session;
      const counts = session.counts();
      const { writes, queued, queuedBytes, oldestQueuedMs } = counts;
      const { superseded, unconfirmed, restored, discardedBytes } = counts;
      return {
        ...{ name, address, firmware, writes, queued, queuedBytes, oldestQueuedMs },
        ...{ superseded, unconfirmed, restored, discardedBytes },
        state: lost.aborted ? "missing" : isAway ? "away" : "ready",
        ...(lost.aborted && {
          problem: String(lost.reason instanceof Error ? lost.reason.message : lost.reason),
        }),
        isEmulated: emulated !== undefined,
        baud: Number.isFinite(bytesPerSecond) ? Math.round(bytesPerSecond * BITS_PER_BYTE) : null,
        parts: seenParts(emulated?.parts ?? []),
      };
    }),
    ...missing.map(({ board, address, error }): SeenBoard => {
      const problem = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
      return { ...NOTHING, name: board, address, firmware: "", state: "missing", problem };
    }),
  ];
}

function seenNodes(running: RunningCircuit, counts: readonly NodeCounts[]): readonly SeenNode[] {
  return Object.keys(running.nodes()).map((name) => {
    const found = counts.find(({ node }) => node === name);
    const failures = [...(found?.received.failures ?? [])].reduce((sum, [, count]) => sum + count, 0);
    const { messages: received = 0, acks = 0 } = found?.received ?? {};
    const { running: atWork = 0, waiting = 0 } = found ?? {};
    return { name, board: running.boardOf(name) ?? null, received, acks, failures, running: atWork, waiting };
  });
}

function seenStages(
  flows: Readonly<Record<string, readonly ManagerStatus[]>> | undefined,
): readonly SeenStage[] {
  return Object.entries(flows ?? {}).flatMap(([flow, managers]) =>
    managers.flatMap(({ name, state, restarts, parts }) =>
      Object.entries(parts).map(([part, counts]) => ({
        ...{ flow, manager: name, state, restarts, part },
        ...{ taken: counts.in, given: counts.out, dropped: counts.dropped, p99Ms: counts.p99Ms ?? null },
      })),
    ),
  );
}
