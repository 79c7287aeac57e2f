import type { SafeState } from "../../../firmata/protocol.js";
import { encodeToBoard } from "../../../firmata/to-board.js";

/** Silence of the host after which pins are to be safe, in milliseconds, unless another is said. */
export const SILENCE_MS = 2_000;

/** Pins that are to be safe when the host is silent, and the messages that see to it. */
export class DeadMan {
  readonly silenceMs: number;
  readonly #states: ReadonlyMap<number, SafeState>;

  constructor(states: ReadonlyMap<number, SafeState> = new Map(), silenceMs = SILENCE_MS) {
    this.#states = states;
    this.silenceMs = silenceMs;
  }

  /** Whether any pin is to be safe. */
  get isWanted(): boolean {
    return this.#states.size > 0;
  }

  /** Arms it, in place of whatever was armed. */
  get armFrame(): Uint8Array {
    const pins = [...this.#states].map(([pin, state]) => ({ pin, state }));
    return encodeToBoard({ type: "safe", silenceMs: this.silenceMs, pins });
  }

  get disarmFrame(): Uint8Array {
    return encodeToBoard({ type: "safe", silenceMs: 0, pins: [] });
  }

  /** For a person, where the firmware cannot do it. */
  describeUnsafe(address: string, firmware: string): string {
    const pins = [...this.#states.keys()].sort((first, second) => first - second).join(", ");
    const plural = this.#states.size > 1 ? "s" : "";
    return `The board on ${address} cannot make pin${plural} ${pins} safe when this process dies: ${firmware} has no dead-man; flash circuit's firmware (circuit flash)`;
  }
}
