/** Rules of `checkWiring()`, by the names that people see. */
export type RuleName =
  | "short"
  | "button-legs"
  | "unwired"
  | "no-ground"
  | "no-supply"
  | "supply-from-pin"
  | "led-resistor"
  | "led-backwards"
  | "pin-twice"
  | "pins-joined"
  | "serial-pins"
  | "i2c-pins"
  | "i2c-taken"
  | "analog-missing"
  | "pwm-missing"
  | "pwm-timer"
  | "floating-input"
  | "pin-current"
  | "port-current"
  | "supply-current"
  | "pin-not-wired";

/** A mistake in a wiring. */
export interface WiringFinding {
  readonly rule: RuleName;
  /** An error does not work, or breaks something; a warning may be meant. */
  readonly severity: "error" | "warning";
  /** Ids of the parts that it is about, as far as there are any. */
  readonly parts: readonly string[];
  /** Pins of the board that it is about, as they are lettered: "13", "A0", "5V". */
  readonly pins: readonly string[];
  /** What is there, with numbers. */
  readonly text: string;
  /** What to do, one imperative sentence. */
  readonly mend: string;
}

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly (string | number)[]): string {
  if (items.length < 2) return String(items[0] ?? "nothing");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
