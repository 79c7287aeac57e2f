import type { Clock } from "../../core/clock.js";
import { COMMAND, SYSEX } from "../../firmata/protocol.js";
import type { Confirmations } from "./confirm/confirmations.js";
import type { Identity } from "./identity.js";
import type { Line } from "./line/line.js";
import type { DigitalWrite, PinMemory } from "./memory/pin-memory.js";
import type { SettingsMemory } from "./memory/settings-memory.js";
import { isOneShot, type Missed } from "./outbox/missed.js";
import type { Outbox } from "./outbox/outbox.js";
import type { PinGuard } from "./pin-guard.js";

/** For so long after a question an answer is one, in milliseconds; else the board says it because it has started. */
const ANSWER_MS = 1_500;

export interface SenderOptions {
  readonly clock: Clock;
  readonly guard: PinGuard | undefined;
  readonly memory: PinMemory;
  readonly settings: SettingsMemory;
  readonly confirmations: Confirmations;
  readonly line: Line;
  readonly identity: Identity;
  readonly outbox: Outbox;
  readonly missed: Missed;
}

/** The way to the board: what Johnny-Five and tones say is checked, remembered, and sent where it changes anything. */
export class Sender {
  readonly #options: SenderOptions;
  #redundant = 0;
  /** When the board was asked what it is, and has not answered yet, on the clock, in milliseconds. */
  #askedAtMs: number[] = [];
  #isStopped = false;

  readonly #levelsOf: (port: number) => number;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#levelsOf = (port) => options.memory.levelsOf(port);
  }

  /** Messages that were not sent because they would have changed nothing. */
  get redundant(): number {
    return this.#redundant;
  }
  /** The pins are as they are to be left: nothing more is sent. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * One whole message of Johnny-Five's.
   *
   * @throws {CircuitError} `OUTBOX_FULL` where too many wait already, and this one cannot take another's place.
   */
  send(frame: Uint8Array): void {
    if (this.#isStopped) return;
    const { outbox } = this.#options;
    if (outbox.isFull && this.#isMore(frame)) throw outbox.refusal();
    this.pass(frame);
  }

  /** One of the session's own, which no limit holds up, nor `stop()`. */
  pass(frame: Uint8Array): void {
    const { guard, memory, settings, confirmations, identity, line } = this.#options;
    guard?.check(frame, this.#levelsOf);
    const { redundant, write } = memory.remember(frame);
    if (redundant) {
      this.#redundant++;
      return;
    }
    if (!write) {
      settings.remember(frame);
      this.#note(frame);
    }
    this.transmit(frame, write);
    if (frame[0] !== COMMAND.systemReset || !identity.isOurs) return;
    confirmations.startEchoes();
    line.arm();
  }

  /** A message that asks the board who it is, or one of `pass()`'s. */
  transmit(frame: Uint8Array, write?: DigitalWrite): void {
    const { clock, outbox } = this.#options;
    if (frame[0] === COMMAND.startSysex && frame[1] === SYSEX.reportFirmware)
      this.#askedAtMs = [...this.#openQuestions(), clock.now()];
    outbox.send(frame, write);
  }

  /** Takes note that the board has said what it is. @returns Whether that answers a question: each has one answer. */
  isAnswered(): boolean {
    this.#askedAtMs = this.#openQuestions();
    return this.#askedAtMs.shift() !== undefined;
  }

  #openQuestions(): number[] {
    const sinceMs = this.#options.clock.now() - ANSWER_MS;
    return this.#askedAtMs.filter((atMs) => atMs >= sinceMs);
  }

  #note(frame: Uint8Array): void {
    const { confirmations, outbox, missed } = this.#options;
    if (frame[0] !== COMMAND.startSysex) return;
    if (frame[1] === SYSEX.pinStateQuery) confirmations.queried(frame[2] ?? 0);
    if (!isOneShot(frame)) return;
    if (outbox.isAway) missed.add(1);
    else confirmations.sentOnce();
  }

  /** Whether a message would make one more that waits, and does not stand for the last value of a pin. */
  #isMore(frame: Uint8Array): boolean {
    const { memory, outbox } = this.#options;
    if (memory.isRedundant(frame)) return false;
    const [first = 0, low = 0, high = 0] = frame;
    const changed = (low | (high << 7)) ^ memory.levelsOf(first & 0x0f);
    return !outbox.queue.isReplaceable(frame, changed);
  }
}
