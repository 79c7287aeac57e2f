import { CircuitError } from "../core/error.js";
import type { BatchedConnectionOptions, ConnectionOptions } from "./connection.js";
import { Part, type PartOptions } from "./part.js";
import type { Emission, FlowContext, Items, SourceFunction } from "./source.js";

declare const OUTPUTS: unique symbol;

/** What may be yielded for outputs of these names and types: a plain item for "data", an `Emission` for each. */
export type Emitted<Outputs> =
  | (Outputs extends { readonly data: infer Item } ? Item : never)
  | { [Name in keyof Outputs & string]: Emission<Name, Outputs[Name]> }[keyof Outputs & string];

/** Names and types of the outputs of what yields such items. */
export type OutputsOf<Out> = {
  readonly [Name in OutputName<Out>]:
    | (Name extends "data" ? Exclude<Out, Emission> : never)
    | (Out extends Emission<infer Output, infer Item> ? (Output extends Name ? Item : never) : never);
};

type OutputName<Out> = Out extends Emission<infer Output> ? Output : "data";

/** The items in what a function returns. */
export type ItemsIn<Result> = Result extends string | ArrayBufferView
  ? Result
  : Result extends PromiseLike<infer Later>
    ? ItemsIn<Later>
    : Result extends AsyncIterable<infer Item> | Iterable<infer Item>
      ? Item
      : // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing emits nothing
        Exclude<Result, undefined | void>;

/** What a function takes. */
export type InputOfFunction<Handle> = Handle extends (item: infer In, context: FlowContext) => unknown
  ? In
  : never;

/** A part with outputs. */
export abstract class Emitter<Outputs extends object> extends Part {
  /** For the compiler only. */
  declare readonly [OUTPUTS]: Outputs;

  /**
   * Hands what goes to an output to a processor: `source.on("data", processor.handle)`. A plain function is a processor
   * as well, also one with an `open()` or a `close()` of its own. An output may have several; each gets every item, in the order of the connections.
   */
  on<Name extends keyof Outputs & string>(
    output: Name,
    handle: (items: readonly Outputs[Name][], context: FlowContext) => unknown,
    options: BatchedConnectionOptions,
  ): this;
  on<Name extends keyof Outputs & string>(
    output: Name,
    handle: (item: Outputs[Name], context: FlowContext) => unknown,
    options?: ConnectionOptions,
  ): this;
  on(output: string, handle: AnyHandle, options: ConnectionOptions = {}): this {
    this.connect({ output, to: processorOf(handle), options });
    return this;
  }
}

export interface SourceOptions extends PartOptions {
  /**
   * Whether it runs on one machine at a time, wherever its flow runs; as its manager says where nothing is said. Needs
   * `leases` of the flow. One that has ended does not begin again before its process stops.
   */
  readonly singleton?: boolean;
  /**
   * Whether it can begin anywhere among its items, at `context.from`, and always has the same there: a singleton source
   * whose items go to durable connections then goes on where it stopped, also on another machine.
   */
  readonly resumes?: boolean;
}

/** Starts by itself and may run for ever. */
export abstract class Source<Outputs extends object> extends Emitter<Outputs> {
  declare readonly options: SourceOptions;

  // A source has more options than a part.
  constructor(options: SourceOptions = {}) {
    super(options);
  }

  /** @see SourceFunction */
  abstract start(context: FlowContext): AsyncIterable<Emitted<Outputs>> | Iterable<Emitted<Outputs>>;
}

export interface ProcessorOptions extends PartOptions {
  /**
   * How long it may take until it answers, or yields the next item, in milliseconds; 30 000 where nothing is said. One that
   * takes longer has failed.
   */
  readonly timeoutMs?: number;
  /** How many items it handles at the same time; 1 where nothing is said. For the protocol `async`. */
  readonly parallel?: number;
  /** Whether it emits in the order of its items, where several are handled at a time; true where nothing is said. */
  readonly ordered?: boolean;
}

/** Receives items and emits. `Outputs` are the names and types of its outputs; it has none where they are not given. */
export abstract class Processor<In, Outputs extends object = Record<never, never>> extends Emitter<Outputs> {
  declare readonly options: ProcessorOptions;

  constructor(options: ProcessorOptions = {}) {
    super(options);
    // So that `on()` gets it whole: a bare method would have lost its processor.
    this.handle = this.handle.bind(this);
    // Whoever connects it has checked what it takes.
    OWNERS.set(this.handle, this as unknown as RunnableProcessor);
  }

  /** What is called for each item: `handle`, or what that would call. */
  get handler(): AnyHandle {
    return this.handle;
  }

  /** @see ProcessorFunction */
  abstract handle(
    item: In,
    context: FlowContext,
  ): Items<Emitted<Outputs>> | PromiseLike<Items<Emitted<Outputs>>>;
}

/** A processor as whoever runs it sees it. */
export interface RunnableProcessor extends Part {
  readonly options: ProcessorOptions;
  /** Its `handle`, by the shortest way; it needs no `this`. */
  readonly handler: (item: unknown, context: FlowContext) => unknown;
}

/** A source as whoever runs it sees it. */
export interface RunnableSource extends Part {
  readonly options: SourceOptions;
  start(context: FlowContext): AsyncIterable<unknown> | Iterable<unknown>;
}

/** A handler whose item nothing is known of, which takes none: whoever calls it has checked what it connects. */
export type AnyHandle = (item: never, context: FlowContext) => unknown;

const OWNERS = new WeakMap<AnyHandle, RunnableProcessor>();

/** The processor whose `handle` it is, or one around the function: the same each time. */
export function processorOf(handle: AnyHandle): RunnableProcessor {
  if (typeof handle !== "function")
    throw new CircuitError(
      "USAGE",
      `Cannot connect an output: its handler is ${typeof handle}, no function`,
      {
        hint: 'Write source.on("data", processor.handle).',
      },
    );
  const owner = OWNERS.get(handle);
  if (owner !== undefined) return owner;
  const made = new FunctionProcessor(handle, {});
  OWNERS.set(handle, made);
  return made;
}

/** A function as a processor with options and outputs: `processor((n: number) => n * 2, { onError: "skip" })`. */
export function processor<Handle extends AnyHandle>(
  handle: Handle,
  options: ProcessorOptions = {},
): Processor<InputOfFunction<Handle>, OutputsOf<ItemsIn<ReturnType<Handle>>>> {
  // The function's own types say what it takes and gives, and it is called with nothing else.
  return new FunctionProcessor(handle, options) as unknown as Processor<
    InputOfFunction<Handle>,
    OutputsOf<ItemsIn<ReturnType<Handle>>>
  >;
}

/** A function as a source with options and outputs. */
export function source<Item>(
  start: SourceFunction<Item>,
  options: SourceOptions = {},
): Source<OutputsOf<Item>> {
  // As above: what the function yields is what its outputs are made of.
  return new FunctionSource(start, options) as unknown as Source<OutputsOf<Item>>;
}

type PlainHandle = ((item: unknown, context: FlowContext) => unknown) & Pick<Partial<Part>, "open" | "close">;

class FunctionProcessor extends Processor<unknown, { data: unknown }> {
  readonly #handle: PlainHandle;

  constructor(handle: AnyHandle, options: ProcessorOptions) {
    super({ name: handle.name || "processor", ...options });
    // It is called with what it was connected to, which the compiler has compared.
    this.#handle = handle as PlainHandle;
  }

  override get handler(): PlainHandle {
    return this.#handle;
  }

  override open(context: FlowContext): void | PromiseLike<void> {
    return this.#handle.open?.(context);
  }

  handle(item: unknown, context: FlowContext): Items<unknown> {
    return this.#handle(item, context);
  }

  override close(): void | PromiseLike<void> {
    return this.#handle.close?.();
  }
}

class FunctionSource extends Source<{ data: unknown }> {
  readonly #start: SourceFunction<unknown>;

  constructor(start: SourceFunction<unknown>, options: SourceOptions) {
    super({ name: start.name || "source", ...options });
    this.#start = start;
  }

  start(context: FlowContext): AsyncIterable<unknown> | Iterable<unknown> {
    return this.#start(context);
  }
}
