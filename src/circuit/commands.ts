import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { unlessAborted } from "../core/abort.js";
import type { Clock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";
import { printable } from "../core/printable.js";
import { jsonOf, type Payload } from "../mesh/payload.js";
import { commandEnvironment } from "./command-environment.js";

export interface CommandsOptions {
  /** For the shell. */
  readonly command: string;
  /** Time that it may take, in milliseconds. */
  readonly limitMs: number;
  /** Whether several run at the same time: the output of each is then passed on as one piece. */
  readonly isParallel: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Takes what a command writes. While what it returned has not settled, nothing more of that is read. */
  readonly output: (chunk: Uint8Array, to: "stdout" | "stderr") => Promise<void> | undefined;
}

/** What a command is told of an event. */
export interface CommandEvent {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Payload;
}

/** Time from being asked to end to being ended, in milliseconds: a shell script's trap takes less. */
export const ENDING_MS = 2_000;

/** How often is looked whether all of a group have ended, in milliseconds. */
const LOOK_MS = 20;

/** Bytes of a command's output that are kept for one piece; what is longer is passed on in several. */
const PIECE_BYTES = 1_048_576;

/** Runs a command of the user's for each event, in a process group of its own, so that nothing of it outlives its time. */
export class Commands {
  readonly #options: CommandsOptions;
  /** Leaders of the groups that may have somebody in them. */
  readonly #running = new Set<ChildProcess>();
  /** A process that has to end at once leaves nothing behind. */
  readonly #endAll = (): void => {
    for (const child of this.#running) signalGroup(child, "SIGKILL");
  };

  constructor(options: CommandsOptions) {
    this.#options = options;
    process.once("exit", this.#endAll);
  }

  /**
   * Runs the command with an event's data on its standard input. Resolves when it has exited with 0, nobody has its
   * output open any more, and that was passed on.
   *
   * @param signal Ends it.
   * @throws {CircuitError} `COMMAND_FAILED`, `TIMEOUT`; the signal's own reason.
   */
  async run(event: CommandEvent, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { isParallel, output } = this.#options;
    const pieces = isParallel ? new Pieces(output) : undefined;
    const child = this.#spawn(event, pieces);
    const ended = this.#follow(child);
    this.#running.add(child);
    let passedOn: Promise<void> | undefined;
    try {
      await this.#within(ended, child, { subject: event.subject, signal });
    } finally {
      this.#running.delete(child);
      passedOn = pieces?.flush();
    }
    if (passedOn) await unlessAborted(passedOn, signal);
  }

  /** What is left is ended at the end of the process no more. */
  close(): void {
    process.off("exit", this.#endAll);
  }

  #spawn(event: CommandEvent, pieces: Pieces | undefined): ChildProcess {
    const { command, env, output } = this.#options;
    let child: ChildProcess;
    try {
      child = spawn(command, {
        shell: true,
        detached: process.platform !== "win32",
        env: commandEnvironment(env, event),
        stdio: ["pipe", "pipe", "pipe"],
      });
    } catch (cause) {
      throw failed(event.subject, messageOf(cause), cause);
    }
    for (const to of ["stdout", "stderr"] as const) {
      const stream = child[to];
      stream?.on("data", (chunk: Uint8Array) => {
        const isFull = pieces ? pieces.add(chunk, to) : output(chunk, to);
        if (isFull === undefined) return;
        stream.pause();
        const goOn = () => void stream.resume();
        isFull.then(goOn, goOn);
      });
    }
    // Whoever does not read it all, or at all, needs it not.
    child.stdin?.on("error", () => {});
    child.stdin?.end(
      typeof event.data === "string" || event.data instanceof Uint8Array ? event.data : jsonOf(event.data),
    );
    return child;
  }

  /** Resolves with why the command has failed; `undefined` where it has not. */
  async #follow(child: ChildProcess): Promise<string | undefined> {
    try {
      const [code, by]: (number | string | null)[] = await once(child, "close");
      if (by !== null) return `it was ended by ${by}`;
      return code === 0 ? undefined : `it exited with ${code}`;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #within(
    ended: Promise<string | undefined>,
    child: ChildProcess,
    { subject, signal }: { readonly subject: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, limitMs } = this.#options;
    let problem: unknown;
    const over = new Promise<"over">((resolve) => {
      const give = (reason: unknown) => {
        problem = reason;
        resolve("over");
      };
      const stopWaiting = clock.after(limitMs, () => give(tooLong(subject, limitMs)));
      const abort = () => give(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      void ended.then(() => {
        stopWaiting();
        signal.removeEventListener("abort", abort);
      });
    });
    const reason = await Promise.race([ended, over]);
    if (problem !== undefined) {
      await this.#end(child);
      await Promise.race([ended, clock.sleep(LOOK_MS)]);
      throw problem;
    }
    if (reason !== undefined) throw failed(subject, reason);
  }

  /** Asks a whole group to end, and ends it when it has not. */
  async #end(child: ChildProcess): Promise<void> {
    const { clock } = this.#options;
    const endAtMs = clock.now() + ENDING_MS;
    let isThere = signalGroup(child, "SIGTERM");
    while (isThere && clock.now() < endAtMs) {
      await clock.sleep(LOOK_MS);
      isThere = signalGroup(child, 0);
    }
    if (isThere) signalGroup(child, "SIGKILL");
    // What has left the group may still hold them.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** The output of one command, kept until it is a piece. */
class Pieces {
  readonly #output: CommandsOptions["output"];
  #chunks: [Uint8Array, "stdout" | "stderr"][] = [];
  #bytes = 0;

  constructor(output: CommandsOptions["output"]) {
    this.#output = output;
  }

  /** @returns What is to be waited for before there is room for more. */
  add(chunk: Uint8Array, to: "stdout" | "stderr"): Promise<void> | undefined {
    this.#chunks.push([chunk, to]);
    this.#bytes += chunk.length;
    return this.#bytes >= PIECE_BYTES ? this.flush() : undefined;
  }

  /** Resolves when what was kept has been passed on, or cannot be. */
  async flush(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    await Promise.allSettled(chunks.map(([chunk, to]) => this.#output(chunk, to)));
  }
}

/** Signals everybody in a command's group. @returns Whether there is anybody. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    // Windows has no groups: there it is the shell alone.
    process.kill(process.platform === "win32" ? pid : -pid, signal);
    return true;
  } catch {
    return false;
  }
}

function failed(subject: string, reason: string, cause?: unknown): CircuitError {
  return new CircuitError(
    "COMMAND_FAILED",
    `Cannot handle an event of ${printable(subject)} by the command: ${reason}`,
    {
      hint: "Try the command by itself, with the event's data on its standard input.",
      cause,
    },
  );
}

function tooLong(subject: string, limitMs: number): CircuitError {
  return new CircuitError(
    "TIMEOUT",
    `Cannot handle an event of ${printable(subject)} by the command: it took more than ${limitMs / 1_000} s and was ended`,
    { hint: "Allow more with --exec-timeout, or send the output of what is to stay behind elsewhere." },
  );
}
