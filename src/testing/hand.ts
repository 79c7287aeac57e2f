/** What a hand does to a part of a real board. */
export interface HandMove {
  readonly board: string;
  /** The part's id in the wiring. */
  readonly part: string;
  /** Its pin, by Firmata's number; `undefined` where it is on none. */
  readonly pin: number | undefined;
  readonly does: "press" | "release" | "turn" | "warm";
  /** Where a potentiometer is turned to, from 0 to 1; how warm a thermistor becomes, in °C. */
  readonly to?: number;
}

/** Moves the parts of real boards: a relay of a test jig, or a person who is asked. Its work is done when it returns. */
export type Hand = (move: HandMove) => void;
