import type { Terminal } from "./terminal.js";

const ESC = "\u001b[";
/** A terminal that knows it shows all between at once, others ignore it: no half-drawn picture. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;
const NO_WRAP = `${ESC}?7l`;
const WRAP = `${ESC}?7h`;
const CLEAR_LINE_END = `${ESC}K`;
const CLEAR_BELOW = `${ESC}J`;

/** Lines at the lower end of what a terminal shows, redrawn in place, while other lines go above them. */
export class LiveBlock {
  readonly #terminal: Terminal;
  readonly #giveBack: () => void;
  readonly #showCursor: () => void;
  /** As they should stand there. */
  #lines: readonly string[] = [];
  /** As they do. */
  #shown: readonly string[] = [];
  #columns = 0;
  /** What others write ends in the middle of a line. */
  #isBroken = false;
  #isDrawnSoon = false;
  #isEnded = false;

  /** Begins to keep what others write above. */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#showCursor = terminal.hideCursor();
    this.#giveBack = terminal.divert((write, endsLine) => {
      this.#erase();
      write();
      this.#isBroken = !endsLine;
      this.#drawSoon();
    });
  }

  /** Shows these lines in place of those before. Escape sequences of colours take no room. */
  show(lines: readonly string[]): void {
    const { columns } = this.#terminal;
    const isSame = lines.length === this.#shown.length && lines.every((line, at) => line === this.#shown[at]);
    this.#lines = lines;
    if (!isSame || columns !== this.#columns) this.#draw();
  }

  /** Leaves the last lines where they are, and the cursor below them. Idempotent. */
  end(): void {
    if (this.#isEnded) return;
    if (this.#isDrawnSoon) this.#draw();
    this.#isEnded = true;
    this.#giveBack();
    this.#showCursor();
  }

  /** Once for all that is written now. */
  #drawSoon(): void {
    if (this.#isDrawnSoon) return;
    this.#isDrawnSoon = true;
    queueMicrotask(() => {
      if (this.#isDrawnSoon) this.#draw();
    });
  }

  #draw(): void {
    this.#isDrawnSoon = false;
    if (this.#isBroken || this.#isEnded) return;
    const { columns } = this.#terminal;
    const drawn = this.#lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join("");
    this.#terminal.write(`${BEGIN}${this.#home()}${NO_WRAP}${drawn}${CLEAR_BELOW}${WRAP}${END}`);
    this.#shown = this.#lines;
    this.#columns = columns;
  }

  #erase(): void {
    if (this.#shown.length === 0) return;
    this.#terminal.write(`${this.#home()}${CLEAR_BELOW}`);
    this.#shown = [];
  }

  /** Moves the cursor to where the block begins. A terminal that became narrower may have broken lines in two. */
  #home(): string {
    const { columns } = this.#terminal;
    const heightOf = (line: string) =>
      columns < this.#columns ? Math.max(1, Math.ceil(widthOf(line) / columns)) : 1;
    const height = this.#shown.reduce((sum, line) => sum + heightOf(line), 0);
    return height === 0 ? "\r" : `\r${ESC}${height}A`;
  }
}

/** Characters of a line that are seen. */
export function widthOf(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  return [...line.replace(/\u001b\[[\d;]*m/g, "")].length;
}
