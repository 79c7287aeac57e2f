import { hostname } from "node:os";
import type { MeshCounts } from "../../mesh/counts.js";
import type { Wiring } from "../../wiring/wiring.js";
import type { RunningCircuit } from "../running-circuit.js";
import { drawingOf } from "./drawing-of.js";
import { actOn } from "./hands.js";
import type { Act, SeenCircuit, SeenRoute } from "./seen.js";
import { seenState } from "./seen-state.js";

/** What others see of a circuit, and do to it. */
export interface Looking {
  see(isWhole: boolean): SeenCircuit;
  act(act: Act): Promise<string>;
}

/** Lets others look at a circuit that runs, and act on it. */
export function lookingAt(running: () => RunningCircuit, wiring: Wiring | undefined): Looking {
  return {
    see: (isWhole) => {
      const circuit = running();
      const here = Object.keys(circuit.nodes());
      return {
        process: `${hostname()}/${process.pid}`,
        state: seenState(circuit, routesOf(circuit.mesh.counts(), here.join(" and "))),
        ...(isWhole && wiring && { drawing: drawingOf(wiring) }),
      };
    },
    act: (act) => actOn(running(), act),
  };
}

/** What a process has sent, as its mesh counts it: not by whom of its nodes, nor how long it took. */
function routesOf({ peers }: MeshCounts, from: string): readonly SeenRoute[] {
  return peers.map(({ peer, sent, isConnected }) => ({
    ...{ from, to: peer, messages: sent.messages, acks: sent.acks, isConnected },
    failures: [...sent.failures].reduce((sum, [, count]) => sum + count, 0),
    ...{ p50Ms: null, p99Ms: null },
  }));
}
