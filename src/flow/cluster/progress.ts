import type { Clock } from "../../core/clock.js";
import type { KeyBucket } from "./lease-bucket.js";

/** How often it is written down how far a source is, in milliseconds: so much is yielded again after a crash. */
const WRITE_MS = 500;

export interface ProgressOptions {
  readonly bucket: KeyBucket;
  readonly key: string;
  readonly clock: Clock;
  /** Number of the first item that may not be stored. */
  readonly next: () => number;
}

/** Writes down how far a source is, for whoever goes on with it. */
export class Progress {
  readonly #options: ProgressOptions;
  #written: number;
  #revision: number | undefined;
  /** Nothing is written by itself any more. */
  #isClosed = false;
  #writing: Promise<void> = Promise.resolve();
  #stopTimer = () => {};

  private constructor(options: ProgressOptions, written: number, revision: number | undefined) {
    this.#options = options;
    this.#written = written;
    this.#revision = revision;
    this.#writeLater();
  }

  /** Where a source is to begin. */
  static async find(
    bucket: KeyBucket,
    key: string,
  ): Promise<{ readonly from: number; readonly revision?: number }> {
    const found = await bucket.find(key);
    if (found === undefined) return { from: 0 };
    const from = Number(found.value);
    return { from: Number.isSafeInteger(from) && from >= 0 ? from : 0, revision: found.revision };
  }

  /** Begins to write. @param revision Of what was found; another's write since then ends ours. */
  static begin(options: ProgressOptions, from: number, revision: number | undefined): Progress {
    return new Progress(options, from, revision);
  }

  /** Writes once more, and no more. Never rejects. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return this.#writing;
    this.#isClosed = true;
    this.#stopTimer();
    await this.#writing;
    this.#writing = this.#write();
    await this.#writing;
  }

  /** Writes no more. */
  abandon(): void {
    this.#isClosed = true;
    this.#stopTimer();
  }

  #writeLater(): void {
    if (this.#isClosed) return;
    this.#stopTimer = this.#options.clock.after(WRITE_MS, () => {
      this.#writing = this.#write();
      void this.#writing.then(() => this.#writeLater());
    });
  }

  async #write(): Promise<void> {
    const { bucket, key, next } = this.#options;
    const value = next();
    if (value === this.#written) return;
    try {
      const revision =
        this.#revision === undefined
          ? await bucket.create(key, String(value))
          : await bucket.update(key, String(value), this.#revision);
      if (revision === undefined) return this.#lookAgain();
      this.#revision = revision;
      this.#written = value;
    } catch {
      // The next time, or whoever goes on yields a little more again.
    }
  }

  /** A write of ours may have been done whose answer was lost; nobody else writes while we hold the lease. */
  async #lookAgain(): Promise<void> {
    const { bucket, key } = this.#options;
    this.#revision = (await bucket.find(key))?.revision;
  }
}
