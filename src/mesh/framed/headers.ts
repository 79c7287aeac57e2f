import { findTrace } from "../trace.js";
import type { Headers } from "./records.js";

/** Longest time that a message is waited for, in milliseconds: nobody does for a day. */
const MOST_DEADLINE_MS = 86_400_000;

/** Headers, of which a peer may have told anything; what has not its type is left out. */
export function parseHeaders(value: object): Headers {
  const { deadlineMs, deliveries, key, traceparent, tracestate } = value as Record<keyof Headers, unknown>;
  return {
    ...(typeof deadlineMs === "number" &&
      deadlineMs >= 0 && { deadlineMs: Math.min(deadlineMs, MOST_DEADLINE_MS) }),
    ...(typeof deliveries === "number" && { deliveries }),
    ...(typeof key === "string" && { key }),
    ...(traceparent !== undefined && findTrace(traceparent, tracestate)),
  };
}
