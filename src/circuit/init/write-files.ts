import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";
import type { TemplateFile } from "./template.js";

/** A configuration is code, and one that others may change is not run: nobody's umask shall make it so. */
const FILE_MODE = 0o644;

/**
 * Writes new files into a folder, and at last one that may replace another, or leaves none.
 *
 * @throws {CircuitError} `FILE_FAILED`.
 */
export async function writeFiles(
  folder: string,
  news: readonly TemplateFile[],
  last: TemplateFile,
): Promise<void> {
  const written: string[] = [];
  for (const { path: inFolder, content } of [...news, last]) {
    const path = join(folder, inFolder);
    try {
      await mkdir(dirname(path), { recursive: true });
      // Somebody may have put one there since it was looked for.
      const flag = inFolder === last.path ? "w" : "wx";
      await writeFile(path, content, { flag, mode: FILE_MODE });
      written.push(path);
    } catch (cause) {
      await Promise.allSettled(written.map((each) => rm(each)));
      throw new CircuitError("FILE_FAILED", `Cannot write ${path}: ${describeFileProblem(cause)}`, {
        hint: "Name a folder in which this user may write.",
        cause,
      });
    }
  }
}
