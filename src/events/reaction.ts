import { epochOf } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { isThenable } from "../core/thenable.js";
import type { MeshEvent } from "../mesh/event.js";
import { findTrace, type TraceContext } from "../mesh/trace.js";
import { findTracing } from "../mesh/tracing.js";
import { Attempt } from "./attempt.js";
import type { ObservedEvent, ObserverContext } from "./event.js";
import { Failures } from "./failures.js";
import type { ObserverHost } from "./host.js";
import type { ObserverDefinition } from "./on.js";
import { type Sifted, sift } from "./sift.js";
import type { ObserverTally } from "./tallies.js";

const DEFAULT_TIMEOUT_MS = 30_000;

/** Who publishes does not wait: no call is below it. */
const NO_CALLS: readonly string[] = [];

/** What a durable event has beside what every event has. */
interface Delivered {
  readonly id?: string;
  /** Aborts when whoever has handed it out does not wait for it any more. */
  readonly signal?: AbortSignal;
}

/** What the observers of every kind do with one event: sift it, call the handler, tell of a failure. */
export class Reaction {
  readonly definition: ObserverDefinition;
  readonly host: ObserverHost;
  readonly tally: ObserverTally;
  readonly timeoutMs: number;
  readonly #tracing = findTracing();
  readonly #attempts = new Set<Attempt>();
  readonly #failures: Failures;
  #lastAtMs: number | undefined;
  #lastEpochMs = 0;

  constructor(definition: ObserverDefinition, host: ObserverHost, tally: ObserverTally) {
    this.definition = definition;
    this.host = host;
    this.tally = tally;
    this.timeoutMs = definition.options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#failures = new Failures(host, definition.pattern);
  }

  /** When an event came, in milliseconds of the Unix epoch; looked up once for all that have come together. */
  timeOf({ at }: MeshEvent): number {
    if (at !== this.#lastAtMs) {
      this.#lastAtMs = at;
      this.#lastEpochMs = epochOf(this.host.clock, at);
    }
    return this.#lastEpochMs;
  }

  /** Whether the event is for the handler. Never throws or rejects; a schema that takes too long has not said it. */
  sift(event: MeshEvent, at: number): Sifted | Promise<Sifted> {
    const sifted = sift(this.definition, event, at);
    if (!(sifted instanceof Promise)) return sifted;
    const waiting = this.#wait(sifted, new Attempt(), `schema of ${event.subject}`);
    return waiting.catch((problem: unknown): Sifted => ({ is: "unsaid", problem }));
  }

  /** Calls the handler. A Promise only where that gives one; throws or rejects as it does, or with `TIMEOUT`. */
  call(event: ObservedEvent<unknown>, deliveryCount: number, { id, signal }: Delivered = {}): unknown {
    const { subject, headers } = event;
    const attempt = new Attempt();
    const { host, definition, timeoutMs } = this;
    const context = contextOf(attempt, host, { deliveryCount, id });
    const handle = (trace: TraceContext | undefined) => {
      const cause = { chain: NO_CALLS, deadlineAtMs: host.clock.now() + timeoutMs, trace };
      return host.runBecause(cause, () => definition.handler(event, context));
    };
    const trace = findTrace(headers.traceparent, headers.tracestate);
    const answer = this.#tracing ? this.#tracing.observe(host.node, subject, trace, handle) : handle(trace);
    if (!isThenable(answer)) return undefined;
    const waiting = this.#wait(answer, attempt, `handler of ${subject}`);
    if (signal === undefined) return waiting;
    const stop = () => attempt.stop(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    return waiting.finally(() => signal.removeEventListener("abort", stop));
  }

  /** An event is given up. */
  fail(
    event: MeshEvent,
    at: number,
    { cause, attempts }: { readonly cause: unknown; readonly attempts: number },
  ): void {
    this.tally.failed++;
    this.#failures.tell({ event, at, attempts, cause });
  }

  /** Stops what runs. */
  stop(reason: unknown): void {
    for (const attempt of [...this.#attempts]) attempt.stop(reason);
  }

  /** It has ended: tells what was only counted so far. */
  end(): void {
    this.#failures.end();
  }

  #wait<Result>(work: PromiseLike<Result>, attempt: Attempt, what: string): Promise<Result> {
    const { timeoutMs: limitMs } = this;
    this.#attempts.add(attempt);
    const late = () => tooLate(what, limitMs);
    const waiting = attempt.wait(work, { clock: this.host.clock, limitMs, late });
    const over = () => void this.#attempts.delete(attempt);
    waiting.then(over, over);
    return waiting;
  }
}

/** What a handler may know and do beside its event. */
function contextOf(
  attempt: Attempt,
  { publish }: ObserverHost,
  delivered: Pick<ObserverContext, "deliveryCount" | "id">,
): ObserverContext {
  return {
    get signal() {
      return attempt.signal;
    },
    deliveryCount: delivered.deliveryCount,
    id: delivered.id,
    publish,
  };
}

function tooLate(what: string, limitMs: number): CircuitError {
  return new CircuitError("TIMEOUT", `Cannot wait for the ${what}: it has taken ${limitMs} ms, all it may`, {
    hint: "Do less in it, or allow more with timeoutMs.",
  });
}

/** Why a handler was stopped at the end. */
export function tooSlow(pattern: string, graceMs: number): CircuitError {
  return new CircuitError(
    "NOT_RUN",
    `Cannot finish what an event of ${pattern} has begun: the circuit stops, and ${graceMs} ms were not enough`,
  );
}
