/** A part and what its terminals are connected to. */
export interface Attachment {
  /** Its id in the wiring. */
  readonly part: string;
  /** Its type in Wokwi, for example `wokwi-led`. */
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
  /** By terminal, the Uno's pin as Wokwi names it: `13`, `A0`, `GND`, `5V`, `3.3V`; through resistors too. */
  readonly terminals: Readonly<Record<string, string>>;
}
