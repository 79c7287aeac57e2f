import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../core/clock.js";

/** An editor writes a file in several steps, or another one that it renames: so long is waited for the next, in milliseconds. */
const SETTLE_MS = 25;

export interface FileWatchOptions {
  readonly clock: Clock;
  /** Something in a folder of theirs was written, and nothing has been for a moment. */
  readonly changed: () => void;
}

/**
 * Watches files through their folders: one that is renamed into the place of another is not the one that was watched.
 * What was told may be that nothing has changed.
 */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #folders = new Map<string, FSWatcher>();
  #cancel = () => {};

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  /** Watches the folders of these files, and no other any more. */
  follow(files: readonly string[]): void {
    const wanted = new Set(files.map((file) => dirname(file)));
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watch(folder);
  }

  close(): void {
    this.#cancel();
    this.follow([]);
  }

  #watch(folder: string): void {
    const { clock, changed } = this.#options;
    const watcher = watch(folder, { persistent: false }, () => {
      this.#cancel();
      this.#cancel = clock.after(SETTLE_MS, changed);
    });
    // A folder that is taken away has no more to tell: what was loaded from it goes on.
    watcher.on("error", () => watcher.close());
    this.#folders.set(folder, watcher);
  }
}
