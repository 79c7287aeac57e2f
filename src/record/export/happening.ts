/** A pin's level; `unknown` where nothing says what it is: an input that is not reported, a PWM output. */
export type KnownLevel = 0 | 1 | "unknown";

/** A change of a pin's level. */
export interface LevelHappening {
  readonly kind: "level";
  readonly board: string;
  readonly pin: number;
  readonly level: KnownLevel;
  readonly atMs: number;
  /** Whether the board showed it, or it follows from what was on its wire. */
  readonly isShown: boolean;
}

/** A reading of an analog input. */
export interface SampleHappening {
  readonly kind: "sample";
  readonly board: string;
  readonly channel: number;
  readonly value: number;
  readonly atMs: number;
}

/** The board's channel is on this pin. */
export interface ChannelHappening {
  readonly kind: "channel";
  readonly board: string;
  readonly channel: number;
  readonly pin: number;
  readonly atMs: number;
}

/** The board was told to sound a tone on this pin: there is a piezo. */
export interface ToneHappening {
  readonly kind: "tone";
  readonly board: string;
  readonly pin: number;
  readonly atMs: number;
}

/** What happened on a board's pins, from what a recording keeps of it. */
export type Happening = LevelHappening | SampleHappening | ChannelHappening | ToneHappening;
