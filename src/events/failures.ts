import { describeThrown } from "../core/error.js";
import { printable } from "../core/printable.js";
import type { MeshEvent } from "../mesh/event.js";
import { ERRORS, errorSubjectOf } from "../mesh/own-subjects.js";
import type { Json } from "../mesh/payload.js";
import { findTrace } from "../mesh/trace.js";
import { Burst } from "./burst.js";
import type { ObserverHost } from "./host.js";
import { ReportQuota } from "./report-quota.js";
import { causeOf, dataOf } from "./told-failure.js";

/** For how long one failure stands for those that follow, in milliseconds. */
const BURST_MS = 1_000;

/** An event that an observer could not react to. */
export interface Failure {
  readonly event: MeshEvent;
  /** When it came, in milliseconds of the Unix epoch. */
  readonly at: number;
  /** Tries; 0 where its data did not fit. */
  readonly attempts: number;
  readonly cause: unknown;
}

/** Tells of the failures of one observer. */
export class Failures {
  readonly #host: ObserverHost;
  readonly #pattern: string;
  readonly #burst: Burst;
  readonly #quota: ReportQuota;

  constructor(host: ObserverHost, pattern: string) {
    this.#host = host;
    this.#pattern = pattern;
    const { clock, node, notice } = host;
    const more = (count: number) => notice(`${node}: on ${pattern}: ${count} more failed`);
    this.#quota = new ReportQuota(clock);
    this.#burst = new Burst({ clock, lastsMs: BURST_MS, more });
  }

  /**
   * Publishes a failure to `circuit.errors.⟨node⟩`, 100 a second at most, and tells a person of the first of a burst. One that
   * is about such an event is only told: it would come back. Never throws.
   */
  tell(failure: Failure): void {
    const { notice, node } = this.#host;
    const { event, cause } = failure;
    const isFirst = this.#burst.add();
    if (isFirst)
      notice(`${node}: on ${printable(event.subject)} (${this.#pattern}): ${describeThrown(cause)}`);
    if (event.subject.startsWith(ERRORS)) return;
    const unreported = this.#quota.take();
    if (unreported === undefined) return;
    try {
      this.#report(failure, unreported);
    } catch (problem) {
      if (isFirst) notice(`${node}: ${describeThrown(problem)}`);
    }
  }

  /** Tells what was only counted so far. Idempotent. */
  end(): void {
    this.#burst.end();
  }

  #report(failure: Failure, unreported: number): void {
    const { node, from, mesh } = this.#host;
    const { traceparent, tracestate } = failure.event.headers;
    const trace = findTrace(traceparent, tracestate);
    const about = { node, observer: this.#pattern, ...(unreported > 0 && { unreported }) };
    mesh.publishOwn(errorSubjectOf(node), reportOf(about, failure), {
      ...(from !== undefined && { from }),
      ...(trace && { headers: { ...trace } }),
    });
  }
}

function reportOf(
  about: Readonly<Record<string, string | number>>,
  { event, at, attempts, cause }: Failure,
): Json {
  const { subject, headers } = event;
  const trace = findTrace(headers.traceparent);
  return {
    ...{ ...about, subject, ...dataOf(event.data), at, attempts, cause: causeOf(cause) },
    headers,
    ...(trace && { trace: trace.traceparent }),
  };
}
