import { CircuitError } from "../core/error.js";
import type { MeshEvent } from "../mesh/event.js";
import { findTrace } from "../mesh/trace.js";
import { findTracing } from "../mesh/tracing.js";
import { Attempt } from "./attempt.js";
import type { ObservedEvent, ObserverContext } from "./event.js";
import { tellFailure } from "./failure.js";
import type { ObserverHost, ObserverTally } from "./host.js";
import type { ObserverDefinition } from "./on.js";
import { type Sifted, sift } from "./sift.js";

const DEFAULT_TIMEOUT_MS = 30_000;

/** What of an event its handler is told beside it. */
type About = Omit<ObserverContext, "signal">;

/** What the observers of every kind do with one event: sift it, call the handler, tell of a failure. */
export class Reaction {
  readonly definition: ObserverDefinition;
  readonly host: ObserverHost;
  readonly tally: ObserverTally;
  readonly timeoutMs: number;
  readonly #attempts = new Set<Attempt>();

  constructor(definition: ObserverDefinition, host: ObserverHost, tally: ObserverTally) {
    this.definition = definition;
    this.host = host;
    this.tally = tally;
    this.timeoutMs = definition.options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** Whether the event is for the handler. Never throws or rejects; a schema that takes too long lets nothing through. */
  sift(event: MeshEvent, at: number): Sifted | Promise<Sifted> {
    const sifted = sift(this.definition, event, at);
    if (!(sifted instanceof Promise)) return sifted;
    const waiting = this.#begin("schema", event.subject, () => sifted);
    return Promise.resolve(waiting).catch((problem: unknown): Sifted => ({ is: "wrong", problem }));
  }

  /** Calls the handler. A Promise only where that gives one; throws or rejects as it does, or with `TIMEOUT`. */
  call(event: ObservedEvent<unknown>, about: About, signal?: AbortSignal): unknown {
    const { clock } = this.host;
    const { subject, headers } = event;
    const trace = findTrace(headers.traceparent, headers.tracestate);
    const handle = (own = trace) => {
      const cause = { chain: [], deadlineAtMs: clock.now() + this.timeoutMs, trace: own };
      return this.host.runBecause(cause, () => this.definition.handler(event, context));
    };
    let attempt: Attempt | undefined;
    const context = contextOf(() => attempt?.signal ?? AbortSignal.abort(), about);
    const tracing = findTracing();
    const work = () => (tracing ? tracing.observe(this.host.node, subject, trace, handle) : handle());
    const begun = (one: Attempt) => {
      attempt = one;
    };
    const answer = this.#begin("handler", subject, work, begun);
    if (signal === undefined || !(answer instanceof Promise)) return answer;
    const stop = () => attempt?.stop(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    return answer.finally(() => signal.removeEventListener("abort", stop));
  }

  /** An event is given up. */
  fail(
    event: MeshEvent,
    at: number,
    { cause, attempts }: { readonly cause: unknown; readonly attempts: number },
  ) {
    this.tally.failed++;
    tellFailure(this.host, { pattern: this.definition.pattern, event, at, attempts, cause });
  }

  /** Stops what runs. */
  stop(reason: unknown): void {
    for (const attempt of [...this.#attempts]) attempt.stop(reason);
  }

  #begin<Result>(
    what: string,
    subject: string,
    work: () => Result | PromiseLike<Result>,
    begun: (attempt: Attempt) => void = () => {},
  ): Result | Promise<Result> {
    const late = () => tooLate(what, subject, this.timeoutMs);
    const attempt = new Attempt({ clock: this.host.clock, limitMs: this.timeoutMs, late });
    begun(attempt);
    this.#attempts.add(attempt);
    let result: Result | Promise<Result> | undefined;
    try {
      result = attempt.run(work);
      return result;
    } finally {
      if (result instanceof Promise) {
        const over = () => this.#attempts.delete(attempt);
        result.then(over, over);
      } else this.#attempts.delete(attempt);
    }
  }
}

/** The signal is made when it is asked for. */
function contextOf(signal: () => AbortSignal, about: About): ObserverContext {
  return {
    get signal() {
      return signal();
    },
    ...about,
  };
}

function tooLate(what: string, subject: string, limitMs: number): CircuitError {
  return new CircuitError(
    "TIMEOUT",
    `Cannot wait for the ${what} of ${subject}: it has taken ${limitMs} ms, all it may`,
    { hint: "Do less in it, or allow more with timeoutMs." },
  );
}

/** Why a handler was stopped at the end. */
export function tooSlow(pattern: string, graceMs: number): CircuitError {
  return new CircuitError(
    "NOT_RUN",
    `Cannot finish what an event of ${pattern} has begun: the circuit stops, and ${graceMs} ms were not enough`,
  );
}
