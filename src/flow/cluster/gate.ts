import { Queue } from "../../core/queue.js";
import type { Stage } from "../stage.js";

interface Waiting {
  readonly enter: () => void;
}

/** Lets so many items into a processor at a time, whichever way they come. */
export class Gate {
  readonly #parallel: number;
  readonly #waiting = new Queue<Waiting>();
  #running = 0;
  #waitingItems = 0;

  constructor(parallel: number) {
    this.#parallel = parallel;
  }

  /** Items that wait here. */
  get waiting(): number {
    return this.#waitingItems;
  }

  /** As `Stage.process()`, when it is the item's turn. */
  pass(stage: Stage, item: unknown, weight: number): Promise<void> | undefined {
    if (this.#running >= this.#parallel) return this.#passLater(stage, item, weight);
    return this.#enter(stage, item, weight);
  }

  #enter(stage: Stage, item: unknown, weight: number): Promise<void> | undefined {
    // Before it is known to take more than a call: what it emits could come here again.
    this.#running++;
    const rest = stage.process(item, weight);
    if (rest === undefined) {
      this.#leave();
      return undefined;
    }
    return rest.then(this.#leave);
  }

  async #passLater(stage: Stage, item: unknown, weight: number): Promise<void> {
    this.#waitingItems += weight;
    await new Promise<void>((enter) => this.#waiting.push({ enter }));
    this.#waitingItems -= weight;
    // Whoever left has kept the place.
    this.#running--;
    await this.#enter(stage, item, weight);
  }

  readonly #leave = (): void => {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next.enter();
  };
}
