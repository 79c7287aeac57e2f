import { PIN_MODE, type SafeState } from "../../firmata/protocol.js";
import type { ToBoard } from "../../firmata/to-board.js";
import type { ToHost } from "../../firmata/to-host.js";
import type { KnownLevel } from "./happening.js";
import { Tones } from "./tones.js";

/** Takes a pin's level, each time that it is told; it may be what it was. */
export type TakeLevel = (pin: number, level: KnownLevel, atMs: number) => void;

const PINS_PER_PORT = 8;

/** A duty at which a PWM output is always high: 8 bits, as Firmata's boards have them. */
const FULL_DUTY = 255;

/**
 * The levels of a board's pins, from the Firmata messages to it and from it: outputs as they were written, inputs as they
 * were reported, tones as their piezo's square wave.
 */
export class PinStory {
  readonly #level: TakeLevel;
  readonly #tones: Tones;
  readonly #modes = new Map<number, number>();
  #safe: readonly { readonly pin: number; readonly state: SafeState }[] = [];

  constructor(level: TakeLevel) {
    this.#level = level;
    this.#tones = new Tones(level);
  }

  /** When the next edge of a tone is due. */
  get nextMs(): number {
    return this.#tones.nextMs;
  }

  /** Tells the next edge of a tone. */
  runNext(): void {
    this.#tones.runNext();
  }

  /** The board has executed this. */
  executed(message: ToBoard, atMs: number): void {
    switch (message.type) {
      case "pinMode":
        this.#setMode(message.pin, message.mode, atMs);
        break;
      case "digitalPort":
        for (const pin of pinsOf(message.port)) this.#write(pin, bitOf(message.levels, pin), atMs);
        break;
      case "digitalPin":
        this.#write(message.pin, message.level ? 1 : 0, atMs);
        break;
      case "analog":
      case "extendedAnalog":
        if (this.#modes.get(message.pin) === PIN_MODE.pwm)
          this.#level(message.pin, levelOfDuty(message.value), atMs);
        break;
      case "tone":
        this.#modes.set(message.pin, PIN_MODE.tone);
        this.#tones.start(message.pin, message, atMs);
        break;
      case "noTone":
        this.#tones.stop(message.pin, atMs);
        break;
      case "safe":
        this.#safe = message.silenceMs > 0 ? message.pins : [];
        break;
      case "reset":
        this.lost(atMs);
        break;
    }
  }

  /** The board has said this. */
  said(message: ToHost, atMs: number): void {
    if (message.type === "digitalPort") {
      for (const pin of pinsOf(message.port))
        if (isInput(this.#modes.get(pin))) this.#level(pin, bitOf(message.levels, pin), atMs);
    } else if (message.type === "tripped") {
      for (const { pin, state } of this.#safe) this.#makeSafe(pin, state, atMs);
    }
  }

  /** The board is away, or as after power-up: nothing is known of its pins. */
  lost(atMs: number): void {
    this.#tones.clear();
    for (const pin of this.#modes.keys()) this.#level(pin, "unknown", atMs);
    this.#modes.clear();
    this.#safe = [];
  }

  #setMode(pin: number, mode: number, atMs: number): void {
    if (this.#modes.get(pin) === mode) return;
    this.#tones.stop(pin, atMs);
    this.#modes.set(pin, mode);
    // Firmwares make a new output low.
    const isLow = mode === PIN_MODE.output || mode === PIN_MODE.pwm || mode === PIN_MODE.tone;
    this.#level(pin, isLow ? 0 : "unknown", atMs);
  }

  #write(pin: number, level: 0 | 1, atMs: number): void {
    if (this.#modes.get(pin) === PIN_MODE.output) this.#level(pin, level, atMs);
  }

  #makeSafe(pin: number, state: SafeState, atMs: number): void {
    this.#tones.stop(pin, atMs);
    this.#modes.set(pin, state === "input" ? PIN_MODE.input : PIN_MODE.output);
    this.#level(pin, state === "input" ? "unknown" : state, atMs);
  }
}

function pinsOf(port: number): readonly number[] {
  return Array.from({ length: PINS_PER_PORT }, (_, bit) => port * PINS_PER_PORT + bit);
}

function bitOf(levels: number, pin: number): 0 | 1 {
  return (levels >> (pin % PINS_PER_PORT)) & 1 ? 1 : 0;
}

function isInput(mode: number | undefined): boolean {
  return mode === PIN_MODE.input || mode === PIN_MODE.pullup;
}

/** Between its ends a PWM output is neither high nor low. */
function levelOfDuty(duty: number): KnownLevel {
  if (duty <= 0) return 0;
  return duty >= FULL_DUTY ? 1 : "unknown";
}
