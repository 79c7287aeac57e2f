import type { WriteStream } from "node:tty";

/** What results are shown on, where that is a terminal. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Writes a text as it is. */
  write(text: string): void;
  /** Hides the cursor until it is given back, or the process ends. */
  hideCursor(): () => void;
  /**
   * Has whatever else this process writes to the terminal written by `around`, until that is given back.
   *
   * @param around Is to call `write`, before or after what it writes itself; `endsLine` says whether the text does.
   */
  divert(around: (write: () => void, endsLine: boolean) => void): () => void;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** What a terminal is taken for that does not say how large it is. */
const USUAL = { columns: 80, rows: 24 };

/** A process's own terminal. What goes to stderr is on it too, unless that is none. */
export function openTerminal(stdout: WriteStream, stderr: NodeJS.WriteStream): Terminal {
  const writeOut = stdout.write.bind(stdout);
  return {
    get columns() {
      return stdout.columns || USUAL.columns;
    },
    get rows() {
      return stdout.rows || USUAL.rows;
    },
    write: (text) => void writeOut(text),
    hideCursor() {
      const show = () => {
        process.removeListener("exit", show);
        writeOut(SHOW_CURSOR);
      };
      process.once("exit", show);
      writeOut(HIDE_CURSOR);
      return show;
    },
    divert(around) {
      const given = [stdout, ...(stderr.isTTY ? [stderr] : [])].map((stream) => divertStream(stream, around));
      return () => {
        for (const giveBack of given) giveBack();
      };
    },
  };
}

type Around = Parameters<Terminal["divert"]>[0];

function divertStream(stream: NodeJS.WriteStream, around: Around): () => void {
  const own = stream.write;
  // The cast: all ways to call it are passed on as they are, and what it returns too.
  stream.write = ((...args: Parameters<typeof own>) => {
    let hasRoom = true;
    const [chunk] = args;
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("latin1");
    around(() => {
      hasRoom = own.apply(stream, args);
    }, text.endsWith("\n"));
    return hasRoom;
  }) as typeof own;
  return () => {
    stream.write = own;
  };
}
