import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { clearScreenDown, cursorTo, moveCursor } from "node:readline";
import type { REPLServer } from "node:repl";
import { Writable } from "node:stream";
import { five } from "../../board/session/piezo.js";
import type { RunningCircuit } from "../running-circuit.js";
import { LineFeed } from "./line-feed.js";
import { type Scope, startServer } from "./server.js";

/** A terminal that others write to as well. */
export interface SharedTerminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  divert(around: (write: () => void, endsLine: boolean) => void): () => void;
}

export interface CircuitPromptOptions {
  readonly running: RunningCircuit;
  /** What is typed, where that is no terminal; without it, the process's own input. */
  readonly input: AsyncIterable<Uint8Array> | undefined;
  /** Where it is typed and answered, if both are on one. */
  readonly terminal: SharedTerminal | undefined;
  /** Takes answers where there is no terminal. */
  readonly print: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** It has come to its end: by Ctrl-C, or because somebody is done. */
  readonly ended: (by: "interrupt" | "exit") => void;
}

/** A prompt into a running circuit: its boards and nodes by their names, `five`, `mesh`, `send()` and `publish()`. */
export class CircuitPrompt {
  readonly #options: CircuitPromptOptions;
  readonly #server: REPLServer;
  readonly #release: () => void;
  #isEvaluating = false;
  #isLastKeyInterrupt = false;
  #isClosed = false;

  constructor(options: CircuitPromptOptions) {
    this.#options = options;
    const { terminal, input, env } = options;
    const feed = input && new LineFeed(input);
    const stdin = feed?.lines ?? process.stdin;
    stdin.on("keypress", (_text: unknown, key?: { ctrl?: boolean; name?: string }) => {
      this.#isLastKeyInterrupt = key?.ctrl === true && key.name === "c";
    });
    const isTerminal = terminal !== undefined && input === undefined;
    this.#server = startServer(
      {
        prompt: isTerminal ? "circuit> " : "",
        input: stdin,
        output: isTerminal ? outputOn(terminal) : this.#printed(),
        terminal: isTerminal,
        ignoreUndefined: true,
      },
      scopeOf(options.running),
    );
    this.#release = isTerminal
      ? terminal.divert((write, endsLine) => this.#between(write, endsLine))
      : () => {};
    this.#watchEvaluation(() => feed?.next());
    this.#server.once("exit", () => {
      if (!this.#isClosed) options.ended(this.#isLastKeyInterrupt ? "interrupt" : "exit");
    });
    if (isTerminal) keepHistory(this.#server, env);
    feed?.next();
  }

  /** Takes no more, and gives the terminal back. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    this.#server.close();
  }

  /** What others write goes above the line that is being typed. */
  #between(write: () => void, endsLine: boolean): void {
    const { terminal } = this.#options;
    if (this.#isEvaluating || terminal === undefined) {
      write();
      return;
    }
    const output = outputOn(terminal);
    moveCursor(output, 0, -this.#server.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    write();
    if (!endsLine) terminal.write("\n");
    // The line is drawn from where the cursor is: it knows of none of this.
    Object.assign(this.#server, { prevRows: 0 });
    this.#server.prompt(true);
  }

  /** Between a line and its answer there is no prompt. @param answered Is called after each. */
  #watchEvaluation(answered: () => void): void {
    const server = this.#server;
    server.prependListener("line", () => {
      this.#isEvaluating = true;
    });
    const { displayPrompt } = server;
    Object.assign(server, {
      displayPrompt: (isPreserved?: boolean) => {
        this.#isEvaluating = false;
        displayPrompt.call(server, isPreserved);
        answered();
      },
    });
  }

  #printed(): Writable {
    const { print } = this.#options;
    return new Writable({
      decodeStrings: false,
      write(chunk, _encoding, written) {
        const text = String(chunk).replace(/\n$/, "");
        // What asks for the rest of a function is for who types it.
        if (text !== "" && text !== "... ") print(text);
        written();
      },
    });
  }
}

function scopeOf(running: RunningCircuit): Scope {
  return () => {
    const [boards, nodes] = [running.boards(), running.nodes()];
    const [only, ...others] = Object.values(boards);
    return {
      // What has a name of these is in `boards` and `nodes`.
      ...boards,
      ...nodes,
      ...(only !== undefined && others.length === 0 && { board: only }),
      ...{ boards, nodes, five, mesh: running.mesh, send: running.send, publish: running.publish },
    };
  };
}

/** The terminal as the prompt's own way out, past what others' writing is diverted by. */
function outputOn(terminal: SharedTerminal): NodeJS.WritableStream {
  const output = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, written) {
      terminal.write(String(chunk));
      written();
    },
  });
  return Object.defineProperties(output, {
    isTTY: { value: true },
    columns: { get: () => terminal.columns },
    rows: { get: () => terminal.rows },
  });
}

/** Lines that were typed before, in the user's own folder for such; none where that cannot be. */
function keepHistory(server: REPLServer, env: CircuitPromptOptions["env"]): void {
  const folder = join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "circuit");
  try {
    // What is typed may be a secret: nobody else's to read.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return;
  }
  server.setupHistory(join(folder, "repl-history"), () => {});
}
