import { describeLevel, describeToBoard } from "../firmata/describe.js";
import type { ToBoard } from "../firmata/to-board.js";

/** Something that a host does to a board and that shows: a level, a mode, a tone, a report that it wants. */
export interface Act {
  /**
   * What it is done to, in words. Between two of these no order is kept: parts of a sketch that know nothing of each other
   * take turns as it happens.
   */
  readonly lane: string;
  /** The pin, where it is one. */
  readonly pin?: number;
  /** `pin 13 high`: on one lane, the same words are the same act. */
  readonly words: string;
}

/**
 * Reads what a host says as what it does. Questions, and what a session says for its own sake (pings, echoes, the line's
 * speed), do nothing. A write to a port is a level for each pin that it changes.
 */
export class ActReader {
  /** Levels of each port's pins, as they were told last. */
  readonly #levels = new Map<number, number>();

  read(message: ToBoard): readonly Act[] {
    if (message.type === "digitalPort") return this.#write(message.port, message.levels & 0xff);
    if (message.type === "digitalPin") {
      const bit = 1 << (message.pin & 7);
      const levels = this.#levels.get(message.pin >> 3) ?? 0;
      return this.#write(message.pin >> 3, message.level ? levels | bit : levels & ~bit);
    }
    if (message.type === "reset") this.#levels.clear();
    const place = placeOf(message);
    if (place === undefined) return [];
    const words = describeToBoard(message);
    return [typeof place === "number" ? { lane: laneOf(place), pin: place, words } : { lane: place, words }];
  }

  #write(port: number, levels: number): Act[] {
    const changed = levels ^ (this.#levels.get(port) ?? 0);
    this.#levels.set(port, levels);
    const acts: Act[] = [];
    for (let bit = 0; bit < 8; bit++) {
      if (!((changed >> bit) & 1)) continue;
      const pin = port * 8 + bit;
      acts.push({ lane: laneOf(pin), pin, words: describeLevel(pin, (levels >> bit) & 1) });
    }
    return acts;
  }
}

function laneOf(pin: number): string {
  return `pin ${pin}`;
}

/** The pin, or the lane, that a message other than a digital write does something to. */
function placeOf(message: ToBoard): number | string | undefined {
  switch (message.type) {
    case "pinMode":
    case "analog":
    case "extendedAnalog":
    case "servoConfig":
    case "tone":
    case "noTone":
      return message.pin;
    case "reportDigital":
      return `reports of port ${message.port}`;
    case "reportAnalog":
      return `reports of A${message.channel}`;
    case "samplingInterval":
      return "the sampling interval";
    case "i2cConfig":
      return "I2C";
    case "i2cRequest":
      return `I2C 0x${message.address.toString(16)}`;
    case "string":
      return "texts";
    case "reset":
    case "safe":
      return "the board";
    case "sysex":
      return `messages 0x${message.command.toString(16)}`;
    default:
      return undefined;
  }
}
