/** Where a message belongs in a trace, as W3C Trace Context writes it. https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** Version, trace, the span that sent the message, flags: `00-…-…-01`. */
  readonly traceparent: string;
  /** What tracing systems add for themselves. */
  readonly tracestate?: string;
}

/** Version, 16 bytes, 8 bytes and flags; neither id is all zeros, and version ff is forbidden. */
const PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** Longest state that is passed on, in characters: what the recommendation asks everybody to pass on at least. */
const MOST_STATE_CHARACTERS = 512;

const STATE = /^[\x20-\x7e]+$/;

/** What a message's headers say of its trace; `undefined` where it has none, or none that may be passed on. */
export function findTrace(traceparent: unknown, tracestate?: unknown): TraceContext | undefined {
  if (typeof traceparent !== "string" || !PARENT.test(traceparent)) return undefined;
  const hasState =
    typeof tracestate === "string" && tracestate.length <= MOST_STATE_CHARACTERS && STATE.test(tracestate);
  return hasState ? { traceparent, tracestate } : { traceparent };
}
