import type { Payload } from "../mesh/payload.js";
import { checkPattern } from "../mesh/subject.js";
import { checkOptions } from "./check-options.js";
import type { ObservedEvent, ObserverHandler } from "./event.js";
import type { StandardSchema } from "./standard-schema.js";

/** How an observer hears, and what becomes of what fails. */
export interface ObserverOptions<Data = Payload> {
  /** Stops after so many events that were for the handler, whether that succeeded or, after its retries, failed. */
  readonly count?: number;
  /** Letters, digits, `-` and `_`. Of those who listen to a subject in the name of one queue, one is given each event. */
  readonly queue?: string;
  /**
   * Letters, digits, `-` and `_`: the name under which a server keeps its place. Events that were published while nobody of
   * this name was there are delivered later, each until it has been handled. Needs NATS with JetStream.
   */
  readonly durable?: string;
  /**
   * First hears the last event of each subject that was published before. Over NATS that needs JetStream and a pattern whose
   * first word is no wildcard; where either is missing the observer is told so by a notice, and hears nothing at all.
   */
  readonly last?: boolean;
  /** Events of which it says `false` are not for this observer. With a schema it sees what that lets through. */
  readonly filter?: (event: ObservedEvent<NoInfer<Data>>) => boolean;
  /**
   * What the data must be: a schema of valibot, zod or whatever keeps to Standard Schema. Data that does not fit goes to
   * `circuit.errors.⟨node⟩` and never to the handler.
   */
  readonly schema?: StandardSchema<unknown, Data>;
  /** Events that it reacts to at the same time. 1 by default: in order. */
  readonly concurrency?: number;
  /** Time for each call of the handler, in milliseconds. 30 000 by default. */
  readonly timeoutMs?: number;
  /** Calls after one that failed. 0 by default; 4 where it is durable. */
  readonly retries?: number;
  /** Ends it, as `close()` does. */
  readonly signal?: AbortSignal;
}

/** On what `on()` has made. Registered, and not a set of ours: a configuration may have a copy of its own of this package. */
const MADE: unique symbol = Symbol.for("circuit-five.observer");

/** What to react to and how: inert until a circuit runs it. Made by `on()`. */
export interface ObserverDefinition {
  readonly pattern: string;
  readonly handler: ObserverHandler<unknown>;
  readonly options: ObserverOptions<unknown>;
}

/** Whether a value was made by `on()`, and so checked. */
export function isObserverDefinition(value: unknown): value is ObserverDefinition {
  return typeof value === "object" && value !== null && MADE in value;
}

/**
 * Says how to react to events. Nothing connects: a circuit whose `observers` it is in runs it.
 *
 * @param pattern A subject, or with `*` for one word and `>` for the rest many.
 * @throws {CircuitError} `MESSAGE_INVALID` for what is no pattern, `USAGE` for options that cannot be.
 */
export function on<Data = Payload>(
  pattern: string,
  handler: ObserverHandler<NoInfer<Data>>,
  options: ObserverOptions<Data> = {},
): ObserverDefinition {
  checkPattern(pattern);
  checkOptions(pattern, handler, options);
  // The casts: whoever runs it hands on only data that the schema has let through, which is of its type.
  const definition: ObserverDefinition = {
    pattern,
    handler: handler as ObserverHandler<unknown>,
    options: { ...options } as ObserverOptions<unknown>,
  };
  return Object.defineProperty(definition, MADE, { value: true });
}
