import type { BatchedConnectionOptions } from "./connection.js";
import type { RunnableProcessor } from "./processor.js";
import type { FlowContext } from "./source.js";

/** What becomes of a pipeline of which a part has failed. The item that it failed with is given up, and counted. */
export type ErrorPolicy =
  /** All of it begins again, after a wait, and not too often. */
  | "restart"
  /** Nothing: the part goes on with the next item. A source that fails has none, and is finished. */
  | "skip"
  /** It stops, and the other pipelines of the flow go on. */
  | "stop"
  /** The whole flow stops. */
  | "escalate";

export const ERROR_POLICIES: readonly ErrorPolicy[] = ["restart", "skip", "stop", "escalate"];

export interface PartOptions {
  /** Name in counts and errors; that of the class or the function where it is not given. */
  readonly name?: string;
  /** Names of its outputs. Where they are given, each must be connected, and no other can be. */
  readonly outputs?: readonly string[];
  /** What its failure does; where it is not given, as its manager says. */
  readonly onError?: ErrorPolicy;
}

/** From an output to a processor. */
export interface Connection {
  readonly output: string;
  readonly to: RunnableProcessor;
  readonly options: Partial<BatchedConnectionOptions>;
}

/** A source or a processor, whatever its types. */
export abstract class Part {
  readonly options: PartOptions;
  readonly #connections: Connection[] = [];

  constructor(options: PartOptions = {}) {
    this.options = options;
  }

  /** What was made with `on()`. */
  get connections(): readonly Connection[] {
    return this.#connections;
  }

  /** Called before the first item of each life of its pipeline. Throws where the part cannot begin: it has failed. */
  open(_context: FlowContext): void | PromiseLike<void> {}

  /** Called after the last item of each life in which it was opened, also after a failure. */
  close(): void | PromiseLike<void> {}

  /** Undoes every `on()`. */
  disconnect(): void {
    this.#connections.length = 0;
  }

  protected connect(connection: Connection): void {
    this.#connections.push(connection);
  }
}
