import { writeFile } from "node:fs/promises";
import { CircuitError } from "../core/error.js";
import { describeFileProblem } from "../core/file-problem.js";
import type { Cli } from "./cli.js";

/**
 * Writes a drawing to a file, or prints it where none is given.
 *
 * @throws {CircuitError} `FILE_FAILED`
 */
export async function writeDrawing(cli: Cli, drawing: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    cli.print(drawing.trimEnd());
    return;
  }
  await writeFile(file, drawing).catch((cause: unknown) => {
    throw new CircuitError("FILE_FAILED", `Cannot write ${file}: ${describeFileProblem(cause)}`, {
      hint: "Give a path that this user may write.",
      cause,
    });
  });
  cli.log(`Wrote ${file}`);
}
