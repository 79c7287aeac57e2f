import {
  type EdgesOptions,
  type LossOptions,
  type PinEdge,
  type PinInput,
  type PinSample,
  readEdges,
  readSamples,
} from "../../core/pin-readings.js";
import type { FlowContext, SourceFunction } from "../source.js";

/**
 * Edges of a digital pin, in order; `idle` is 0 where nothing is said. A pipeline whose board is lost fails, or waits with
 * `whenLost: "pause"`; one that starts while the board is away waits for it.
 */
export function edges(pin: PinInput, { idle = 0, ...options }: EdgesOptions = {}): SourceFunction<PinEdge> {
  return async function* edges(context: FlowContext): AsyncGenerator<PinEdge, void> {
    yield* readEdges(pin, { idle, ...options }, context);
  };
}

/**
 * Readings of an analog pin: of those that nobody took in time, the latest. A pipeline whose board is lost fails, or waits
 * with `whenLost: "pause"`; one that starts while the board is away waits for it.
 */
export function samples(pin: PinInput, options: LossOptions = {}): SourceFunction<PinSample> {
  return async function* samples(context: FlowContext): AsyncGenerator<PinSample, void> {
    yield* readSamples(pin, options, context);
  };
}
