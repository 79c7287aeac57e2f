/** Where a wire ends: a pin of a part. */
export interface PinReference {
  /** Id of the part. */
  readonly part: string;
  /** The pin's name as Wokwi has it: "13", "GND.1", "A". */
  readonly pin: string;
}

/** A thing on the desk. Lengths are in pixels of Wokwi's editor, 96 to the inch. */
export interface Part {
  /** Its name in this wiring, unique: "led1". */
  readonly id: string;
  /** What it is, in Wokwi's words: "wokwi-led". May be a type that circuit does not know. */
  readonly type: string;
  readonly left: number;
  readonly top: number;
  /** Clockwise about its middle, in degrees. */
  readonly rotate: number;
  /** True where no picture shows it; it is wired all the same. */
  readonly hide: boolean;
  readonly attrs: Readonly<Record<string, string>>;
}

export interface Wire {
  readonly from: PinReference;
  readonly to: PinReference;
  /** A CSS colour; empty where no picture shows the wire. Not checked: it is the file's text. */
  readonly color: string;
  /** Steps in Wokwi's words: "h10" and "v-5" move in pixels, those after "*" count from the other end. */
  readonly route: readonly string[];
}

/** A diagram that was read and checked: ids are unique, wires end at pins that exist, one part is an Uno. */
export interface Wiring {
  /** Where it came from, as a person would name it. */
  readonly source: string;
  readonly parts: readonly Part[];
  readonly wires: readonly Wire[];
}

/** Wokwi's name for its serial monitor, which wires may end at though no part is called so. */
export const SERIAL_MONITOR = "$serialMonitor";
