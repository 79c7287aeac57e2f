import type { BatchedConnectionOptions, Batching, ConnectionOptions } from "./connection.js";
import type { Part } from "./part.js";
import type { AnyHandle, Emitter, InputOfFunction, ItemsIn, OutputsOf } from "./processor.js";
import type { FlowContext } from "./source.js";

/** A source, or a function that is one. */
export type SourcePart =
  | Emitter<object>
  | ((context: FlowContext) => AsyncIterable<unknown> | Iterable<unknown>);

/** A processor, or a function that is one. */
export type ProcessorPart = (Part & { readonly handle: AnyHandle }) | AnyHandle;

/** From an output of a part to a processor, by their names. */
export interface NamedConnection extends Partial<BatchedConnectionOptions> {
  readonly from: string;
  /** "data" where it is not given. */
  readonly output?: string;
  readonly to: string;
}

/** A pipeline as data. */
export interface Pipeline {
  readonly sources: Readonly<Record<string, SourcePart>>;
  readonly processors: Readonly<Record<string, ProcessorPart>>;
  readonly connections: readonly NamedConnection[];
}

type OutputsOfPart<Given> =
  Given extends Emitter<infer Outputs>
    ? Outputs
    : Given extends (...parameters: never) => infer Result
      ? OutputsOf<ItemsIn<Result>>
      : never;

type InputOf<Given> = Given extends { handle(item: infer In, context: FlowContext): unknown }
  ? In
  : InputOfFunction<Given>;

/** The names of those that take items of a type. */
type Takers<Item, Processors> = {
  [Name in keyof Processors & string]: [Item] extends [InputOf<Processors[Name]>] ? Name : never;
}[keyof Processors & string];

type ConnectionOf<From, Output, Item, Processors> = ConnectionOptions & {
  readonly from: From;
} & (Output extends "data" ? { readonly output?: Output } : { readonly output: Output }) &
  (
    | { readonly to: Takers<Item, Processors>; readonly batch?: never }
    | { readonly to: Takers<readonly Item[], Processors>; readonly batch: Batching }
  );

/** Every connection that fits its types. */
type FittingConnection<Parts, Processors> = {
  [From in keyof Parts & string]: {
    [Output in keyof OutputsOfPart<Parts[From]> & string]: ConnectionOf<
      From,
      Output,
      OutputsOfPart<Parts[From]>[Output],
      Processors
    >;
  }[keyof OutputsOfPart<Parts[From]> & string];
}[keyof Parts & string];

/** Sources and processors by name, before they are connected. */
export interface UnconnectedPipeline<Sources, Processors> {
  /** Makes it whole. Only an output and a processor whose types fit can be connected. */
  connect(connections: readonly FittingConnection<Sources & Processors, Processors>[]): Pipeline;
}

/**
 * A pipeline as data: `pipeline({ sources, processors }).connect([{ from: "ticks", to: "log" }])`. What types do not say is
 * checked when it is given to a `Manager`.
 */
export function pipeline<
  const Sources extends Readonly<Record<string, SourcePart>>,
  const Processors extends Readonly<Record<string, ProcessorPart>>,
>(parts: {
  readonly sources: Sources;
  readonly processors: Processors;
}): UnconnectedPipeline<Sources, Processors> {
  // In a call of its own: the compiler knows what sources yield only when their call is complete.
  return {
    connect: (connections) => ({
      ...parts,
      // Each of them fits the interface that says less; the compiler does not follow so far.
      connections: connections as unknown as readonly NamedConnection[],
    }),
  };
}
