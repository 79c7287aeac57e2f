import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { fileFailure } from "./file-failure.js";
import { findEndOfRows, type RowShape } from "./row-ends.js";

export interface AppendFileOptions {
  /** What a file begins with, its newline included; empty for nothing. */
  readonly header: string;
  readonly shape: RowShape;
  /** Whether new files, too, are to outlive the system. */
  readonly isSynced: boolean;
  readonly log: (text: string) => void;
}

/**
 * A file that rows are added to. Only ever appended to, by one
 * process at a time; what a crash has left of a row is put aside.
 */
export class AppendFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #bytes: number;
  /** When it was last written to by somebody before, in milliseconds of the Unix epoch; `undefined` for a new one. */
  readonly writtenAtMs: number | undefined;

  private constructor(path: string, file: FileHandle, bytes: number, writtenAtMs: number | undefined) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.writtenAtMs = writtenAtMs;
  }

  /**
   * Opens a file, or makes it, with its header.
   *
   * @throws {CircuitError} `FILE_FAILED`, also for one with another header.
   */
  static async open(path: string, options: AppendFileOptions): Promise<AppendFile> {
    const { header, isSynced } = options;
    let file: FileHandle | undefined;
    try {
      file = await open(path, "a+");
      const { size, mtimeMs } = await file.stat();
      const bytes = await mend(path, file, size, options);
      const appended = new AppendFile(path, file, bytes, bytes === 0 ? undefined : mtimeMs);
      if (bytes > 0) await checkHeader(path, file, header);
      else if (header !== "") await appended.append(Buffer.from(header));
      if (bytes === 0 && isSynced) await syncFolder(path);
      return appended;
    } catch (thrown) {
      await file?.close();
      throw fileFailure(`write to ${path}`, thrown);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds rows. Resolves when the system has them: they outlive this process. */
  async append(rows: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < rows.length; ) {
        const { bytesWritten } = await this.#file.write(rows, done);
        done += bytesWritten;
        this.#bytes += bytesWritten;
      }
    } catch (thrown) {
      throw fileFailure(`write to ${this.#path}`, thrown);
    }
  }

  /** Resolves when the disk has what was appended: it outlives the system. */
  async sync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (thrown) {
      throw fileFailure(`sync ${this.#path}`, thrown);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Closes it and gives it the next free number: `prices.csv` becomes `prices.1.csv`. */
  async retire(): Promise<void> {
    await this.#file.close();
    try {
      await rename(this.#path, await freePath(this.#path));
    } catch (thrown) {
      throw fileFailure(`rotate ${this.#path}`, thrown);
    }
  }
}

/** A row is never as long: where so much is torn, somebody else's file is of another kind, and stays as it is. */
const MOST_TORN_BYTES = 16_777_216;

/** Puts aside what a crash has left of a row. @returns How long the file is then. */
async function mend(
  path: string,
  file: FileHandle,
  size: number,
  { shape, log }: AppendFileOptions,
): Promise<number> {
  const end = await findEndOfRows(file, size, shape);
  if (end === size) return size;
  if (size - end > MOST_TORN_BYTES) {
    const problem = `the last ${size - end} of its ${size} bytes have no row's end`;
    throw fileFailure(`write to ${path}`, new Error(problem), "Move the file away.");
  }
  const torn = Buffer.alloc(size - end);
  await file.read(torn, 0, torn.length, end);
  const aside = await open(`${path}.torn`, "a");
  try {
    await aside.appendFile(torn);
    await aside.datasync();
  } finally {
    await aside.close();
  }
  await file.truncate(end);
  log(`${path} ended in ${torn.length} bytes of a torn row; they are in ${path}.torn`);
  return end;
}

async function checkHeader(path: string, file: FileHandle, header: string): Promise<void> {
  if (header === "") return;
  const wanted = Buffer.from(header);
  const found = Buffer.alloc(wanted.length);
  await file.read(found, 0, found.length, 0);
  if (found.equals(wanted)) return;
  const words = JSON.stringify(found.toString("utf8").split("\n")[0]);
  const problem = `its header begins with ${words}, not ${JSON.stringify(header.trimEnd())}`;
  throw fileFailure(`write to ${path}`, new Error(problem), "Move the file away, or name the same columns.");
}

async function freePath(path: string): Promise<string> {
  const end = extname(path);
  const stem = path.slice(0, path.length - end.length);
  for (let number = 1; ; number++) {
    const candidate = `${stem}.${number}${end}`;
    const isThere = await stat(candidate).then(
      () => true,
      () => false,
    );
    if (!isThere) return candidate;
  }
}

/** A file's name outlives the system once its folder is synced. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // has no such thing
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
