import type { ManualClock } from "../../src/core/manual-clock.js";

/** A pipeline of one source and one handler, for either way to run it. */
export interface Pipe {
  readonly name: string;
  /** Called for each life. */
  start(): AsyncIterable<number>;
  handle(item: number): void | Promise<void>;
  readonly runAlways?: boolean;
}

/**
 * What aiopype's asynchronous protocol does, as far as its faults go (0.1.1, whose handlers are coroutines where they wait):
 *
 * - One queue serves all pipelines. An event whose handler is busy is put back by a call that is never awaited: it is lost.
 * - Managers are looked at when an exception has come up nowhere else, and those begin again at once, however often.
 * - A source that returns raises none: nobody looks.
 * - A handler that raises ends the loop that serves the queue.
 */
export class AiopypeModel {
  readonly #queue: { readonly pipe: Pipe; readonly item: number }[] = [];
  readonly #busy = new Set<Pipe>();
  #isListening = true;
  #isOver = false;

  constructor(pipes: readonly Pipe[]) {
    for (const pipe of pipes) void this.#start(pipe);
  }

  /** One turn of the loop that serves the queue. */
  turn(): void {
    for (const { pipe, item } of this.#queue.splice(0)) {
      if (!this.#isListening) return;
      if (this.#busy.has(pipe)) continue;
      this.#handle(pipe, item);
    }
  }

  end(): void {
    this.#isOver = true;
  }

  #handle(pipe: Pipe, item: number): void {
    try {
      const work = pipe.handle(item);
      if (work === undefined) return;
      this.#busy.add(pipe);
      const done = () => this.#busy.delete(pipe);
      work.then(done, done);
    } catch {
      this.#isListening = false;
    }
  }

  async #start(pipe: Pipe): Promise<void> {
    try {
      for await (const item of pipe.start()) this.#queue.push({ pipe, item });
    } catch {
      setImmediate(() => {
        if (!this.#isOver) void this.#start(pipe);
      });
    }
  }
}

/** How many turns of the event loop pass in a step of the clock. */
const TURNS_A_STEP = 10;

/** Lets so much time pass on a clock, and whoever has something to do have their turns. */
export async function pass(clock: ManualClock, ms: number, turn: () => void = () => {}): Promise<void> {
  for (let stepMs = ms / 100, step = 0; step < 100; step++) {
    for (let turns = 0; turns < TURNS_A_STEP; turns++) {
      turn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    clock.advance(stepMs);
  }
}
