import { CircuitError } from "../../../core/error.js";
import type { Sounding, ToneDriver } from "./tone.js";

/** The tones of whichever board a session has at the moment. */
export class FollowingTones implements ToneDriver {
  readonly #prepared = new Set<number>();
  #driver: ToneDriver | undefined;

  constructor(driver: ToneDriver) {
    this.#driver = driver;
  }

  /** Pins that sound. */
  get pins(): ReadonlySet<number> {
    return this.#prepared;
  }

  /** From now on they sound on another board; `undefined` for one that has none. What sounds is the caller's to see to. */
  follow(driver: ToneDriver | undefined): void {
    this.#driver = driver;
  }

  prepare(pin: number): void {
    this.#prepared.add(pin);
    this.#driver?.prepare(pin);
  }

  check(pin: number, frequencyHz: number, durationMs: number): void {
    this.#here(pin).check(pin, frequencyHz, durationMs);
  }

  start(pin: number, frequencyHz: number, durationMs: number): void {
    this.#here(pin).start(pin, frequencyHz, durationMs);
  }

  stop(pin: number): void {
    this.#driver?.stop(pin);
  }

  sounding(): readonly Sounding[] {
    return this.#driver?.sounding() ?? [];
  }

  close(): void {
    this.#driver?.close();
  }

  #here(pin: number): ToneDriver {
    if (this.#driver) return this.#driver;
    throw new CircuitError("TONE_REFUSED", `Cannot sound a tone on pin ${pin}: this board has none`, {
      hint: "Flash circuit's own firmware (firmware/README.md).",
    });
  }
}
