import { basename, resolve } from "node:path";
import type { Clock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";
import type { CircuitDefinition } from "./define.js";
import { FileWatch } from "./file-watch.js";
import { loadConfig, OWN_NAMES } from "./load.js";
import { Modules } from "./modules.js";

/** A configuration that was read again. */
export interface Reread {
  /** Names of the files that have changed. */
  readonly files: readonly string[];
  /** When the change was noticed, on the clock. */
  readonly atMs: number;
  /** What it is now; or why it cannot be loaded. */
  readonly definition: CircuitDefinition | undefined;
  readonly problem: unknown;
  /** Whether a function that has this text may do something else than before. */
  mayDiffer(text: string): boolean;
}

export interface WatchedConfigOptions {
  readonly path: string;
  readonly clock: Clock;
  /** What is made of a configuration that was loaded. */
  readonly prepare: (definition: CircuitDefinition) => CircuitDefinition;
}

/** How long a file may be missing while an editor writes it, in milliseconds. */
const MISSING_MS = 100;

/** A configuration, and the files of code that it imports, as they are saved. */
export class WatchedConfig {
  readonly #options: WatchedConfigOptions;
  readonly #modules = new Modules(OWN_NAMES);
  #watch: FileWatch | undefined;
  #changed: (reread: Reread) => Promise<void> = async () => {};
  #isReading = false;
  #isStale = false;
  /** Why the last load failed: something that it misses may come with any change. */
  #failure: string | undefined;

  constructor(options: WatchedConfigOptions) {
    this.#options = options;
  }

  /** @throws What `loadConfig()` and `prepare()` throw. */
  async load(): Promise<CircuitDefinition> {
    const { path, prepare } = this.#options;
    return prepare(await loadConfig(path, this.#modules));
  }

  /** Begins to watch. @param changed Takes each change, once it has dealt with the one before. */
  start(changed: (reread: Reread) => Promise<void>): void {
    const { clock } = this.#options;
    this.#changed = changed;
    this.#watch = new FileWatch({ clock, changed: () => void this.#look() });
    this.#follow();
    // Something may have been saved since it was loaded.
    void this.#look();
  }

  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  #follow(): void {
    this.#watch?.follow([resolve(this.#options.path), ...this.#modules.files]);
  }

  /** One at a time: what is saved meanwhile is looked at afterwards. */
  async #look(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#isStale && this.#watch) {
        this.#isStale = false;
        await this.#reread();
      }
    } finally {
      this.#isReading = false;
    }
  }

  async #reread(): Promise<void> {
    const { clock } = this.#options;
    const atMs = clock.now();
    const changed = await this.#whole();
    if (changed.length === 0 && this.#failure === undefined) return;
    let definition: CircuitDefinition | undefined;
    let problem: unknown;
    try {
      definition = await this.load();
    } catch (error) {
      problem = error;
    }
    this.#follow();
    const failure = problem === undefined ? undefined : messageOf(problem);
    const isNews = changed.length > 0 || failure !== this.#failure;
    this.#failure = failure;
    if (!isNews) return;
    await this.#changed({
      files: changed.map((file) => basename(file)),
      atMs,
      definition,
      problem,
      mayDiffer: (text) => this.#modules.mayDiffer(text),
    });
  }

  /** What has changed, when all of it is there and holds something: an editor may be half-way. */
  async #whole(): Promise<readonly string[]> {
    const { clock } = this.#options;
    const untilMs = clock.now() + MISSING_MS;
    for (;;) {
      const { changed, isPartial } = this.#modules.look();
      if (!isPartial || clock.now() >= untilMs) return changed;
      await clock.sleep(5);
    }
  }
}

/** Why nothing can be watched where no file says what runs. */
export function nothingToWatch(): CircuitError {
  return new CircuitError("USAGE", "Cannot watch anything: the example circuit runs, which is in no file", {
    hint: "Give the path of a configuration, or put a circuit.config.ts into this folder.",
  });
}
