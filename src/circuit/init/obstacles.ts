import { lstat, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CONFIG_NAMES } from "../../config/load.js";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";

/** What may be in a folder that is bare all the same, beside names with a dot before them. */
const OF_NPM: ReadonlySet<string> = new Set(["package.json", "package-lock.json", "node_modules"]);

/**
 * Looks at a folder for a project, which need not be there.
 *
 * @throws {CircuitError} `FILE_FAILED` where it is no folder and cannot become one.
 */
export async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((cause: unknown) => {
    const code = codeOf(cause);
    if (code === "ENOENT") return undefined;
    throw refusal(folder, code === "ENOTDIR" ? "a part of it is a file" : describeFileProblem(cause));
  });
  if (found !== undefined && !found.isDirectory()) throw refusal(folder, "it is a file");
}

/** Which files of a folder a project's would replace, or be passed over for. */
export async function findObstacles(folder: string, paths: readonly string[]): Promise<string[]> {
  const wanted = new Set([...paths, ...CONFIG_NAMES]);
  const found = await Promise.all([...wanted].map((path) => findAt(folder, path)));
  return [...new Set(found.filter((path) => path !== undefined))].sort();
}

/** Whether nothing is in a folder but what npm and tools put there. */
export async function isBare(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.every((name) => name.startsWith(".") || OF_NPM.has(name));
}

export function refusal(folder: string, why: string): CircuitError {
  return new CircuitError("FILE_FAILED", `Cannot write a project into ${folder}: ${why}`, {
    hint: "Name another folder, for example `circuit init lamp`, or move away what is there.",
  });
}

/** What is at a path, or is a file where the path has a folder. */
async function findAt(folder: string, path: string): Promise<string | undefined> {
  try {
    await lstat(join(folder, path));
    return path;
  } catch (error) {
    return codeOf(error) === "ENOTDIR" ? findAt(folder, dirname(path)) : undefined;
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
