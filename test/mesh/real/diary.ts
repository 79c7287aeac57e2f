import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/**
 * What a process has done, line by line, in a file. A line is with the system when `write()` returns, so that it is there
 * whatever becomes of the process.
 */
export class Diary {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a", 0o600);
  }

  write(...words: readonly (string | number)[]): void {
    writeSync(this.#file, `${words.join(" ")}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The lines of a diary, as words. */
export function readDiary(path: string): string[][] {
  const lines = readFileSync(path, "utf8").split("\n");
  // What follows the last line break was cut off with its writer.
  return lines.slice(0, -1).map((line) => line.split(" "));
}
