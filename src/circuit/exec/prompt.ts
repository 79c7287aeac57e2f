import type { REPLServer } from "node:repl";
import type { Board } from "../../board/board.js";
import { five } from "../../board/session/johnny-five.js";
import { startServer } from "../repl/server.js";
import type { ScriptRepl } from "./script-five.js";

/** What a person types while a script runs, with Johnny-Five, the board, and what the script injects in scope. */
export class Prompt implements ScriptRepl {
  readonly #names: Record<string, unknown>;
  #server: REPLServer | undefined;

  constructor(board: Board) {
    this.#names = { five, board };
  }

  inject(names: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#names, names);
    if (this.#server) Object.assign(this.#server.context, names);
  }

  /** Opens when the script has heard that its board is ready. What ends it ends the process, as Ctrl-C does. */
  async open(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.#server = startServer({ prompt: ">> " }, () => this.#names);
    this.#server.once("exit", () => process.kill(process.pid, "SIGINT"));
  }
}
