import type { ByteLink } from "../board/link/link.js";
import type { Attachment } from "../wiring/attachments.js";
import type { PartState, ThermistorFault } from "./part.js";
import type { Edge } from "./pins.js";
import type { Pitch } from "./pitch.js";

/**
 * An emulated Uno as a byte link, with what a hand and an eye do to a real one.
 *
 * Times are microseconds of the board's own clock since its power came on, which is when the link was opened.
 */
export interface EmulatedLink extends ByteLink {
  /** How far the board has come, in microseconds; paced, as far as it has told. */
  readonly nowUs: number;

  /**
   * Calls back with every edge of every pin, in order.
   *
   * @returns What takes the listener away.
   */
  onEdge(listener: (edge: Edge) => void): () => void;

  /**
   * Calls back with each tone of a buzzer, once it has ended.
   *
   * @throws {CircuitError} `USAGE` when the wiring has no such buzzer.
   */
  onTone(buzzer: string, listener: (tone: Pitch) => void): void;

  /** The parts that the wiring attached, as they are now. */
  readonly parts: readonly PartState[];

  /** @throws {CircuitError} `USAGE` when the wiring has no such button. */
  press(button: string): void;

  /** @throws {CircuitError} `USAGE` when the wiring has no such button. */
  release(button: string): void;

  /**
   * Turns a potentiometer.
   *
   * @param ratio From 0, the GND end, to 1.
   * @throws {CircuitError} `USAGE` when the wiring has no such potentiometer, or for another ratio.
   */
  turn(potentiometer: string, ratio: number): void;

  /**
   * Puts a thermistor at a temperature.
   *
   * @throws {CircuitError} `USAGE` when the wiring has no such thermistor, or for what is no temperature.
   */
  warm(thermistor: string, celsius: number): void;

  /**
   * Breaks a thermistor's leg, or has two touch; without a fault it is whole again.
   *
   * @throws {CircuitError} `USAGE` when the wiring has no such thermistor.
   */
  damage(thermistor: string, fault: ThermistorFault | undefined): void;

  /** Presses the reset button and lets it go. Bytes on the wire stay there. */
  reset(): void;
}

/** Speed at which the host opens its port, in baud, unless it is told another. */
export const FIRST_BAUD = 57_600;

export interface EmulatedUnoOptions {
  /** The address as a person typed it, for messages: `sim:uno`. */
  readonly address?: string;
  /** A .hex file, by its path or as its bytes. The project's own firmware by default. */
  readonly firmware?: string | Uint8Array;
  /** Speed that the host keeps to, in baud: the link has no `setBaud()`. Otherwise 57 600 to begin with. */
  readonly baud?: number | undefined;
  /** What hangs on the pins, from the wiring. */
  readonly attachments?: readonly Attachment[];
}
