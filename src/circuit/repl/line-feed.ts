import { PassThrough } from "node:stream";

/** Lines that are piped in, one at a time: the engine's prompt would begin with the next before one has been answered. */
export class LineFeed {
  /** Those that have been asked for. */
  readonly lines = new PassThrough();
  readonly #input: AsyncIterator<string>;
  #isAsking = false;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = splitLines(input);
  }

  /** Gives the next, or ends. One that was asked for twice comes once. */
  next(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#input.next().then(
      ({ value, done }) => {
        this.#isAsking = false;
        if (done) this.lines.end();
        else this.lines.write(`${value}\n`);
      },
      () => this.lines.end(),
    );
  }
}

async function* splitLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
