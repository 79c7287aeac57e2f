import { hostname } from "node:os";
import type { CircuitDefinition } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import { describeThrown } from "../core/error.js";
import type { ObserverContext } from "../events/event.js";
import { Observers } from "../events/observers.js";
import type { Keeping } from "../mesh/durable.js";
import type { Mesh } from "../mesh/mesh.js";
import type { OpenBoard } from "./boards.js";
import { runBecause, withTrace } from "./handling.js";
import { startPins } from "./pins.js";

export interface ObservingOptions {
  readonly definition: CircuitDefinition;
  readonly mesh: Mesh;
  readonly clock: Clock;
  readonly boards: ReadonlyMap<string, OpenBoard>;
  /** Ends what pins do by themselves. */
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
}

/** What a circuit does without a sketch: its observers, in the machine's name, and pins that take part in events. */
export class Observing {
  readonly observers: Observers;
  readonly #options: ObservingOptions;
  readonly #node = hostname();
  readonly #publish: ObserverContext["publish"];

  constructor(options: ObservingOptions) {
    this.#options = options;
    const { definition, mesh, clock, notice } = options;
    this.#publish = (subject, data, { headers } = {}) => mesh.publish(subject, data, withTrace(headers));
    this.observers = new Observers({
      ...{ mesh, clock, node: this.#node, keeping: keepingOf(definition), notice, runBecause },
      publish: this.#publish,
    });
  }

  /** Starts the observers, and the pins of the boards that are there. @throws What cannot be; then nothing is started. */
  async start(): Promise<void> {
    const { definition, boards } = this.#options;
    try {
      for (const board of boards.keys()) this.#startPins(board);
      for (const observer of definition.observers ?? []) this.observers.start(observer);
    } catch (problem) {
      void this.observers.finish(0);
      throw problem;
    }
    await this.observers.ready();
  }

  /** Starts the pins of a board that is there later than others. @throws What cannot be. */
  async startPins(board: string): Promise<void> {
    this.#startPins(board);
    await this.observers.ready();
  }

  #startPins(board: string): void {
    const { definition, boards, clock, signal, notice } = this.#options;
    startPins(definition, {
      ...{ clock, signal },
      session: (name) => (name === board ? boards.get(name)?.session : undefined),
      publish: (subject, data) => {
        try {
          this.#publish(subject, data);
        } catch (problem) {
          // The edge has come by itself: there is nobody to throw to.
          notice(`${this.#node}: ${describeThrown(problem)}`);
        }
      },
      observe: (observer) => this.observers.start(observer),
    });
  }
}

/** What a circuit's configuration has streams keep; `undefined` where it leaves that to the engine. */
export function keepingOf({ events }: Pick<CircuitDefinition, "events">): Keeping | undefined {
  if (events === undefined) return undefined;
  const { maxAgeSeconds, ...others } = events;
  return { ...others, ...(maxAgeSeconds !== undefined && { maxAgeMs: maxAgeSeconds * 1_000 }) };
}
