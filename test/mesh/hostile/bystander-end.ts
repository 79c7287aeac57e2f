// A well-behaved peer of a node, in a process of its own. It sends one message after the other, and never one in vain.
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";
import { medianOf } from "../../bench/bench.js";
import { answerQuestions } from "../child.js";

let tookMs: number[] = [];
let problem: unknown;

async function talk(mesh: WsMesh): Promise<void> {
  for (let number = 0; ; number++) {
    const startMs = performance.now();
    const ack = await mesh.send("node", number);
    if (ack !== number) throw new Error(`the ack of ${number} is ${ack}`);
    tookMs.push(performance.now() - startMs);
    // A peer, and no load of its own.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

answerQuestions({
  start(address: string) {
    talk(new WsMesh({ grid: { node: address } })).catch((error) => {
      problem = error;
    });
  },

  /** Acks since the last time, and the median of the times that they took, in milliseconds. Throws if one failed. */
  async look(atLeast: number) {
    while (tookMs.length < atLeast && problem === undefined)
      await new Promise((resolve) => setTimeout(resolve, 5));
    if (problem !== undefined) throw problem;
    const looked = { acks: tookMs.length, medianMs: medianOf(tookMs) };
    tookMs = [];
    return looked;
  },
});
