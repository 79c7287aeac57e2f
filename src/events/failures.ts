import { describeThrown, textOf } from "../core/error.js";
import { printable } from "../core/printable.js";
import type { MeshEvent } from "../mesh/event.js";
import { ERRORS, errorSubjectOf } from "../mesh/own-subjects.js";
import { type Json, jsonOf, type Payload } from "../mesh/payload.js";
import { findTrace } from "../mesh/trace.js";
import { Burst } from "./burst.js";
import type { ObserverHost } from "./host.js";

/**
 * What is told whole, in characters. One takes at most six bytes of JSON: together with headers, which have 8 KiB at
 * most, all of it fits into a frame of 64 KiB.
 */
const MOST_DATA_CHARACTERS = 4_096;
const MOST_MESSAGE_CHARACTERS = 1_024;
const MOST_STACK_CHARACTERS = 2_048;
const MOST_NAME_CHARACTERS = 128;

/** Reports that an observer publishes in a second: whoever can make it fail could otherwise fill everybody's links. */
const MOST_REPORTS = 100;

/** For how long one failure stands for those that follow, in milliseconds, and how often reports are counted anew. */
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
  #secondAtMs = Number.NEGATIVE_INFINITY;
  #reported = 0;
  /** Failures since the last report of which there is none. */
  #unreported = 0;

  constructor(host: ObserverHost, pattern: string) {
    this.#host = host;
    this.#pattern = pattern;
    const { clock, node, notice } = host;
    const more = (count: number) => notice(`${node}: on ${pattern}: ${count} more failed`);
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
    if (!this.#mayReport()) {
      this.#unreported++;
      return;
    }
    try {
      this.#report(failure);
    } catch (problem) {
      if (isFirst) notice(`${node}: ${describeThrown(problem)}`);
    }
  }

  /** Tells what was only counted so far. Idempotent. */
  end(): void {
    this.#burst.end();
  }

  #mayReport(): boolean {
    const nowMs = this.#host.clock.now();
    if (nowMs - this.#secondAtMs >= BURST_MS) {
      this.#secondAtMs = nowMs;
      this.#reported = 0;
    }
    return ++this.#reported <= MOST_REPORTS;
  }

  #report(failure: Failure): void {
    const { node, from, mesh } = this.#host;
    const { traceparent, tracestate } = failure.event.headers;
    const trace = findTrace(traceparent, tracestate);
    const unreported = this.#unreported;
    this.#unreported = 0;
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

/** Data as JSON can say it; of what is long, the beginning of its text. */
function dataOf(data: Payload): { readonly [key: string]: Json | string } {
  const isBytes = data instanceof Uint8Array;
  const isText = typeof data === "string";
  // Four characters of base64 are three bytes.
  const whole = isBytes ? Buffer.from(data).toString("base64") : isText ? data : jsonOf(data);
  const encoding = isBytes ? { encoding: "base64" } : {};
  if (whole.length <= MOST_DATA_CHARACTERS) return { data: isBytes || isText ? whole : data, ...encoding };
  const cut = whole.slice(0, MOST_DATA_CHARACTERS).toWellFormed();
  const jsonText = isBytes || isText ? {} : { encoding: "json" };
  return { data: cut, cutFromCharacters: whole.length, ...encoding, ...jsonText };
}

function causeOf(cause: unknown): { readonly [key: string]: string } {
  if (!(cause instanceof Error))
    return { name: typeof cause, message: beginning(cause, MOST_MESSAGE_CHARACTERS) };
  const code: unknown = "code" in cause ? cause.code : undefined;
  return {
    name: beginning(cause.name, MOST_NAME_CHARACTERS),
    message: beginning(cause.message, MOST_MESSAGE_CHARACTERS),
    ...(typeof code === "string" && { code: beginning(code, MOST_NAME_CHARACTERS) }),
    ...(cause.stack !== undefined && { stack: beginning(cause.stack, MOST_STACK_CHARACTERS) }),
  };
}

function beginning(value: unknown, most: number): string {
  return textOf(value).slice(0, most).toWellFormed();
}
