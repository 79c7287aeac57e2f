import type { Clock } from "../../../core/clock.js";
import type { CircuitError } from "../../../core/error.js";
import { encodeToBoard } from "../../../firmata/to-board.js";
import type { ToHost } from "../../../firmata/to-host.js";
import type { DigitalWrite, Due, PinMemory } from "../memory/pin-memory.js";
import type { Missed } from "../outbox/missed.js";
import type { Outbox } from "../outbox/outbox.js";
import type { Replaced } from "../outbox/outbox-queue.js";
import { EchoCount } from "./echo-count.js";
import { PinQueries } from "./pin-queries.js";
import { Stranded } from "./stranded.js";
import { mismatch, unanswered } from "./unconfirmed.js";
import { type Waiter, Waiters } from "./waiters.js";

export interface ConfirmationsOptions {
  readonly memory: PinMemory;
  readonly clock: Clock;
  /** The way to the board. */
  readonly outbox: Pick<Outbox, "send" | "mark" | "freeAtMs" | "oldestMs" | "isOverfull" | "refusal">;
  readonly missed: Missed;
}

const CONFIRMED = Promise.resolve();

/**
 * Barriers: `confirm()` resolves when the board has executed all that was sent before.
 *
 * On any Firmata the board is asked for the state of the pins that were written. Our own firmware counts
 * digital writes and says so unasked, which spares the query. Messages are executed and answered in order,
 * so one queue for each kind of answer is enough, and every waiter has its own answer.
 */
export class Confirmations {
  readonly #memory: PinMemory;
  readonly #outbox: ConfirmationsOptions["outbox"];
  readonly #missed: Missed;
  readonly #waiters: Waiters;
  readonly #queries = new PinQueries();
  readonly #echoes = new EchoCount();
  /** What an echo told of a write that nobody had asked to be confirmed yet. */
  #unheard: CircuitError | undefined;
  #lastStarted: Promise<void> = CONFIRMED;
  /** A message that no pin shows has been sent since the last confirmation. */
  #isOnceDue = false;
  #failure: CircuitError | undefined;
  readonly #stranded: Stranded;

  constructor({ memory, clock, outbox, missed }: ConfirmationsOptions) {
    this.#memory = memory;
    this.#outbox = outbox;
    this.#missed = missed;
    this.#stranded = new Stranded(memory);
    this.#waiters = new Waiters({ clock, outbox, late: (waiter) => this.#giveUp(waiter) });
  }

  /** Asks our firmware for echoes, which begins to count from 0. Until it has answered, pins are queried. */
  startEchoes(): void {
    this.#echoes.asked();
    this.#unheard = undefined;
    this.#outbox.send(encodeToBoard({ type: "echo", on: true }));
  }

  /** Number of digital writes sent. */
  get sent(): number {
    return this.#echoes.sent;
  }

  /** Number of digital writes that no echo has counted, and of queries without an answer. */
  get unconfirmed(): number {
    return this.#echoes.uncounted + this.#queries.length;
  }

  /** Whether the board says which writes it has executed. */
  get isEchoing(): boolean {
    return this.#echoes.isOn;
  }

  /** Number of the last digital write that the board has said to have executed. */
  get counted(): number {
    return this.#echoes.counted;
  }

  /** Takes note of a digital write that is about to be sent. @returns Its number. */
  wrote(write: DigitalWrite): number {
    if (!this.#stranded.isAway) this.#echoes.wrote(write);
    return this.#echoes.sent;
  }

  /** Takes note of a message that leaves nothing to ask a pin for. */
  sentOnce(): void {
    this.#isOnceDue = true;
  }

  /** A later write has taken the place of one that had not been sent: who waits for its values waits in vain. */
  replaced(what: Replaced): void {
    this.#waiters.replaced(what);
  }

  /** Takes note of a pin-state query that someone else has sent: its answer is not ours. */
  queried(pin: number): void {
    if (!this.#stranded.isAway) this.#queries.push({ pin });
  }

  /**
   * Resolves when the board has executed all that was sent before this call. Where it is away, that is when it is back.
   *
   * @throws {CircuitError} `PIN_UNCONFIRMED` when a pin's mode or value is another than was written, or the board
   *   does not answer within a second of the last byte's arrival; `SUPERSEDED` when a later value took a pin's place
   *   before it was sent, or while the board was away; `OUTBOX_FULL`; `BOARD_LOST` when the board was away for a message that
   *   cannot be brought back; the cause of `fail()` after that, and of `loseHope()` until the board is back.
   */
  confirm(): Promise<void> {
    const refusal = this.#failure ?? this.#missed.takeFailure();
    if (refusal) return Promise.reject(refusal);
    if (this.#stranded.isAway) return this.#stranded.wait();
    if (!this.#memory.hasDue && !this.#isOnceDue)
      return this.#waiters.length > 0 ? this.#lastStarted : CONFIRMED;
    if (this.#outbox.isOverfull) return Promise.reject(this.#outbox.refusal());
    return this.#wait(this.#memory.takeDue(this.#echoes.isOn));
  }

  #wait({ pins, queries, levels }: Due): Promise<void> {
    const isOnce = this.#isOnceDue;
    if (queries.length === 0 && !levels && !isOnce) return this.#lastStarted;
    const confirmed = new Promise<void>((resolve, reject) => {
      for (const { pin } of queries) this.#outbox.send(encodeToBoard({ type: "queryPinState", pin }));
      const waiter: Waiter = {
        pins,
        writes: levels ? this.#echoes.sent : 0,
        isOnce,
        answers: queries.length + Number(isOnce),
        failure: levels ? this.#unheard : undefined,
        resolve,
        reject,
      };
      for (const expected of queries) this.#queries.push({ pin: expected.pin, expected, waiter });
      this.#waiters.add(waiter);
      if (isOnce) this.#outbox.mark(() => this.#answered(waiter));
    });
    this.#isOnceDue = false;
    this.#unheard = undefined;
    this.#lastStarted = confirmed;
    // Whoever asks late finds that the echo has been here already.
    this.#waiters.settle(this.#echoes.counted);
    this.#waiters.watch();
    return confirmed;
  }

  /** @returns Whether the message was an answer to this session and nobody else's business. */
  receive(message: ToHost): boolean {
    if (message.type === "echo") {
      if (this.#echoes.isOn) this.#countTo(message);
      return true;
    }
    if (message.type === "echoing") {
      this.#echoes.answered();
      return true;
    }
    if (message.type !== "pinState") return false;
    const { waiter, expected } = this.#queries.answer(message.pin) ?? {};
    if (!waiter || !expected) return false;
    waiter.failure ??= mismatch(expected, message);
    this.#answered(waiter);
    return true;
  }

  #answered(waiter: Waiter): void {
    waiter.answers--;
    this.#waiters.settle(this.#echoes.counted);
  }

  /**
   * The board is away, or begins anew: what is under way will not be answered. Who waits goes on waiting, except for
   * what cannot be brought back.
   */
  suspend(cause: CircuitError): void {
    this.#queries.clear();
    this.#echoes.stopped();
    this.#unheard = undefined;
    if (this.#isOnceDue) this.#missed.addPerhaps();
    this.#isOnceDue = false;
    this.#stranded.suspend(this.#waiters.takeAll(), this.#lastStarted, cause);
  }

  /** The board stays away: rejects everybody who waits, and who asks until it is back. */
  loseHope(cause: CircuitError): void {
    this.#stranded.loseHope(cause);
  }

  /**
   * The board is back, and has been told all modes and values. Asks for them: who waits is confirmed by that.
   *
   * @param hasEchoes Whether it is our firmware.
   * @throws {CircuitError} As `confirm()` does.
   */
  async resume(hasEchoes: boolean): Promise<void> {
    const rescued = this.#stranded.rescue();
    if (hasEchoes) this.startEchoes();
    this.#memory.makeAllDue();
    try {
      await this.confirm();
      for (const { resolve } of rescued) resolve();
    } catch (error) {
      // The cast: confirm() throws nothing else.
      for (const { reject } of rescued) reject(error as CircuitError);
      throw error;
    }
  }

  /** Rejects everybody who waits, and from now on everybody who asks. */
  fail(cause: CircuitError): void {
    this.#failure = cause;
    this.#queries.clear();
    for (const waiter of this.#waiters.takeAll()) waiter.reject(cause);
    this.#stranded.loseHope(cause);
  }

  #countTo(message: Extract<ToHost, { type: "echo" }>): void {
    const { more, problem } = this.#echoes.count(message);
    if (more === 0) return;
    if (problem) {
      const waiter = this.#waiters.after(this.#echoes.counted - more);
      if (waiter) waiter.failure ??= problem;
      else this.#unheard ??= problem;
    }
    this.#waiters.settle(this.#echoes.counted);
  }

  /** A write that was lost leaves the two counts apart: nothing that waits for a count can be known. */
  #countAnew(): void {
    for (const { reject } of this.#waiters.takeAfter(this.#echoes.counted)) reject(unanswered(""));
    this.startEchoes();
  }

  #giveUp(waiter: Waiter): void {
    const missing = this.#queries.drop(waiter);
    waiter.reject(unanswered(missing.length > 0 ? ` of pin ${missing.join(", ")}` : ""));
    if (this.#echoes.isOn && waiter.writes > this.#echoes.counted) this.#countAnew();
  }
}
