import type { Clock } from "../../src/core/clock.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { FlowContext } from "../../src/flow/source.js";

export interface Bench<OfTime extends Clock> {
  readonly context: FlowContext;
  readonly clock: OfTime;
  /** What it has logged. */
  readonly logged: string[];
  stop(): void;
}

/** What a source or an output of a test is given; time stands still unless it is moved. */
export function bench(): Bench<ManualClock>;
export function bench<OfTime extends Clock>(clock: OfTime): Bench<OfTime>;
export function bench(clock: Clock = new ManualClock()): Bench<Clock> {
  const stopping = new AbortController();
  const logged: string[] = [];
  const log = (text: string) => void logged.push(text);
  return {
    context: { clock, signal: stopping.signal, name: "part", log },
    clock,
    logged,
    stop: () => stopping.abort(new Error("stopped")),
  };
}

/** The next items of a source, one by one. */
export function reader<Item>(items: AsyncIterable<Item> | Iterable<Item>) {
  const iterator = (async function* () {
    yield* items;
  })();
  return {
    async next(): Promise<Item> {
      const { value, done } = await iterator.next();
      if (done) throw new Error("The source has ended");
      return value;
    },
    async take(count: number): Promise<Item[]> {
      const taken: Item[] = [];
      while (taken.length < count) taken.push(await this.next());
      return taken;
    },
    async rest(): Promise<Item[]> {
      const taken: Item[] = [];
      for await (const item of iterator) taken.push(item);
      return taken;
    },
    leave: () => iterator.return(),
  };
}

/** Resolves when something is so, looked at in each turn of the event loop. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`After 10 s it was still not so that ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
