import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import { COMMAND, FIRMWARE_TONE_HZ, PIN_MODE } from "../../../firmata/protocol.js";
import { encodeToBoard } from "../../../firmata/to-board.js";

/** Which tones a board can sound. */
export interface ToneLimits {
  /** @throws {CircuitError} `TONE_REFUSED` for a pitch that this board cannot sound. */
  check(pin: number, frequencyHz: number, durationMs: number): void;
}

/** Sounds tones on a board's pins. */
export interface ToneDriver extends ToneLimits {
  /** Makes a pin ready to sound. */
  prepare(pin: number): void;

  /**
   * Starts a tone, in place of one that sounds on the pin.
   *
   * @throws {CircuitError} As `check()` does.
   */
  start(pin: number, frequencyHz: number, durationMs: number): void;

  /** Ends the pin's tone and leaves the pin low. */
  stop(pin: number): void;

  /** What sounds at the moment. */
  sounding(): readonly Sounding[];

  /** Sends nothing more: the session closes, and sees to the pins itself. */
  close(): void;
}

/** A tone that sounds. */
export interface Sounding {
  readonly pin: number;
  readonly frequencyHz: number;
  /** For how long it still does, in milliseconds. */
  readonly leftMs: number;
}

/** What makes tones on a board: its own timer, or a wire, by its speed. */
export function toneKindOf(
  { isOurs }: { readonly isOurs: boolean },
  { bytesPerSecond }: { readonly bytesPerSecond: number },
): number | "firmware" {
  return isOurs ? "firmware" : bytesPerSecond;
}

type Send = (frame: Uint8Array) => void;

/** Longest tone that fits the message's 21 bits, in milliseconds. */
const LONGEST_TONE_MS = 2 ** 21 - 1;

/**
 * Tones that the board's own timer makes.
 *
 * @param sounding What sounds, by the messages that were sent.
 */
export function firmwareTone(send: Send, sounding: () => readonly Sounding[]): ToneDriver {
  return {
    sounding,
    prepare: (pin) => send(encodeToBoard({ type: "pinMode", pin, mode: PIN_MODE.tone })),
    check: (pin, frequencyHz, durationMs) => checkTone(pin, frequencyHz, durationMs, FIRMWARE_TONE_HZ),
    start(pin, frequencyHz, durationMs) {
      checkTone(pin, frequencyHz, durationMs, FIRMWARE_TONE_HZ);
      // A duration of 0 would sound for ever.
      const wholeMs = Math.min(LONGEST_TONE_MS, Math.max(1, Math.round(durationMs)));
      const centihertz = Math.round(frequencyHz * 100);
      send(encodeToBoard({ type: "tone", pin, centihertz, durationMs: wholeMs }));
    },
    stop: (pin) => send(encodeToBoard({ type: "noTone", pin })),
    close: () => {},
  };
}

/**
 * Range of tones that the host toggles, in hertz.
 *
 * Each change of level is a 3-byte message of 10 bits a byte: 521 µs at 57 600 baud. A period is two of
 * them, 1042 µs or 960 Hz, less some room for other messages.
 */
export const TOGGLED_TONE_HZ = { lowest: 31, highest: 900 } as const;

/** The limits of Johnny-Five's own tones, where nothing is known of the wire's clock, as over a network. */
export const toggledLimits: ToneLimits = {
  check: (pin, frequencyHz, durationMs) => checkTone(pin, frequencyHz, durationMs, TOGGLED_TONE_HZ),
};

/** How far ahead of the board bytes are sent, in milliseconds: what is sent cannot be taken back. */
const LEAD_MS = 16;

/** How often more is sent, in milliseconds; the rest of the lead covers a late event loop. */
const REFILL_MS = 5;

/** A byte that Firmata ignores between messages: it does nothing but take its time on the wire. */
const IDLE_BYTE = 0;

export interface ToggledToneOptions {
  readonly send: Send;
  /** Sends bytes that are no messages. */
  readonly pad: (bytes: Uint8Array) => void;
  /** Levels of a port's pins as they were last written, lowest bit first. */
  readonly levelsOf: (port: number) => number;
  readonly clock: Clock;
  readonly bytesPerSecond: number;
  /** When all that was sent, by whomever, will have reached the board, on the clock, in milliseconds. */
  readonly wireFreeAtMs: () => number;
}

interface Tone {
  readonly halfPeriodMs: number;
  /** Changes of level still to be sent. */
  changes: number;
  level: 0 | 1;
  /** When the next change is to begin on the wire, on the clock, in milliseconds. */
  dueMs: number;
  cancel: () => void;
}

/**
 * Tones on a board without a tone of its own: the host toggles the pin, and the wire is its clock.
 *
 * Every byte takes the same time on the wire, so changes of level with bytes in between that mean nothing give the
 * mean pitch, at no cost to the host. Johnny-Five toggles from a busy loop instead, which takes a whole
 * core, is bent by whatever else the process does, and plays on after the note.
 */
export function toggledTone(options: ToggledToneOptions): ToneDriver {
  const { send, pad, levelsOf, clock, bytesPerSecond, wireFreeAtMs } = options;
  const tones = new Map<number, Tone>();

  const write = (pin: number, level: 0 | 1) => {
    const port = pin >> 3;
    const bit = 1 << (pin & 7);
    const levels = level ? levelsOf(port) | bit : levelsOf(port) & ~bit;
    send(Uint8Array.of(COMMAND.digitalMessage | port, levels & 0x7f, levels >> 7));
  };

  const change = (pin: number, tone: Tone) => {
    const idleBytes = Math.round(((tone.dueMs - wireFreeAtMs()) / 1_000) * bytesPerSecond);
    if (idleBytes > 0) pad(new Uint8Array(idleBytes).fill(IDLE_BYTE));
    tone.level = tone.level ? 0 : 1;
    write(pin, tone.level);
    tone.changes--;
    tone.dueMs += tone.halfPeriodMs;
    // Others may hold the wire up for long: then the tone goes on from there, rather than hurry after its time.
    if (wireFreeAtMs() - tone.dueMs > tone.halfPeriodMs) tone.dueMs = wireFreeAtMs();
  };

  const refill = (pin: number, tone: Tone) => {
    const aheadMs = clock.now() + LEAD_MS;
    while (tone.changes > 0 && wireFreeAtMs() < aheadMs) change(pin, tone);
    if (tone.changes > 0) tone.cancel = clock.after(REFILL_MS, () => refill(pin, tone));
    else tones.delete(pin);
  };

  const end = (pin: number) => {
    tones.get(pin)?.cancel();
    tones.delete(pin);
  };

  return {
    prepare: (pin) => send(encodeToBoard({ type: "pinMode", pin, mode: PIN_MODE.output })),
    ...toggledLimits,
    start(pin, frequencyHz, durationMs) {
      checkTone(pin, frequencyHz, durationMs, TOGGLED_TONE_HZ);
      end(pin);
      // Whole periods: the pin ends low.
      const changes = 2 * Math.max(1, Math.round((durationMs / 1_000) * frequencyHz));
      const halfPeriodMs = 500 / frequencyHz;
      const tone: Tone = { halfPeriodMs, changes, level: 0, dueMs: wireFreeAtMs(), cancel: () => {} };
      tones.set(pin, tone);
      change(pin, tone);
      // The rest comes a turn later, so that who confirms the start does not wait behind the lead.
      tone.cancel = clock.after(0, () => refill(pin, tone));
    },
    stop(pin) {
      end(pin);
      write(pin, 0);
    },
    sounding: () =>
      [...tones].map(([pin, { halfPeriodMs, changes }]) => ({
        pin,
        frequencyHz: 500 / halfPeriodMs,
        leftMs: changes * halfPeriodMs,
      })),
    close() {
      for (const pin of [...tones.keys()]) end(pin);
    },
  };
}

function checkTone(
  pin: number,
  frequencyHz: number,
  durationMs: number,
  { lowest, highest }: { readonly lowest: number; readonly highest: number },
): void {
  if (frequencyHz >= lowest && frequencyHz <= highest && durationMs >= 0 && Number.isFinite(durationMs))
    return;
  if (!(durationMs >= 0 && Number.isFinite(durationMs))) {
    throw new CircuitError(
      "TONE_REFUSED",
      `Cannot sound a tone on pin ${pin}: its duration is ${durationMs} ms`,
      {
        hint: "Give a duration of 0 ms or more.",
      },
    );
  }
  throw new CircuitError(
    "TONE_REFUSED",
    `Cannot sound ${frequencyHz} Hz on pin ${pin}: this board carries ${lowest} to ${highest} Hz`,
    {
      hint:
        highest === TOGGLED_TONE_HZ.highest
          ? "Choose a lower pitch, or flash circuit's own firmware, which reaches 5000 Hz (firmware/README.md)."
          : "Choose a pitch within that range.",
    },
  );
}
