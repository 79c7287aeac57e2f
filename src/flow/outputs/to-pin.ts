import { CircuitError } from "../../core/error.js";
import { type Output, outputOf } from "../output.js";

/** An output of a board. */
export interface PinOutput {
  /** 1 of a digital one, 255 of one with PWM. */
  readonly mostValue: number;
  write(value: number): void;
  /** Resolves when the board has executed what was written. */
  confirm(): Promise<void>;
}

/** A piezo on a board. */
export interface PiezoOutput {
  /** Sounds for so long; a later tone ends it. */
  frequency(toneHz: number, forMs: number): void;
  /** Resolves when the board has executed what was written. */
  confirm(): Promise<void>;
}

export interface ToPinOptions<Item> {
  /** Makes the pin's value of an item. An item that is one, or true, or has a `level`, needs no function. */
  readonly value?: (item: Item) => number;
}

export interface Tone {
  readonly toneHz: number;
  readonly forMs: number;
}

export interface ToPiezoOptions<Item> {
  /** Makes a tone of an item, or none. By default every item sounds alike: 440 Hz for 200 ms. */
  readonly tone?: (item: Item) => Tone | undefined;
}

/** Concert pitch, long enough to be heard. */
const TONE: Tone = { toneHz: 440, forMs: 200 };

/** Writes each item to a pin, and has taken it when the board has confirmed that. */
export function toPin<Item = unknown>(
  pin: PinOutput,
  { value = levelOf }: ToPinOptions<Item> = {},
): Output<NoInfer<Item>> {
  return outputOf<Item>("toPin", (item) => {
    const written = value(item);
    if (!Number.isInteger(written) || written < 0 || written > pin.mostValue) {
      throw new CircuitError(
        "MESSAGE_INVALID",
        `Cannot write ${written} to a pin: it takes 0 to ${pin.mostValue}`,
      );
    }
    pin.write(written);
    return pin.confirm();
  });
}

/** Sounds a tone for each item, and has taken it when the board has confirmed that it began. */
export function toPiezo<Item = unknown>(
  piezo: PiezoOutput,
  { tone = () => TONE }: ToPiezoOptions<Item> = {},
): Output<NoInfer<Item>> {
  return outputOf<Item>("toPiezo", (item) => {
    const sounded = tone(item);
    if (sounded === undefined) return undefined;
    piezo.frequency(sounded.toneHz, sounded.forMs);
    return piezo.confirm();
  });
}

/** The value that an item says by itself, as an event's data does. */
function levelOf(item: unknown): number {
  const value = typeof item === "object" && item !== null && "level" in item ? item.level : item;
  if (value === true || value === "true") return 1;
  if (value === false || value === "false") return 0;
  return typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
}
