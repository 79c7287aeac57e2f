import { lstatSync } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";

/** Permissions of the group and of everybody else. */
const OTHERS = 0o077;

/**
 * The folder in which this user's nodes leave word: in the session's runtime directory where there is one and it is
 * this user's own, else in the system's temporary folder, named for the user.
 */
export function findRuntimeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const session = env.XDG_RUNTIME_DIR;
  // Under `sudo` the variable may still name the folder of the user who called.
  if (session !== undefined && session !== "" && isOwnFolder(session)) return join(session, "circuit");
  return join(tmpdir(), `circuit-${process.getuid?.() ?? userInfo().username}`);
}

function isOwnFolder(path: string): boolean {
  try {
    const found = lstatSync(path);
    return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
  } catch {
    return false;
  }
}

/**
 * Makes the folder where it is missing, and checks that nobody else may put anything there.
 *
 * @throws {CircuitError} `FILE_FAILED`.
 */
export async function openRuntimeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    if (!isThere(cause))
      throw refusal(path, describeFileProblem(cause), "See that this user may make it.", cause);
  }
  const found = await lstat(path);
  if (!found.isDirectory()) throw refusal(path, "it is no folder", "Remove it.");
  if (process.getuid === undefined) return; // Windows: the temporary folder is the user's own
  const { uid, mode } = found;
  if (uid !== process.getuid()) {
    throw refusal(
      path,
      `it belongs to user ${uid}`,
      "Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
    );
  }
  if ((mode & OTHERS) !== 0) {
    const shown = (mode & 0o777).toString(8);
    throw refusal(path, `other users may use it (mode ${shown})`, `Run \`chmod 700 ${path}\`.`);
  }
}

function isThere(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

function refusal(path: string, problem: string, hint: string, cause?: unknown): CircuitError {
  return new CircuitError("FILE_FAILED", `Cannot find nodes of this machine in ${path}: ${problem}`, {
    hint,
    cause,
  });
}
