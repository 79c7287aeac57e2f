import type { EventEmitter } from "node:events";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { OpenBoard } from "../boards.js";
import { loadWiring, openBoard } from "../boards.js";
import { beginRecording, endRecording } from "../record-run.js";
import { Prompt } from "./prompt.js";
import { replaceJohnnyFive } from "./resolution.js";
import { scriptFive } from "./script-five.js";

export interface ScriptOptions {
  /** A script that was written for Johnny-Five, CommonJS or a module; relative to the working folder. */
  readonly path: string;
  /** What it finds in `process.argv`, after its own path. */
  readonly args: readonly string[];
  /** Address of its board. */
  readonly address: string;
  /** Path of what hangs on the board's pins. */
  readonly wiring: string | undefined;
  /** Whether it has a prompt. */
  readonly hasRepl: boolean;
  /** Path of a new file that its board is recorded to. */
  readonly record?: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly opened: (board: OpenBoard) => void;
  readonly notice: (text: string) => void;
}

/**
 * Runs a script of Johnny-Five's, unchanged, on a board of a circuit, until the signal aborts, the board is lost for good,
 * or it ends itself by `process.exit()`. Then the script hears `exit`, and outputs are left low. One script in a process.
 *
 * @returns The code that it ended itself with; 0 where it did not.
 * @throws {CircuitError} `FILE_FAILED` where there is no such script, what `openBoard()` throws; what the script throws while
 *   it is loaded; the signal's own reason.
 */
export async function runScript(options: ScriptOptions): Promise<number> {
  const { address, wiring, record, clock, signal, notice } = options;
  const path = resolve(options.path);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile())
    throw new CircuitError(
      "FILE_FAILED",
      `Cannot run ${options.path}: ${found ? "it is no" : "there is no such"} file`,
      {
        hint: "Give the path of a script for Johnny-Five.",
      },
    );
  const wired = wiring === undefined ? undefined : await loadWiring(wiring);
  const header = { boards: { board: address } };
  const recorder = record === undefined ? undefined : await beginRecording(record, header, { clock, notice });
  try {
    return await runOnBoard(
      await openBoard({
        name: "board",
        address,
        wiring: wired,
        clock,
        signal,
        notice,
        ...(recorder && { journal: recorder }),
        link: undefined,
      }),
      path,
      options,
    );
  } finally {
    if (recorder) await endRecording(recorder, notice);
  }
}

async function runOnBoard(
  board: OpenBoard,
  path: string,
  { args, hasRepl, signal, opened, notice }: ScriptOptions,
): Promise<number> {
  const { session } = board;
  const { exit } = process;
  try {
    opened(board);
    const prompt = new Prompt(session.board);
    replaceJohnnyFive(scriptFive({ board: session.board, repl: prompt, notice }));
    process.argv.splice(1, process.argv.length, path, ...args);
    const ended = untilExit();
    await import(pathToFileURL(path).href);
    if (hasRepl) await prompt.open();
    return await Promise.race([ended, untilAborted(signal), untilAborted(session.lost)]);
  } finally {
    // The cast: an emitter, which its types do not say.
    (session.board as unknown as EventEmitter).emit("exit");
    await session.close();
    process.exit = exit;
  }
}

/** A script that ends its process ends the circuit, which leaves its pins as they should be. */
function untilExit(): Promise<number> {
  return new Promise((ended) => {
    // The cast: a script goes on after it, for a moment, as no caller expects.
    process.exit = ((code: number | string | null | undefined) => {
      ended(Number(code ?? process.exitCode ?? 0));
    }) as typeof process.exit;
  });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
