import type { Terminal } from "./terminal.js";

/** What a command may do to the world. The real one is made in `main.ts`; a test gives its own. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that paths are relative to. */
  readonly folder: string;
  /** Aborts at the first Ctrl-C, SIGTERM or hang-up of the terminal; its reason is an `Interrupted`. */
  readonly signal: AbortSignal;
  /** Whether output may be coloured. */
  readonly color: boolean;
  /** Whether results are shown on a terminal. */
  readonly isTerminal: boolean;
  /** That terminal, where it is one. */
  readonly terminal: Terminal | undefined;
  /** Writes a line of results. */
  print(line: string): void;
  /**
   * Writes a line of results, and resolves when it is out; who does not wait need not.
   *
   * @throws {CircuitError} `NOT_RUN` where nobody reads any more.
   */
  write(line: string): Promise<void>;
  /** Writes a line about what is going on. */
  log(line: string): void;
  /**
   * Passes on what another program wrote, to our results or to what is going on.
   *
   * @returns What settles when there is room for more; `undefined` where there is.
   */
  pass(chunk: Uint8Array, to: "stdout" | "stderr"): Promise<void> | undefined;
  /** What is piped in, where something is; `undefined` at a terminal. */
  input(): AsyncIterable<Uint8Array> | undefined;
}

/** Signals that stop a command, and their exit codes: 128 and the signal's number, as shells have it. */
export const STOP_SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** The reason of `Cli.signal`. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof STOP_SIGNALS) {
    super(`Stopped by ${signal}`);
    this.exitCode = STOP_SIGNALS[signal];
  }
}

/** Something that a command has said in full: only the exit code is left to do. */
export class ExitWith extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`Exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}
