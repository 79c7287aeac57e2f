import type { Clock } from "../../../core/clock.js";
import { COMMAND, SYSEX } from "../../../firmata/protocol.js";
import { decodeToBoard, encodeToBoard, type ToBoard } from "../../../firmata/to-board.js";
import type { Sounding } from "../tones/tone.js";

type Tone = Extract<ToBoard, { type: "tone" }>;

/** Bits of an I2C request's flags that say what it is for, and two of what they may say. */
const I2C_MODE = 0x18;
const I2C_READ_ALWAYS = 0x10;
const I2C_READ_NEVER = 0x18;

/**
 * Remembers what a board was told besides modes and values, from the messages on their way to it: what it is to report,
 * how often, the ranges of servos, I2C, and tones that sound.
 */
export class SettingsMemory {
  readonly #clock: Clock;
  /** Messages that switch something on, by what they switch. */
  readonly #reports = new Map<number, Uint8Array>();
  readonly #servos = new Map<number, Uint8Array>();
  readonly #reads = new Map<string, Uint8Array>();
  readonly #tones = new Map<number, { readonly tone: Tone; readonly endsAtMs: number }>();
  #sampling: Uint8Array | undefined;
  #i2c: Uint8Array | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in one whole message to the board. */
  remember(frame: Uint8Array): void {
    const [first = 0, second = 0, third = 0] = frame;
    if (first < COMMAND.startSysex) {
      const command = first & 0xf0;
      if (command === COMMAND.reportDigital || command === COMMAND.reportAnalog)
        this.#switch(this.#reports, first, second !== 0, frame);
    } else if (first === COMMAND.setPinMode) {
      this.#servos.delete(second);
      this.#tones.delete(second);
    } else if (first === COMMAND.startSysex) {
      this.#rememberSysex(second, third, frame);
    }
  }

  /** Servos with their ranges: with the modes of the other pins. */
  servoFrames(): Uint8Array[] {
    return [...this.#servos.values()];
  }

  /** All the rest, in the order in which it is to be said: reports, how often, I2C, and what of tones is left. */
  frames(): Uint8Array[] {
    const nowMs = this.#clock.now();
    const tones = [...this.#tones.values()].flatMap(({ tone, endsAtMs }) => {
      const durationMs = tone.durationMs === 0 ? 0 : Math.round(endsAtMs - nowMs);
      return durationMs > 0 || tone.durationMs === 0 ? [encodeToBoard({ ...tone, durationMs })] : [];
    });
    return [
      ...this.#reports.values(),
      ...(this.#sampling ? [this.#sampling] : []),
      ...(this.#i2c ? [this.#i2c] : []),
      ...this.#reads.values(),
      ...tones,
    ];
  }

  /** Analog channels that are reported. */
  get analogChannels(): number[] {
    const keys = [...this.#reports.keys()];
    return keys.flatMap((key) => ((key & 0xf0) === COMMAND.reportAnalog ? [key & 0x0f] : []));
  }

  get usesI2c(): boolean {
    return this.#i2c !== undefined;
  }

  /** Tones that the board sounds by itself. */
  sounding(): Sounding[] {
    const nowMs = this.#clock.now();
    return [...this.#tones.values()].flatMap(({ tone, endsAtMs }) => {
      const { pin, centihertz } = tone;
      return endsAtMs > nowMs ? [{ pin, frequencyHz: centihertz / 100, leftMs: endsAtMs - nowMs }] : [];
    });
  }

  /** Pins whose tones have ended by themselves. */
  endedTones(): number[] {
    const nowMs = this.#clock.now();
    return [...this.#tones.values()].flatMap(({ tone, endsAtMs }) => (endsAtMs <= nowMs ? [tone.pin] : []));
  }

  #rememberSysex(command: number, pin: number, frame: Uint8Array): void {
    if (command === SYSEX.servoConfig) this.#servos.set(pin, copyOf(frame));
    else if (command === SYSEX.samplingInterval) this.#sampling = copyOf(frame);
    else if (command === SYSEX.i2cConfig) this.#i2c = copyOf(frame);
    else if (command === SYSEX.i2cRequest) this.#rememberRead(frame);
    else if (command === SYSEX.tone) this.#rememberTone(decodeToBoard(frame));
  }

  /** A register that a board is to read again and again; other requests are done when they are done. */
  #rememberRead(frame: Uint8Array): void {
    const message = decodeToBoard(frame);
    if (message.type !== "i2cRequest") return;
    const { address, flags, data } = message;
    const mode = flags & I2C_MODE;
    if (mode === I2C_READ_ALWAYS)
      this.#reads.set(`${address}/${data.length > 1 ? data[0] : ""}`, copyOf(frame));
    if (mode !== I2C_READ_NEVER) return;
    for (const key of this.#reads.keys()) if (key.startsWith(`${address}/`)) this.#reads.delete(key);
  }

  #rememberTone(message: ToBoard): void {
    if (message.type === "noTone") this.#tones.delete(message.pin);
    if (message.type !== "tone") return;
    const { pin, durationMs } = message;
    const endsAtMs = durationMs === 0 ? Number.POSITIVE_INFINITY : this.#clock.now() + durationMs;
    this.#tones.set(pin, { tone: message, endsAtMs });
  }

  #switch(into: Map<number, Uint8Array>, key: number, isOn: boolean, frame: Uint8Array): void {
    if (isOn) into.set(key, copyOf(frame));
    else into.delete(key);
  }
}

/** What was split off may share memory with other messages. */
function copyOf(frame: Uint8Array): Uint8Array {
  return Uint8Array.from(frame);
}
