// One end of the measurement of fan-out.ts, as a process of its own:
//   node fan-out-end.js publisher ENGINE PROCESSES SUBSCRIBERS EVENTS MS rate|p99
//   node fan-out-end.js subscribers ENGINE ADDRESS SUBSCRIBERS EVENTS
import { Latencies } from "../../src/core/latencies.js";
import { ENGINES, type EngineName, type Publisher } from "./fan-out-engines.js";

/** Rounds under way where the rate is measured, so that neither end waits for the other, nor for its turn on the core. */
const ROUNDS_AHEAD = 8;

interface RoundsOptions {
  readonly processes: number;
  readonly subscribers: number;
  /** Events of a round, published in one turn. */
  readonly events: number;
  readonly ms: number;
  /** Deliveries a second; or the time from publishing until all have heard and the last answer is here, in microseconds. */
  readonly figure: string;
}

/** Publishes rounds of events, each when all processes have answered an earlier one. Prints the figure, and ends. */
class Rounds {
  readonly #options: RoundsOptions;
  readonly #publisher: () => Publisher;
  #latencies = new Latencies();
  #answers = 0;
  #rounds = 0;
  #startMs = 0;
  #roundMs = 0;
  #isWarm = false;

  constructor(publisher: () => Publisher, options: RoundsOptions) {
    this.#publisher = publisher;
    this.#options = options;
  }

  /** A process is connected, or has had a round. */
  answered(): void {
    const { processes, figure } = this.#options;
    if (++this.#answers < processes) return;
    if (this.#answers === processes) {
      this.#startMs = performance.now();
      for (let round = 0; round < (figure === "rate" ? ROUNDS_AHEAD : 1); round++) this.#publish();
    } else if (this.#answers % processes === 0) {
      this.#rounds++;
      this.#latencies.add(performance.now() - this.#roundMs);
      this.#look();
      this.#publish();
    }
  }

  /** In a turn of its own. */
  #publish(): void {
    setImmediate(() => {
      this.#roundMs = performance.now();
      const publisher = this.#publisher();
      for (let event = 0; event < this.#options.events; event++) publisher.publish(`${event % 10}`);
    });
  }

  #look(): void {
    const { subscribers, events, ms, figure } = this.#options;
    const nowMs = performance.now();
    const spentMs = nowMs - this.#startMs;
    if (spentMs < (this.#isWarm ? ms : ms / 2)) return;
    if (this.#isWarm) {
      const rate = ((this.#rounds * subscribers * events) / spentMs) * 1_000;
      console.log(figure === "rate" ? rate : (this.#latencies.percentile(0.99) ?? 0) * 1_000);
      process.exit(0);
    }
    this.#isWarm = true;
    this.#startMs = nowMs;
    this.#latencies = new Latencies();
    this.#rounds = 0;
  }
}

async function publish(engineName: EngineName, options: RoundsOptions): Promise<void> {
  const engine = await ENGINES[engineName]();
  const rounds = new Rounds(() => publisher, options);
  const publisher = await engine.publisher(() => rounds.answered());
  console.log(publisher.address);
}

async function subscribe(
  engineName: EngineName,
  address: string,
  count: number,
  events: number,
): Promise<void> {
  const engine = await ENGINES[engineName]();
  let left = count * events;
  const answer = await engine.subscribers(address, count, () => {
    if (--left > 0) return;
    left = count * events;
    answer();
  });
  answer();
}

const [role, engineName = "", ...rest] = process.argv.slice(2);
// The cast: fan-out.ts names them.
const engine = engineName as EngineName;
if (role === "publisher") {
  const [processes = 1, subscribers = 1, events = 1, ms = 1_000] = rest.map(Number);
  await publish(engine, { processes, subscribers, events, ms, figure: rest[4] ?? "rate" });
} else {
  const [address = "", subscribers = "1", events = "1"] = rest;
  await subscribe(engine, address, Number(subscribers), Number(events));
}
