import type { CircuitError } from "../../../core/error.js";
import { ECHO_COUNT_MODULUS } from "../../../firmata/protocol.js";
import type { ToHost } from "../../../firmata/to-host.js";
import type { DigitalWrite } from "../memory/pin-memory.js";
import { levelMismatch } from "./unconfirmed.js";

/**
 * Digital writes, and how many of them the board has counted. Our own firmware counts what it executes, and says so
 * unasked; the number of a write is that of those before it, and 1.
 */
export class EchoCount {
  /** Writes that no echo has counted yet, oldest first; the last one is number `sent`. */
  #writes: DigitalWrite[] = [];
  #sent = 0;
  #counted = 0;
  /** `#counted` when the board began to count from 0. */
  #countedFrom = 0;
  #echoes: "off" | "asked" | "on" = "off";

  /** Whether the board has said that it counts. */
  get isOn(): boolean {
    return this.#echoes === "on";
  }

  /** Number of digital writes sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Number of the last write that the board has executed. */
  get counted(): number {
    return this.#counted;
  }

  /** Writes that the board has not counted yet, where it counts. */
  get uncounted(): number {
    return this.#writes.length;
  }

  /** The board is asked to count from 0. */
  asked(): void {
    this.#begin("asked");
  }

  /** The board counts no more. */
  stopped(): void {
    this.#begin("off");
  }

  /** The board has answered. */
  answered(): void {
    if (this.#echoes === "asked") this.#echoes = "on";
  }

  /** A digital write has just been sent. */
  wrote(write: DigitalWrite): void {
    this.#sent++;
    if (this.#echoes !== "off") this.#writes.push(write);
  }

  /**
   * The board has counted.
   *
   * @returns How many writes more than before, and what is wrong with the last of them, if something is.
   */
  count({ port, levels, count }: Extract<ToHost, { type: "echo" }>): {
    readonly more: number;
    readonly problem?: CircuitError | undefined;
  } {
    const known = (this.#counted - this.#countedFrom) % ECHO_COUNT_MODULUS;
    const more = (count - known + ECHO_COUNT_MODULUS) % ECHO_COUNT_MODULUS;
    if (more === 0 || more > this.#writes.length) return { more: 0 };
    const counted = this.#writes.splice(0, more);
    this.#counted += more;
    const last = counted.findLast((write) => write.port === port);
    return { more, problem: last && levelMismatch(last, levels) };
  }

  #begin(echoes: "off" | "asked"): void {
    this.#echoes = echoes;
    this.#writes = [];
    this.#counted = this.#sent;
    this.#countedFrom = this.#sent;
  }
}
