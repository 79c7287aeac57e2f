import type { FlowContext, SourceFunction } from "../source.js";
import { Pushed } from "./pushed.js";

/** An input of a board. */
export interface PinInput {
  /**
   * Has the pin read from now on.
   *
   * @param report Takes each value that the board reports: a level, or 0 to 1023 of an analog pin.
   * @returns Stops it.
   */
  read(report: (value: number) => void): () => void;
}

/** A change of level. */
export interface PinEdge {
  readonly level: 0 | 1;
  /** On the flow's clock, in milliseconds. */
  readonly atMs: number;
  /** Edges that were dropped before this one, because nobody took them in time. */
  readonly missed: number;
}

export interface EdgesOptions {
  /** `both` by default. */
  readonly edge?: "rising" | "falling" | "both";
  /** How long a level must last until it counts, in milliseconds. 20 by default, which is right for push buttons. */
  readonly debounceMs?: number;
  /** The level while nobody has touched it: what the board reports first is an edge where it differs. 0 by default. */
  readonly idle?: 0 | 1;
}

/** A reading of an analog pin. */
export interface PinSample {
  /** 0 to 1023. */
  readonly value: number;
  /** On the flow's clock, in milliseconds. */
  readonly atMs: number;
  /** Readings that were replaced by this one, because nobody took them in time. */
  readonly missed: number;
}

/** Long enough for the contacts of a push button, and too short for a finger, in milliseconds. */
const DEBOUNCE_MS = 20;

/** More than a person presses while a pipeline hangs. */
const MOST_EDGES = 1_024;

/** Edges of a digital pin, in order. */
export function edges(
  pin: PinInput,
  { edge = "both", debounceMs = DEBOUNCE_MS, idle = 0 }: EdgesOptions = {},
): SourceFunction<PinEdge> {
  return async function* edges(context: FlowContext): AsyncGenerator<PinEdge, void> {
    const { clock, signal } = context;
    const waiting = new Pushed<PinEdge>(MOST_EDGES, context);
    let missed = 0;
    let settled = idle;
    const settle = (level: 0 | 1) => {
      if (level === settled) return;
      settled = level;
      if (edge !== "both" && (edge === "rising") !== (level === 1)) return;
      if (waiting.isFull) {
        missed++;
        waiting.dropNewest();
      } else {
        waiting.push({ level, atMs: clock.now(), missed });
        missed = 0;
      }
    };
    let reported: number = idle;
    let cancel = () => {};
    const stop = pin.read((value) => {
      const level = value === 0 ? 0 : 1;
      if (level === reported) return;
      reported = level;
      cancel();
      if (debounceMs === 0) settle(level);
      else cancel = clock.after(debounceMs, () => settle(level));
    });
    try {
      yield* waiting.items(signal);
    } finally {
      cancel();
      stop();
      waiting.leave();
    }
  };
}

/** Readings of an analog pin: of those that nobody took in time, the latest. */
export function samples(pin: PinInput): SourceFunction<PinSample> {
  return async function* samples(context: FlowContext): AsyncGenerator<PinSample, void> {
    const { clock, signal } = context;
    const waiting = new Pushed<PinSample>(1, context);
    let missed = 0;
    const stop = pin.read((value) => {
      if (waiting.isFull) {
        missed++;
        waiting.dropOldest();
      }
      waiting.push({ value, atMs: clock.now(), missed });
    });
    try {
      for await (const sample of waiting.items(signal)) {
        missed = 0;
        yield sample;
      }
    } finally {
      stop();
      waiting.leave();
    }
  };
}
