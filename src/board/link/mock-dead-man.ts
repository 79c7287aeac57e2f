import type { Clock } from "../../core/clock.js";
import { FIRMWARE_SILENCE_MS, PIN_MODE } from "../../firmata/protocol.js";
import type { SafePin } from "../../firmata/to-board.js";
import type { MockPins } from "./mock-pins.js";

/** The device's dead-man, as our firmware has it: puts pins where they are to be when nothing has come for so long. */
export class MockDeadMan {
  readonly #clock: Clock;
  readonly #pins: MockPins;
  readonly #tripped: () => void;
  #silenceMs = 0;
  #safe: readonly SafePin[] = [];
  #cancel = () => {};

  constructor(clock: Clock, pins: MockPins, tripped: () => void) {
    this.#clock = clock;
    this.#pins = pins;
    this.#tripped = tripped;
  }

  /** @returns Whether it was armed, or disarmed by a time of 0; else nothing has changed. */
  arm(silenceMs: number, safe: readonly SafePin[]): boolean {
    if (silenceMs > 0 && silenceMs < FIRMWARE_SILENCE_MS.shortest) return false;
    if (safe.some(({ pin }) => !this.#pins.capabilities[pin]?.length)) return false;
    this.#silenceMs = silenceMs;
    this.#safe = safe;
    this.heard();
    return true;
  }

  disarm(): void {
    this.arm(0, []);
  }

  /** Something has come. */
  heard(): void {
    this.#cancel();
    this.#cancel = () => {};
    if (this.#silenceMs > 0) this.#cancel = this.#clock.after(this.#silenceMs, () => this.#trip());
  }

  #trip(): void {
    this.#pins.silence();
    for (const { pin, state } of this.#safe) {
      this.#pins.setMode(pin, state === "input" ? PIN_MODE.input : PIN_MODE.output);
      if (state !== "input") this.#pins.setLevel(pin, state);
    }
    this.disarm();
    this.#tripped();
  }
}
