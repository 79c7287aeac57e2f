import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type ContextManager, context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** What OpenTelemetry's own manager of contexts does, in the few lines that a test needs. */
class Contexts implements ContextManager {
  readonly #running = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#running.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    running: Context,
    run: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#running.run(running, () => run.apply(thisArg, args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

const exporter = new InMemorySpanExporter();

/** Installs an SDK in this process, as a host does before it makes a mesh. */
export function installSdk({ followsContexts }: { readonly followsContexts: boolean }): void {
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  trace.setGlobalTracerProvider(provider);
  if (followsContexts) context.setGlobalContextManager(new Contexts());
}

export function removeSdk(): void {
  trace.disable();
  context.disable();
  exporter.reset();
}

/** Each finished span's name below its parent's, as `send iopin > process iopin`, in the order of their traces. */
export function paths(): string[] {
  const spans = exporter.getFinishedSpans();
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const pathOf = (span: ReadableSpan): string => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? "");
    return parent ? `${pathOf(parent)} > ${span.name}` : span.name;
  };
  return spans.map(pathOf).sort();
}

export function traceCount(): number {
  return new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId)).size;
}

export function spanNamed(name: string): ReadableSpan | undefined {
  return exporter.getFinishedSpans().find((span) => span.name === name);
}
