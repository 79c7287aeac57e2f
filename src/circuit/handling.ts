import { AsyncLocalStorage } from "node:async_hooks";
import type { EventHeaders } from "../mesh/event.js";
import type { Cause } from "../mesh/mesh.js";
import { findTracing } from "../mesh/tracing.js";

/** The message, or the event, that the running code is handling: what it sends inherits its deadline, calls and trace. */
const handling = new AsyncLocalStorage<Cause>();

/** Runs a handler so that what it sends is known to come of a message, or of an event. */
export function runBecause<Result>(cause: Cause, work: () => Result): Result {
  return handling.run(cause, work);
}

/** What a message that is sent now inherits. */
export function inherited(): { readonly cause?: Cause } {
  const cause = handling.getStore();
  return cause === undefined ? {} : { cause };
}

/** Headers of an event that is published now: those that are given, and its trace where there is one. */
export function withTrace(headers: EventHeaders | undefined): { readonly headers?: EventHeaders } {
  const cause = handling.getStore()?.trace;
  const trace = findTracing()?.current(cause) ?? cause;
  if (trace === undefined || headers?.traceparent !== undefined) return headers ? { headers } : {};
  return { headers: { ...headers, ...trace } };
}
