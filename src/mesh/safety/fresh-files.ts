import { stat } from "node:fs/promises";
import type { Clock } from "../../core/clock.js";
import { messageOf } from "../../core/error.js";
import { readSafeFile, type SafeFile } from "./private-file.js";

/** Time between two looks whether a file has changed, in milliseconds: sooner than a person can try it. */
export const LOOK_MS = 1_000;

export interface FreshFilesOptions<Value> {
  /** What they are, for messages: `the credentials`. */
  readonly what: string;
  readonly files: readonly SafeFile[];
  /** Makes one value of all the files' contents; what it throws refuses them. */
  parse(contents: readonly Buffer[]): Value;
  readonly clock: Clock;
  /** Takes what a person should know. */
  readonly notice: (text: string) => void;
}

/** A value that stands in files, and follows them when they change. Bad new files leave it as it was. */
export class FreshFiles<Value> {
  readonly #options: FreshFilesOptions<Value>;
  #value: Value;
  /** What the files were when they were read last, whether they were good or not. */
  #mark: string;
  #changed: (value: Value) => void = () => {};
  #stopLooking: () => void = () => {};
  #isClosed = false;

  /** @throws What `parse` throws; {CircuitError} `FILE_FAILED` or `ACCESS_DENIED`, as of `readSafeFile()`. */
  static async open<Value>(options: FreshFilesOptions<Value>): Promise<FreshFiles<Value>> {
    const { value, mark } = await readAll(options);
    const files = new FreshFiles(options, value, mark);
    files.#lookLater();
    return files;
  }

  private constructor(options: FreshFilesOptions<Value>, value: Value, mark: string) {
    this.#options = options;
    this.#value = value;
    this.#mark = mark;
  }

  get value(): Value {
    return this.#value;
  }

  /** Calls back with each new value. */
  follow(changed: (value: Value) => void): void {
    this.#changed = changed;
  }

  /** Looks now. Never rejects. */
  async look(): Promise<void> {
    const mark = await markOf(this.#options.files);
    if (mark === this.#mark || this.#isClosed) return;
    this.#mark = mark;
    try {
      const read = await readAll(this.#options);
      this.#mark = read.mark;
      this.#value = read.value;
    } catch (error) {
      const { what, notice } = this.#options;
      if (!this.#isClosed) notice(`Cannot renew ${what}, those of before still count: ${messageOf(error)}`);
      return;
    }
    if (!this.#isClosed) this.#changed(this.#value);
  }

  /** Looks no more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#stopLooking();
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#stopLooking = this.#options.clock.after(LOOK_MS, () => {
      void this.look().then(() => this.#lookLater());
    });
  }
}

async function readAll<Value>({
  files,
  parse,
}: FreshFilesOptions<Value>): Promise<{ readonly value: Value; readonly mark: string }> {
  const read = await Promise.all(files.map(readSafeFile));
  return { value: parse(read.map(({ content }) => content)), mark: read.map(({ mark }) => mark).join() };
}

/** What changes when one of the files does; the same as `readSafeFile()` gives. */
async function markOf(files: readonly SafeFile[]): Promise<string> {
  const marks = files.map(async ({ path }) => {
    try {
      const { ino, size, mtimeNs, mode } = await stat(path, { bigint: true });
      return `${ino}/${size}/${mtimeNs}/${mode}`;
    } catch {
      return "none";
    }
  });
  return (await Promise.all(marks)).join();
}
