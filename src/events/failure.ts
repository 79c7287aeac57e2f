import { CircuitError } from "../core/error.js";
import type { MeshEvent } from "../mesh/event.js";
import { ERRORS, errorSubjectOf } from "../mesh/own-subjects.js";
import { type Json, jsonOf, type Payload } from "../mesh/payload.js";
import { findTrace } from "../mesh/trace.js";
import type { ObserverHost } from "./host.js";

/**
 * What is told whole, in characters. One takes at most six bytes of JSON: together with headers, which have 8 KiB at
 * most, all of it fits into a frame of 64 KiB.
 */
const MOST_DATA_CHARACTERS = 4_096;
const MOST_MESSAGE_CHARACTERS = 1_024;
const MOST_STACK_CHARACTERS = 2_048;
const MOST_NAME_CHARACTERS = 128;

/** An event that an observer could not react to. */
export interface Failure {
  readonly pattern: string;
  readonly event: MeshEvent;
  /** When it came, in milliseconds of the Unix epoch. */
  readonly at: number;
  /** Calls of the handler; 0 where the event was not for it. */
  readonly attempts: number;
  readonly cause: unknown;
}

/**
 * Publishes a failure to `circuit.errors.⟨node⟩` and tells a person. One that is about such an event is only told: it
 * would come back. Never throws.
 */
export function tellFailure(host: ObserverHost, failure: Failure): void {
  const { pattern, event, cause } = failure;
  host.notice(`${host.node}: on ${event.subject} (${pattern}): ${describe(cause)}`);
  if (event.subject.startsWith(ERRORS)) return;
  const trace = findTrace(event.headers.traceparent, event.headers.tracestate);
  try {
    const data = reportOf(host.node, failure);
    host.mesh.publishOwn(errorSubjectOf(host.node), data, {
      ...(host.from !== undefined && { from: host.from }),
      ...(trace && { headers: { ...trace } }),
    });
  } catch (problem) {
    host.notice(`${host.node}: ${describe(problem)}`);
  }
}

function reportOf(node: string, { pattern, event, at, attempts, cause }: Failure): Json {
  const { subject, headers } = event;
  const trace = findTrace(headers.traceparent);
  return {
    ...{ node, observer: pattern, subject, ...dataOf(event.data), at, attempts, cause: causeOf(cause) },
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

/** Anything can be thrown, also what has no text. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

/** For a person: of our own errors with what to do, of others with where in the sketch. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return textOf(thrown);
  if (thrown instanceof CircuitError)
    return thrown.hint ? `${thrown.message}\n  ${thrown.hint}` : thrown.message;
  return thrown.stack ?? thrown.message;
}
