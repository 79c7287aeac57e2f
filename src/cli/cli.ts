/** What a command may do to the world. The real one is made in `main.ts`; a test gives its own. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that paths are relative to. */
  readonly folder: string;
  /** Aborts at the first Ctrl-C or SIGTERM; its reason is an `Interrupted`. */
  readonly signal: AbortSignal;
  /** Whether output may be coloured. */
  readonly color: boolean;
  /** Writes a line of results. */
  print(line: string): void;
  /** Writes a line about what is going on. */
  log(line: string): void;
}

/** The reason of `Cli.signal`. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(signal === "SIGINT" ? "Interrupted" : "Terminated");
    this.exitCode = signal === "SIGINT" ? 130 : 143;
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
