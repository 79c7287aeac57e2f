import type { Clock } from "../../core/clock.js";
import { COMMAND, SYSEX } from "../../firmata/protocol.js";
import type { Confirmations } from "./confirmations.js";
import type { Identity } from "./identity.js";
import type { PinGuard } from "./pin-guard.js";
import type { PinMemory } from "./pin-memory.js";
import type { SettingsMemory } from "./settings-memory.js";

export interface SenderOptions {
  readonly clock: Clock;
  readonly guard: PinGuard | undefined;
  readonly memory: PinMemory;
  readonly settings: SettingsMemory;
  readonly confirmations: Confirmations;
  readonly identity: Identity;
  /** Puts a message on the wire. */
  readonly transmit: (frame: Uint8Array) => void;
}

/** The way to the board: what Johnny-Five and tones say is checked, remembered, and sent where it changes anything. */
export class Sender {
  readonly #options: SenderOptions;
  #redundant = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Messages that were not sent because they would have changed nothing. */
  get redundant(): number {
    return this.#redundant;
  }

  /** When the board was last asked who it is, on the clock, in milliseconds. */
  get askedAtMs(): number {
    return this.#askedAtMs;
  }

  /** The pins are as they are to be left: nothing more is sent. */
  stop(): void {
    this.#isStopped = true;
  }

  /** One whole message of Johnny-Five's, or of a tone's, on its way to the board. */
  send(frame: Uint8Array): void {
    if (this.#isStopped) return;
    const { guard, memory, settings, confirmations, identity } = this.#options;
    guard?.check(frame, (port) => memory.levelsOf(port));
    const { redundant, write } = memory.remember(frame);
    if (redundant) {
      this.#redundant++;
      return;
    }
    if (write) confirmations.wrote(write);
    else settings.remember(frame);
    if (frame[0] === COMMAND.startSysex && frame[1] === SYSEX.pinStateQuery) {
      confirmations.queried(frame[2] ?? 0);
    }
    this.transmit(frame);
    if (frame[0] === COMMAND.systemReset && identity.isOurs) confirmations.startEchoes();
  }

  /** A message that asks the board who it is, or one of `send()`'s. */
  transmit(frame: Uint8Array): void {
    const { clock, transmit } = this.#options;
    if (frame[0] === COMMAND.startSysex && frame[1] === SYSEX.reportFirmware) this.#askedAtMs = clock.now();
    transmit(frame);
  }
}
