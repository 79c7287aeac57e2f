import { five } from "../board/session/piezo.js";
import { Sketch, type SketchContext } from "./sketch.js";

export interface BuzzerOptions {
  /** Digital pin of the piezo. */
  readonly piezo?: number;
  /** Pitch, in hertz. */
  readonly toneHz?: number;
  /** Length of the tone, in milliseconds. */
  readonly toneMs?: number;
  /** Answer to a message that it sounds for. */
  readonly sound?: string;
}

/** Sounds its piezo on `1`; the next `1` restarts it. Anything else leaves it as it is and is answered `...`. */
export class Buzzer extends Sketch {
  readonly #pin: number;
  readonly #toneHz: number;
  readonly #toneMs: number;
  readonly #sound: string;
  #piezo: five.Piezo | undefined;

  constructor({ piezo = 8, toneHz = 440, toneMs = 100, sound = "buzz buzz buzz" }: BuzzerOptions = {}) {
    super();
    this.#pin = piezo;
    this.#toneHz = toneHz;
    this.#toneMs = toneMs;
    this.#sound = sound;
  }

  override setup({ board }: SketchContext): void {
    this.#piezo = new five.Piezo({ pin: this.#pin, board });
  }

  override loop(_channel: string, message: string): string {
    if (message !== "1") return "...";
    this.#piezo?.frequency(this.#toneHz, this.#toneMs);
    this.out(this.#sound);
    return this.#sound;
  }
}
