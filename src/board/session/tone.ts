import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { COMMAND, FIRMWARE_TONE_HZ, PIN_MODE } from "../../firmata/protocol.js";
import { encodeToBoard } from "../../firmata/to-board.js";

/** Sounds tones on a board's pins. */
export interface ToneDriver {
  /** Makes a pin ready to sound. */
  prepare(pin: number): void;

  /** @throws {CircuitError} `TONE_REFUSED` for a pitch that this board cannot sound. */
  check(pin: number, frequencyHz: number, durationMs: number): void;

  /**
   * Starts a tone, in place of one that sounds on the pin.
   *
   * @throws {CircuitError} As `check()` does.
   */
  start(pin: number, frequencyHz: number, durationMs: number): void;

  /** Ends the pin's tone and leaves the pin low. */
  stop(pin: number): void;

  /** Sends nothing more: the session closes, and sees to the pins itself. */
  close(): void;
}

type Send = (frame: Uint8Array) => void;

/** Longest tone that fits the message's 21 bits, in milliseconds. */
const LONGEST_TONE_MS = 2 ** 21 - 1;

/** Tones that the board's own timer makes. */
export function firmwareTone(send: Send): ToneDriver {
  return {
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
}

interface Tone {
  /** Bytes from one change of level to the next, with fractions. */
  readonly halfPeriodBytes: number;
  /** Changes of level still to be sent. */
  changes: number;
  /** Bytes owed to the wire before the next change. */
  debtBytes: number;
  level: 0 | 1;
  readonly startMs: number;
  sentBytes: number;
  cancel: () => void;
}

/**
 * Tones on a board without a tone of its own: the host toggles the pin, and the wire is its clock.
 *
 * Every byte takes the same time on the wire, so changes of level with bytes in between that mean nothing give the
 * mean pitch, at no cost to the host. Johnny-Five toggles from a busy loop instead, which takes a whole
 * core, is bent by whatever else the process does, and plays on after the note.
 */
export function toggledTone({ send, pad, levelsOf, clock, bytesPerSecond }: ToggledToneOptions): ToneDriver {
  const tones = new Map<number, Tone>();

  const write = (pin: number, level: 0 | 1) => {
    const port = pin >> 3;
    const bit = 1 << (pin & 7);
    const levels = level ? levelsOf(port) | bit : levelsOf(port) & ~bit;
    send(Uint8Array.of(COMMAND.digitalMessage | port, levels & 0x7f, levels >> 7));
  };

  const refill = (pin: number, tone: Tone) => {
    const targetBytes = ((clock.now() - tone.startMs + LEAD_MS) / 1_000) * bytesPerSecond;
    while (tone.changes > 0 && tone.sentBytes < targetBytes) {
      tone.level = tone.level ? 0 : 1;
      write(pin, tone.level);
      tone.debtBytes += tone.halfPeriodBytes - 3;
      const padding = Math.floor(tone.debtBytes);
      if (padding > 0) pad(new Uint8Array(padding).fill(IDLE_BYTE));
      tone.debtBytes -= padding;
      tone.sentBytes += 3 + padding;
      tone.changes--;
    }
    if (tone.changes > 0) tone.cancel = clock.after(REFILL_MS, () => refill(pin, tone));
    else tones.delete(pin);
  };

  /** Ends a pin's tone. Returns when the wire will be done with it. */
  const end = (pin: number): number => {
    const tone = tones.get(pin);
    tone?.cancel();
    tones.delete(pin);
    return tone ? tone.startMs + (tone.sentBytes / bytesPerSecond) * 1_000 : 0;
  };

  return {
    prepare: (pin) => send(encodeToBoard({ type: "pinMode", pin, mode: PIN_MODE.output })),
    check: (pin, frequencyHz, durationMs) => checkTone(pin, frequencyHz, durationMs, TOGGLED_TONE_HZ),
    start(pin, frequencyHz, durationMs) {
      checkTone(pin, frequencyHz, durationMs, TOGGLED_TONE_HZ);
      const busyUntilMs = end(pin);
      const halfPeriodBytes = bytesPerSecond / (2 * frequencyHz);
      // Whole periods: the pin ends low.
      const changes = 2 * Math.max(1, Math.round((durationMs / 1_000) * frequencyHz));
      const startMs = Math.max(clock.now(), busyUntilMs);
      const tone: Tone = {
        halfPeriodBytes,
        changes,
        debtBytes: 0,
        level: 0,
        startMs,
        sentBytes: 0,
        cancel: () => {},
      };
      tones.set(pin, tone);
      refill(pin, tone);
    },
    stop(pin) {
      end(pin);
      write(pin, 0);
    },
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
