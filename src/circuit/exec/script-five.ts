import type { EventEmitter } from "node:events";
import type { Board } from "../../board/board.js";
import { five } from "../../board/session/johnny-five.js";
import { CircuitError } from "../../core/error.js";

/** What a script asks of its board's prompt: `board.repl.inject({ led })`. */
export interface ScriptRepl {
  inject(names: Readonly<Record<string, unknown>>): void;
}

export interface ScriptFiveOptions {
  /** The board of a session, ready. */
  readonly board: Board;
  readonly repl: ScriptRepl;
  readonly notice: (text: string) => void;
}

/**
 * Johnny-Five as a script sees it: `new five.Board()` gives it the session's board, which tells that it is ready as one
 * does that has just been opened. A board with an `io` of its own is Johnny-Five's; so are several at a time, where each has
 * one. Without, `new five.Boards()` throws a `CircuitError`: `USAGE`.
 */
export function scriptFive({ board, repl, notice }: ScriptFiveOptions): typeof five {
  let isGiven = false;
  // The cast: emitters, which their types do not say.
  const emitter = board as unknown as EventEmitter;
  const give = (): Board => {
    if (isGiven) notice("Cannot give the script a second board: it has the first one again");
    isGiven = true;
    setImmediate(() => {
      for (const event of ["connect", "ready"]) emitter.emit(event);
    });
    return Object.assign(board, { repl });
  };
  const ScriptBoard = new Proxy(five.Board, {
    construct: (target, [options]: [five.BoardOption?]) =>
      options?.io === undefined ? give() : Reflect.construct(target, [options]),
  });
  const ScriptBoards = new Proxy(five.Boards, {
    construct(target, [options]: [readonly unknown[]]) {
      if (options.every(hasIo)) return Reflect.construct(target, [options]);
      throw new CircuitError("USAGE", `Cannot give the script ${options.length} boards: it has one`, {
        hint: "Run a script for each board, or a circuit with several boards (README).",
      });
    },
  });
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(five),
      Board: { value: ScriptBoard, enumerable: true },
      Boards: { value: ScriptBoards, enumerable: true },
    },
  ) as typeof five;
}

/** Whether what a script wants of a board brings its own way to it. */
function hasIo(options: unknown): boolean {
  return typeof options === "object" && options !== null && "io" in options;
}
