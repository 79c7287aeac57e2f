import type { Edge } from "./uno.js";

/** What a run of edges sounds like. */
export interface Pitch {
  /** Mean frequency from the first rising edge to the last, in hertz of the board's clock. */
  readonly hz: number;
  readonly edges: number;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Standard deviation of the periods, in microseconds. */
  readonly jitterUs: number;
}

/** A pin that stays at a level for longer has stopped sounding: one and a half periods of 31 Hz, the lowest tone. */
const SILENCE_US = 48_000;

/** Fewer are a click and have no pitch. */
const FEWEST_EDGES = 4;

const US_PER_SECOND = 1_000_000;

/** Adds up the edges of one run, in constant space. */
class Run {
  readonly firstUs: number;
  lastUs: number;
  edges = 0;
  #firstRiseUs: number | undefined;
  #lastRiseUs = 0;
  #periods = 0;
  #meanUs = 0;
  /** Sum of squared differences from the mean, kept as Welford does (Technometrics 4, 1962). */
  #squares = 0;

  constructor(edge: Edge) {
    this.firstUs = edge.atUs;
    this.lastUs = edge.atUs;
    this.add(edge);
  }

  add({ level, atUs }: Edge): void {
    this.edges++;
    this.lastUs = atUs;
    if (level === 0) return;
    if (this.#firstRiseUs === undefined) this.#firstRiseUs = atUs;
    else {
      const periodUs = atUs - this.#lastRiseUs;
      const difference = periodUs - this.#meanUs;
      this.#periods++;
      this.#meanUs += difference / this.#periods;
      this.#squares += difference * (periodUs - this.#meanUs);
    }
    this.#lastRiseUs = atUs;
  }

  get pitch(): Pitch | undefined {
    if (this.edges < FEWEST_EDGES || this.#periods === 0) return undefined;
    const { firstUs, lastUs, edges } = this;
    const hz = (US_PER_SECOND * this.#periods) / (this.#lastRiseUs - (this.#firstRiseUs ?? 0));
    return { hz, edges, firstUs, lastUs, jitterUs: Math.sqrt(this.#squares / this.#periods) };
  }
}

/** Pitch of edges of one pin, in order of time. `undefined` for fewer than four: that is a click. */
export function pitchOf(edges: readonly Edge[]): Pitch | undefined {
  const [first, ...others] = edges;
  if (!first) return undefined;
  const run = new Run(first);
  for (const edge of others) run.add(edge);
  return run.pitch;
}

/**
 * Listens to one pin and tells the tones that it sounded, each when 48 ms without an edge have followed it.
 * Tones with a shorter rest between them count as one, with their mean pitch.
 */
export class ToneMeter {
  /** Told each tone once it has ended. */
  onTone: (tone: Pitch) => void = () => {};
  #run: Run | undefined;

  /** Takes the next edge of the pin. */
  add(edge: Edge): void {
    this.#endBefore(edge.atUs);
    if (this.#run) this.#run.add(edge);
    else this.#run = new Run(edge);
  }

  /** The tone that sounds at a moment, so far; `undefined` in silence. */
  sounding(nowUs: number): Pitch | undefined {
    this.#endBefore(nowUs);
    return this.#run?.pitch;
  }

  /** Ends the tone that still sounds, for those who stop listening. */
  end(): void {
    this.#endBefore(Infinity);
  }

  #endBefore(timeUs: number): void {
    const run = this.#run;
    if (!run || timeUs - run.lastUs <= SILENCE_US) return;
    this.#run = undefined;
    if (run.pitch) this.onTone(run.pitch);
  }
}
