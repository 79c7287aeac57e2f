import type { Clock } from "./clock.js";
import { Pushed, type PushedCounts } from "./pushed.js";

/** An input of a board. */
export interface PinInput {
  /**
   * Has the pin read from now on. What begins while the board is away waits for it.
   *
   * @param report Takes each value that the board reports: a level, or 0 to 1023 of an analog pin.
   * @param absence Hears that the board reports nothing more.
   * @returns Stops it.
   */
  read(report: (value: number) => void, absence?: PinAbsence): () => void;
}

/** Hears that no values come any more. */
export interface PinAbsence {
  /** The board is away, or has started anew: values may come again. */
  away(cause: unknown): void;
  /** Another board has taken its place: what was reported until now was of the one before. */
  moved(): void;
  /** The board is gone for good; without a cause where it was closed. */
  gone(cause?: unknown): void;
}

/** A change of level. */
export interface PinEdge {
  readonly level: 0 | 1;
  /** On the reader's clock, in milliseconds. */
  readonly atMs: number;
  /** Edges that were dropped before this one, because nobody took them in time. */
  readonly missed: number;
}

/** A reading of an analog pin. */
export interface PinSample {
  /** 0 to 1023. */
  readonly value: number;
  /** On the reader's clock, in milliseconds. */
  readonly atMs: number;
  /** Readings that were replaced by this one, because nobody took them in time. */
  readonly missed: number;
}

export interface LossOptions {
  /**
   * What becomes of the readings when the board goes away: `end`, with the error, which is the default, or `pause` until it
   * is back. A board that is gone for good ends them always.
   */
  readonly whenLost?: "end" | "pause";
}

export interface EdgesOptions extends LossOptions {
  /** `both` by default. */
  readonly edge?: "rising" | "falling" | "both";
  /** How long a level must last until it counts, in milliseconds. 20 by default, which is right for push buttons. */
  readonly debounceMs?: number;
  /**
   * The level while nobody has touched it: what the board reports first is an edge where it differs. Where it is missing, the
   * level that is reported first is no edge.
   */
  readonly idle?: 0 | 1 | undefined;
}

/** Whose time it is, how long is read, and where is counted what becomes of it. */
export interface Reading {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly counts?: PushedCounts | undefined;
}

/** Long enough for the contacts of a push button, and too short for a finger, in milliseconds. */
const DEBOUNCE_MS = 20;

/** More than a person presses while a reader hangs. */
const MOST_EDGES = 1_024;

/**
 * Edges of a digital pin, in order. What changed while the board was away is an edge when it is back.
 *
 * @throws The cause, where the board is lost; edges that came before it are yielded first.
 */
export async function* readEdges(
  pin: PinInput,
  { edge = "both", debounceMs = DEBOUNCE_MS, idle, whenLost = "end" }: EdgesOptions,
  reading: Reading,
): AsyncGenerator<PinEdge, void> {
  const { clock, signal } = reading;
  const waiting = new Pushed<PinEdge>(MOST_EDGES, reading);
  let missed = 0;
  let settled = idle;
  let reported: number | undefined = idle;
  let cancel = () => {};
  const settle = (level: 0 | 1) => {
    const isEdge = settled !== undefined && level !== settled;
    settled = level;
    if (!isEdge || (edge !== "both" && (edge === "rising") !== (level === 1))) return;
    if (waiting.isFull) {
      missed++;
      waiting.dropNewest();
    } else {
      waiting.push({ level, atMs: clock.now(), missed });
      missed = 0;
    }
  };
  const report = (value: number) => {
    const level = value === 0 ? 0 : 1;
    if (level === reported) return;
    reported = level;
    cancel();
    if (debounceMs === 0 || settled === undefined) settle(level);
    else cancel = clock.after(debounceMs, () => settle(level));
  };
  const moved = () => {
    // Whether a level would have lasted is not known.
    cancel();
    reported = settled;
  };
  const away = (cause: unknown) => {
    moved();
    if (whenLost === "end") waiting.end(cause);
  };
  const stop = pin.read(report, { away, moved, gone: (cause) => endOf(waiting, cause) });
  try {
    yield* waiting.items(signal);
  } finally {
    cancel();
    stop();
    waiting.leave();
  }
}

/**
 * Readings of an analog pin: of those that nobody took in time, the latest. None is handed out after the board was lost.
 *
 * @throws The cause, where the board is lost.
 */
export async function* readSamples(
  pin: PinInput,
  { whenLost = "end" }: LossOptions,
  reading: Reading,
): AsyncGenerator<PinSample, void> {
  const { clock, signal } = reading;
  const waiting = new Pushed<PinSample>(1, reading);
  let missed = 0;
  const forget = () => {
    if (waiting.isFull) missed++;
    waiting.dropOldest();
  };
  const report = (value: number) => {
    forget();
    waiting.push({ value, atMs: clock.now(), missed });
  };
  const away = (cause: unknown) => {
    forget();
    if (whenLost === "end") waiting.end(cause);
  };
  const gone = (cause?: unknown) => {
    forget();
    endOf(waiting, cause);
  };
  const stop = pin.read(report, { away, moved: forget, gone });
  try {
    for await (const sample of waiting.items(signal)) {
      missed = 0;
      yield sample;
    }
  } finally {
    stop();
    waiting.leave();
  }
}

function endOf(waiting: Pick<Pushed<PinEdge>, "end">, cause: unknown): void {
  if (cause === undefined) waiting.end();
  else waiting.end(cause);
}
