import type { Clock } from "../../core/clock.js";
import { systemWall, type Wall } from "../sources/wall.js";
import { AppendFile } from "./append-file.js";
import type { RowShape } from "./row-ends.js";

export interface RowFileOptions {
  /**
   * How long rows may wait here, in milliseconds: what this process's death costs. 0 by default: an item counts as taken
   * when the system has its row. Otherwise it counts at once, unless 64 KiB wait.
   */
  readonly flushEveryMs?: number;
  /**
   * How long rows may wait in the system, in milliseconds: what the system's death costs. With 0 an item counts as taken
   * when the disk has its row; those that come meanwhile share the next sync. Without it, that is left to the system.
   */
  readonly syncEveryMs?: number;
  /** The size at which a file is put away under the next free number (`prices.1.csv`), in bytes. Never by default. */
  readonly rotateBytes?: number;
  /** The same at each multiple of so many milliseconds in the Unix epoch: 86 400 000 for a file a day, in UTC. */
  readonly rotateEveryMs?: number;
  /** The host's own date by default. */
  readonly wall?: Wall;
}

/** What the file is, and for whom. */
export interface RowFileForm {
  readonly path: string;
  /** What each file begins with, its newline included; empty for nothing. */
  readonly header: string;
  readonly shape: RowShape;
  readonly clock: Clock;
  readonly log: (text: string) => void;
}

/** What is written at once where rows may wait, in bytes: from there on a write costs more than its call. */
const FLUSH_BYTES = 65_536;

interface Written {
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Rows on their way into a file, in order: what comes while one write is under way goes with the next. */
export class RowFile {
  readonly #form: RowFileForm;
  readonly #options: RowFileOptions;
  readonly #wall: Wall;
  #rows: string[] = [];
  #rowBytes = 0;
  /** Those who wait for the rows that wait. */
  #next = settlement();
  #writing: Promise<void> | undefined;
  #file: AppendFile | undefined;
  #period = 0;
  #cancelFlush: (() => void) | undefined;
  #cancelSync: (() => void) | undefined;
  #lost: unknown;

  constructor(form: RowFileForm, options: RowFileOptions) {
    this.#form = form;
    this.#options = options;
    this.#wall = options.wall ?? systemWall;
  }

  /** Adds a row, its newline included. See `RowFileOptions` for when it counts. */
  add(row: string): Promise<void> | undefined {
    if (this.#lost !== undefined) return Promise.reject(this.#takeLost());
    this.#rows.push(row);
    this.#rowBytes += row.length;
    const { flushEveryMs = 0, syncEveryMs } = this.#options;
    const mayWait = flushEveryMs > 0 && syncEveryMs !== 0;
    if (mayWait && this.#rowBytes < FLUSH_BYTES) {
      this.#cancelFlush ??= this.#form.clock.after(flushEveryMs, () => this.#flushLater());
      return undefined;
    }
    return this.flush();
  }

  /** Resolves when what was added is written, and synced where rows do not wait for that. */
  flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const { done } = this.#next;
    this.#writing ??= this.#writeAll();
    return done;
  }

  /** Writes what waits, syncs where that was asked for, and closes the file. Rejects where rows could not be written. */
  async close(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    try {
      if (this.#rows.length > 0) await this.flush();
      else await this.#writing;
      if (this.#options.syncEveryMs !== undefined) await this.#file?.sync();
    } catch (error) {
      this.#lose(error);
    } finally {
      await this.#closeFile();
    }
    if (this.#lost !== undefined) throw this.#takeLost();
  }

  async #writeAll(): Promise<void> {
    // What comes in this turn of the event loop goes along.
    await Promise.resolve();
    for (let isFirst = true; isFirst || this.#rows.length > 0; isFirst = false) {
      const rows = this.#rows;
      const written = this.#next;
      this.#rows = [];
      this.#rowBytes = 0;
      this.#next = settlement();
      try {
        await this.#write(rows);
        written.resolve();
      } catch (error) {
        // Half a row may be written: who opens it again puts that aside.
        await this.#closeFile().catch(() => {});
        written.reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #closeFile(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #write(rows: readonly string[]): Promise<void> {
    const { syncEveryMs } = this.#options;
    for (let first = 0; first < rows.length; ) {
      const file = await this.#fileFor(rows[first] ?? "");
      const past = this.#howManyFit(file, rows, first);
      await file.append(Buffer.from(rows.slice(first, past).join("")));
      first = past;
    }
    if (syncEveryMs === undefined) return;
    if (syncEveryMs === 0) await this.#file?.sync();
    else this.#cancelSync ??= this.#form.clock.after(syncEveryMs, () => void this.#syncLater());
  }

  /** The open file, or a new one where the row would be too much for it. */
  async #fileFor(row: string): Promise<AppendFile> {
    const { rotateEveryMs, rotateBytes = Number.POSITIVE_INFINITY, syncEveryMs } = this.#options;
    const periodOf = (atMs: number) => (rotateEveryMs === undefined ? 0 : Math.floor(atMs / rotateEveryMs));
    const period = periodOf(this.#wall());
    for (;;) {
      let file = this.#file;
      if (file === undefined) {
        const isSynced = syncEveryMs !== undefined;
        file = await AppendFile.open(this.#form.path, { ...this.#form, isSynced });
        this.#file = file;
        this.#period = file.writtenAtMs === undefined ? period : periodOf(file.writtenAtMs);
      }
      const hasRows = file.bytes > Buffer.byteLength(this.#form.header);
      const isOver = file.bytes + Buffer.byteLength(row) > rotateBytes || period !== this.#period;
      if (!hasRows || !isOver) {
        this.#period = period;
        return file;
      }
      this.#file = undefined;
      if (syncEveryMs !== undefined) await file.sync();
      await file.retire();
    }
  }

  /** Where the rows end that go into this file with the first one. */
  #howManyFit(file: AppendFile, rows: readonly string[], first: number): number {
    const { rotateBytes } = this.#options;
    if (rotateBytes === undefined) return rows.length;
    let past = first + 1;
    let bytes = file.bytes + Buffer.byteLength(rows[first] ?? "");
    for (; past < rows.length; past++) {
      bytes += Buffer.byteLength(rows[past] ?? "");
      if (bytes > rotateBytes) break;
    }
    return past;
  }

  #flushLater(): void {
    this.flush().catch((error: unknown) => this.#lose(error));
  }

  async #syncLater(): Promise<void> {
    this.#cancelSync = undefined;
    await this.#file?.sync().catch((error: unknown) => this.#lose(error));
  }

  /** Nobody waits for these rows any more: who comes next is told. */
  #lose(error: unknown): void {
    this.#lost ??= error;
  }

  #takeLost(): unknown {
    const lost = this.#lost;
    this.#lost = undefined;
    return lost;
  }
}

function settlement(): Written {
  let resolve = () => {};
  let reject = (_error: unknown) => {};
  const done = new Promise<void>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  // Rows that may wait have nobody who waits for them.
  done.catch(() => {});
  return { done, resolve, reject };
}
