import type * as Api from "@opentelemetry/api";
import { CircuitError, messageOf } from "../core/error.js";
import type { Delivery, Handler } from "./mesh.js";
import { findTrace, type TraceContext } from "./trace.js";

/**
 * Where the API keeps what a host's SDK has installed, in every version 1 of it. Looked at in place of the API itself,
 * which takes longer to load than a node to start.
 */
const INSTALLED = Symbol.for("opentelemetry.js.api.1");

const NAME = "circuit-five";

/** Spans of OpenTelemetry; `undefined` where the host has not installed an SDK so far. */
export function findTracing(): Tracing | undefined {
  const installed: unknown = Reflect.get(globalThis, INSTALLED);
  if (Object(installed).trace === undefined) return undefined;
  // A web page has no modules of Node's, and its SDK is left alone.
  const modules = globalThis.process?.getBuiltinModule?.("node:module");
  if (modules === undefined) return undefined;
  const api: typeof Api = modules.createRequire(import.meta.url)("@opentelemetry/api");
  return new Tracing(api);
}

/** A handler that runs in a span of its own, where the host has installed an SDK. */
export function traced(node: string, handler: Handler): Handler {
  const tracing = findTracing();
  return tracing ? (delivery) => tracing.process(node, delivery, handler) : handler;
}

/** A message that is being sent. */
export interface SendSpan {
  /** What travels with it. */
  readonly trace: TraceContext | undefined;
  /** It was acknowledged, or will not be. */
  end(problem?: unknown): void;
}

interface ConsumeOptions {
  readonly name: string;
  readonly attributes: Api.Attributes;
  /** What the span is below. */
  readonly cause: TraceContext | undefined;
}

/**
 * Spans by the semantic conventions for messaging.
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export class Tracing {
  readonly #api: typeof Api;
  readonly #tracer: Api.Tracer;

  constructor(api: typeof Api) {
    this.#api = api;
    this.#tracer = api.trace.getTracer(NAME);
  }

  /** Begins the span of a message that is sent, below the one that runs, or else that of its cause. */
  send(target: string, channel: string, cause: TraceContext | undefined): SendSpan {
    const { SpanKind } = this.#api;
    const attributes = attributesOf("send", target, channel);
    const span = this.#tracer.startSpan(
      `send ${target}`,
      { kind: SpanKind.PRODUCER, attributes },
      this.#parentOf(cause),
    );
    return { trace: traceOf(span), end: (problem) => this.#end(span, problem) };
  }

  /** Runs a handler in a span, below the one that sent the message. */
  process(node: string, delivery: Delivery, handler: Handler): unknown {
    const attributes = {
      ...attributesOf("process", node, delivery.channel),
      "messaging.message.id": delivery.idempotencyKey,
    };
    return this.#consume({ name: `process ${node}`, attributes, cause: delivery.trace }, (own) => {
      // What is sent because of this delivery is below this span, also where the host follows no contexts.
      if (own) Object.assign(delivery, { trace: own });
      return handler(delivery);
    });
  }

  /** Runs what an observer does with an event in a span, below the one that published it. */
  observe<Answer>(
    node: string,
    subject: string,
    cause: TraceContext | undefined,
    work: (own: TraceContext | undefined) => Answer,
  ): Answer {
    const attributes = { ...attributesOf("process", subject), "circuit.node": node };
    return this.#consume({ name: `process ${subject}`, attributes, cause }, work);
  }

  /** Where what is published now belongs: the span that runs, or else the cause. */
  current(cause: TraceContext | undefined): TraceContext | undefined {
    const span = this.#api.trace.getSpan(this.#parentOf(cause));
    return span && traceOf(span);
  }

  #consume<Answer>(
    { name, attributes, cause }: ConsumeOptions,
    work: (own: TraceContext | undefined) => Answer,
  ): Answer {
    const { SpanKind, ROOT_CONTEXT, context, trace } = this.#api;
    const parent = cause ? this.#contextOf(cause) : ROOT_CONTEXT;
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes }, parent);
    try {
      const answer = context.with(trace.setSpan(parent, span), () => work(traceOf(span)));
      if (answer instanceof Promise) {
        answer.then(
          () => span.end(),
          (thrown: unknown) => this.#end(span, thrown),
        );
      } else {
        span.end();
      }
      return answer;
    } catch (thrown) {
      this.#end(span, thrown);
      throw thrown;
    }
  }

  /** A span that runs in the trace of the cause is the closer one. */
  #parentOf(cause: TraceContext | undefined): Api.Context {
    const active = this.#api.context.active();
    if (cause === undefined) return active;
    const running = this.#api.trace.getSpanContext(active);
    return running && cause.traceparent.includes(running.traceId) ? active : this.#contextOf(cause);
  }

  #contextOf({ traceparent, tracestate }: TraceContext): Api.Context {
    const { trace, ROOT_CONTEXT, createTraceState } = this.#api;
    const [, traceId = "", spanId = "", flags = ""] = traceparent.split("-");
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags, 16),
      isRemote: true,
      ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
    });
  }

  #end(span: Api.Span, problem: unknown): void {
    if (problem !== undefined) {
      const code = problem instanceof CircuitError ? problem.code : undefined;
      span.setAttribute("error.type", code ?? (problem instanceof Error ? problem.name : "_OTHER"));
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: messageOf(problem) });
    }
    span.end();
  }
}

function attributesOf(operation: "send" | "process", destination: string, channel?: string): Api.Attributes {
  return {
    "messaging.system": "circuit",
    "messaging.operation.name": operation,
    "messaging.operation.type": operation,
    "messaging.destination.name": destination,
    ...(channel !== undefined && { "circuit.channel": channel }),
  };
}

/** What travels with a message that a span sends. */
function traceOf(span: Api.Span): TraceContext | undefined {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const flags = (traceFlags & 0xff).toString(16).padStart(2, "0");
  return findTrace(`00-${traceId}-${spanId}-${flags}`, traceState?.serialize());
}
