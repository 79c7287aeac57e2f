import { type FileHandle, open } from "node:fs/promises";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";

/** Longest file that is read, in bytes: credentials of ten thousand nodes, or a chain of certificates. */
const MOST_BYTES = 1_048_576;

/** Permissions of the group and of everybody else. */
const OTHERS = 0o077;

/** Permission of everybody else to write. */
const OTHERS_WRITE = 0o002;

/** A file that is read whole. */
export interface SafeFile {
  readonly path: string;
  /** Nobody but its owner may read it. */
  readonly isPrivate: boolean;
}

/** What was read, and what changes when the file does. */
export interface ReadFile {
  readonly content: Buffer;
  readonly mark: string;
}

/**
 * Reads a file, checking that very file and not what may stand there a moment later.
 *
 * @throws {CircuitError} `FILE_FAILED` when it cannot be read; `ACCESS_DENIED` when others may change it, or read what is
 *   private.
 */
export async function readSafeFile({ path, isPrivate }: SafeFile): Promise<ReadFile> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) throw failure(path, "it is no file");
    if (found.size > BigInt(MOST_BYTES))
      throw failure(path, `it has ${found.size} bytes of at most ${MOST_BYTES}`);
    if (isPrivate) refuseOpen(path, Number(found.mode), Number(found.uid));
    else refuseWritable(path, Number(found.mode));
    return {
      content: await file.readFile(),
      mark: `${found.ino}/${found.size}/${found.mtimeNs}/${found.mode}`,
    };
  } catch (error) {
    if (error instanceof CircuitError) throw error;
    throw failure(path, describeFileProblem(error), error);
  } finally {
    await file?.close();
  }
}

/** Whoever may write an authority's certificate says whom to trust. */
function refuseWritable(path: string, mode: number): void {
  if (process.getuid === undefined || (mode & OTHERS_WRITE) === 0) return;
  throw new CircuitError("ACCESS_DENIED", `Cannot use ${path}: every user of this machine may change it`, {
    hint: `Run \`chmod o-w ${path}\`: it says whom to trust.`,
  });
}

function refuseOpen(path: string, mode: number, owner: number): void {
  if (process.getuid === undefined) return; // Windows: no such permissions
  if (owner !== 0 && owner !== process.getuid()) {
    throw new CircuitError(
      "ACCESS_DENIED",
      `Cannot use ${path}: it belongs to user ${owner}, who may change it`,
      {
        hint: "Make it this user's own.",
      },
    );
  }
  if ((mode & OTHERS) === 0) return;
  const shown = (mode & 0o777).toString(8);
  throw new CircuitError("ACCESS_DENIED", `Cannot use ${path}: other users may read it (mode ${shown})`, {
    hint: `Run \`chmod 600 ${path}\`: whoever knows its secrets is whom they name.`,
  });
}

function failure(path: string, problem: string, cause?: unknown): CircuitError {
  return new CircuitError("FILE_FAILED", `Cannot read ${path}: ${problem}`, {
    hint: "Give the path of a file that this user may read.",
    cause,
  });
}
