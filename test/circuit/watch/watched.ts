import type { RunOptions } from "../../../src/circuit/run-options.js";
import type { CircuitDefinition } from "../../../src/config/define.js";
import type { Reread } from "../../../src/config/watched-config.js";

/** A configuration that changes when a test says so. */
export class Watched {
  #changed: ((reread: Reread) => Promise<void>) | undefined;
  readonly #started: Promise<void>;
  #begin = () => {};

  constructor() {
    this.#started = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  readonly watched: NonNullable<RunOptions["watched"]> = {
    start: (changed) => {
      this.#changed = changed;
      this.#begin();
    },
    close: () => {},
  };

  /** Resolves when the circuit has taken it. */
  async save(definition: CircuitDefinition | undefined, more: Partial<Reread> = {}): Promise<void> {
    await this.#started;
    await this.#changed?.({
      files: ["lamp.ts"],
      atMs: 0,
      definition,
      problem: undefined,
      mayDiffer: () => false,
      ...more,
    });
  }
}
