import { Match, type Msg, type MsgHdrs, headers as makeHeaders } from "@nats-io/transport-node";
import { findTrace, type TraceContext } from "../trace.js";

/** The headers of a message that belongs to a trace. */
export function headersOf({ traceparent, tracestate }: TraceContext): MsgHdrs {
  const headers = makeHeaders();
  headers.set("traceparent", traceparent);
  if (tracestate !== undefined) headers.set("tracestate", tracestate);
  return headers;
}

/** Where a message belongs in a trace; some clients write the names with capitals. */
export function traceOf({ headers }: Msg): TraceContext | undefined {
  const [traceparent] = headers?.values("traceparent", Match.IgnoreCase) ?? [];
  return findTrace(traceparent, headers?.values("tracestate", Match.IgnoreCase)[0]);
}
