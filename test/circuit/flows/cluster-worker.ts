import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { flowCluster } from "../../../src/circuit/flows/flow-cluster.js";
import { keyOf } from "../../../src/flow/cluster/delivery.js";
import { Flow } from "../../../src/flow/flow.js";
import { Manager } from "../../../src/flow/manager.js";
import { pipeline } from "../../../src/flow/pipeline.js";
import { processor, source } from "../../../src/flow/processor.js";
import type { FlowContext } from "../../../src/flow/source.js";
import { NatsMesh } from "../../../src/mesh/nats/nats-mesh.js";
import { answerQuestions } from "../../mesh/child.js";

/** What a worker is to do. */
export interface WorkerPlan {
  readonly urls: string;
  readonly replicas: number;
  /** Where it writes what it has handled: a line of worker, key and number for each. */
  readonly folder: string;
  readonly count: number;
  /** Items each 10 ms. */
  readonly rate: number;
}

/** What the flow has told, and when, in milliseconds of the Unix epoch. */
export interface Told {
  readonly text: string;
  readonly at: number;
}

let lines: Told[] = [];
let flow: Flow | undefined;

function pipelineOf({ folder, count, rate }: WorkerPlan) {
  const path = join(folder, `${process.pid}.txt`);
  const numbers = source(
    async function* numbers({ clock, signal, from = 0 }: FlowContext) {
      for (let n = from; n < count; n++) {
        yield n;
        if (n % rate === 0) await clock.sleep(10, signal);
      }
    },
    { singleton: true, resumes: true },
  );
  const square = processor((n: number) => ({ n, square: n * n }), { parallel: 4 });
  const sink = ({ n, square: squared }: { n: number; square: number }, context: FlowContext) => {
    if (squared !== n * n) throw new Error(`${n} squared is not ${squared}`);
    // The system has it when this returns: a process that is killed does not take it along.
    appendFileSync(path, `${process.pid} ${keyOf(context)} ${n}\n`);
  };
  return pipeline({ sources: { numbers }, processors: { square, sink } }).connect([
    { from: "numbers", to: "square", durable: true },
    { from: "square", to: "sink", durable: true },
  ]);
}

answerQuestions({
  start(plan: WorkerPlan) {
    const mesh = new NatsMesh({ url: plan.urls, patienceMs: Number.POSITIVE_INFINITY });
    flow = new Flow({
      name: "squares",
      ...flowCluster(mesh, { replicas: plan.replicas }),
      log: (text) => lines.push({ text, at: Date.now() }),
      managers: [
        new Manager({
          name: "m",
          pipeline: pipelineOf(plan),
          // Servers that have just started may not have met yet.
          restart: { most: 1_000, longestMs: 500 },
        }),
      ],
    });
    flow.start();
  },
  lines() {
    const told = lines;
    lines = [];
    return told;
  },
  pid: () => process.pid,
  stop: () => flow?.stop(),
});
