import { checkManager } from "./check-manager.js";
import { type ErrorPolicy, Part } from "./part.js";
import type { Pipeline } from "./pipeline.js";
import { type Plan, type Protocol, planOf } from "./plan.js";
import type { RestartOptions } from "./restarts.js";

/** How long a pipeline that is told to stop may take to handle what it has, in milliseconds. */
const DEFAULT_GRACE_MS = 5_000;

export interface ManagerOptions {
  /** Name of the pipeline: in configuration, status and errors. */
  readonly name: string;
  /** `sync` where nothing is said. */
  readonly protocol?: Protocol;
  /** The pipeline as data, or sources that were connected with `on()`. All lives of the pipeline use the same parts. */
  readonly pipeline?: Pipeline | readonly Part[];
  /** Makes it instead: called for each life, after which what it connected with `on()` is disconnected. */
  readonly build?: () => Pipeline | readonly Part[] | Part;
  /** What the failure of a part does that says nothing itself; `restart` where nothing is said. */
  readonly onError?: ErrorPolicy;
  readonly restart?: RestartOptions;
  /** A pipeline whose sources have ended begins again, after a wait; it is finished where this is not said. */
  readonly runAlways?: boolean;
  /** Whether its sources run on one machine at a time that say nothing themselves. */
  readonly singleton?: boolean;
  /** How long it may take to drain, in milliseconds; 5 000 where nothing is said. */
  readonly graceMs?: number;
}

/** One pipeline, from its sources to its outputs, and how it is kept alive. A `Flow` runs it. */
export class Manager {
  readonly name: string;
  readonly options: ManagerOptions;

  constructor(options: ManagerOptions) {
    this.name = options.name;
    this.options = options;
  }

  get protocol(): Protocol {
    return this.options.protocol ?? "sync";
  }

  get graceMs(): number {
    return this.options.graceMs ?? DEFAULT_GRACE_MS;
  }

  /**
   * Builds the pipeline and checks it.
   *
   * @throws {CircuitError} `CONFIG_INVALID` where something is wrong with it; whatever `build` throws.
   */
  plan(): Plan {
    checkManager(this.options);
    const built = this.options.build?.() ?? this.options.pipeline ?? [];
    return planOf(this.name, built instanceof Part ? [built] : built, this.protocol);
  }

  /** Undoes what `build` has connected. */
  release({ sources, processors }: Plan): void {
    if (this.options.build === undefined) return;
    for (const { part } of [...sources, ...processors]) part.disconnect();
  }
}
