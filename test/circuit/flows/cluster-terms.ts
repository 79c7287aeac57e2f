import type { TestContext } from "node:test";
import { Child } from "../../mesh/child.js";
import type { Told, WorkerPlan } from "./cluster-worker.js";

const WORKER = new URL("cluster-worker.js", import.meta.url);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function startWorker(context: TestContext, plan: WorkerPlan): Promise<Child> {
  const worker = new Child(context, WORKER);
  await worker.ask("start", plan);
  return worker;
}

/** When the source began and ceased to run on each worker, as they have told. */
export class Terms {
  readonly #workers: readonly Child[];
  /** Of each worker; the last of them may not be over. */
  readonly #terms: { fromMs: number; toMs: number }[][];

  constructor(workers: readonly Child[]) {
    this.#workers = workers;
    this.#terms = workers.map(() => []);
  }

  /** Of all workers, in order. */
  get all(): readonly { readonly fromMs: number; readonly toMs: number }[] {
    return this.#terms.flat().sort((one, other) => one.fromMs - other.fromMs);
  }

  async read(): Promise<void> {
    for (const [index, worker] of this.#workers.entries()) {
      const terms = this.#terms[index] ?? [];
      for (const { text, at } of await worker.ask<Told[]>("lines").catch(() => [])) {
        const last = terms.at(-1);
        if (text.includes("runs here")) terms.push({ fromMs: at, toMs: Number.POSITIVE_INFINITY });
        else if (text.includes("its lease is over") && last) last.toMs = at;
      }
    }
  }

  /** The first worker that runs the source. */
  async holder(): Promise<number> {
    for (;;) {
      await this.read();
      const index = this.#terms.findIndex(({ length }) => length > 0);
      if (index >= 0) return index;
      await sleep(10);
    }
  }
}
