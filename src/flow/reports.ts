import { describeThrown, messageOf } from "../core/error.js";
import type { ErrorPolicy } from "./part.js";

/** What a reporter of errors does: Sentry's shape. */
export interface Reporter {
  captureException(error: unknown, context: { readonly extra: Readonly<Record<string, unknown>> }): unknown;
}

/** A failure in a flow. */
export interface FlowFailure {
  readonly flow: string;
  readonly manager: string;
  /** Name of the part; `undefined` where it is the pipeline that has failed. */
  readonly part: string | undefined;
  readonly cause: unknown;
  /** What the part failed with; `undefined` where it was no item. */
  readonly item: unknown;
  /** What follows from it. */
  readonly policy: ErrorPolicy | "given up";
  /** In milliseconds of the Unix epoch. */
  readonly at: number;
}

export interface ReportsOptions {
  readonly log?: (text: string) => void;
  readonly reporter?: Reporter;
  /** Publishes a failure as an event. */
  readonly publishError?: (failure: FlowFailure) => void;
}

/** Tells of failures: a person, the user's reporter, whoever hears events. What these throw is told, and ends nothing. */
export class Reports {
  readonly #options: ReportsOptions;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  log(text: string): void {
    try {
      this.#options.log?.(text);
    } catch {
      // There is nobody left to tell, and a pipeline does not end because its log is full.
    }
  }

  failure(failure: FlowFailure): void {
    const { flow, manager, part, cause, item, policy, at } = failure;
    const where = [flow, manager, ...(part === undefined ? [] : [part])].join("/");
    this.log(`${where}: ${describeThrown(cause)} (${policy})`);
    const extra = { flow, manager, part, item, policy, at };
    this.attempt("report an error", () => this.#options.reporter?.captureException(cause, { extra }));
    this.attempt("publish an error", () => this.#options.publishError?.(failure));
  }

  /** Calls what a user has given; what it throws, or rejects with, is told. */
  attempt(what: string, act: () => unknown): void {
    try {
      const acted = act();
      if (acted instanceof Promise) acted.catch((thrown: unknown) => this.#untold(what, thrown));
    } catch (thrown) {
      this.#untold(what, thrown);
    }
  }

  #untold(what: string, thrown: unknown): void {
    this.log(`Cannot ${what}: ${messageOf(thrown)}`);
  }
}
