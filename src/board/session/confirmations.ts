import type { Clock } from "../../core/clock.js";
import type { CircuitError } from "../../core/error.js";
import { encodeToBoard } from "../../firmata/to-board.js";
import type { ToHost } from "../../firmata/to-host.js";
import { EchoCount } from "./echo-count.js";
import type { DigitalWrite, PinMemory, PinRecord } from "./pin-memory.js";
import { Stranded } from "./stranded.js";
import { CONFIRM_TIMEOUT_MS, mismatch, unanswered } from "./unconfirmed.js";
import type { Waiter } from "./waiter.js";

/** A pin-state query on its way; `waiter` is missing when someone else asked. */
interface Query {
  readonly pin: number;
  readonly expected?: PinRecord;
  readonly waiter?: Waiter;
}

export interface ConfirmationsOptions {
  readonly memory: PinMemory;
  readonly clock: Clock;
  /** Sends a message of the session's own. */
  readonly send: (frame: Uint8Array) => void;
  /** When all that was sent will have reached the board, on the clock, in milliseconds. */
  readonly wireFreeAtMs: () => number;
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
  readonly #clock: Clock;
  readonly #send: (frame: Uint8Array) => void;
  readonly #wireFreeAtMs: () => number;
  readonly #waiters: Waiter[] = [];
  readonly #queries: Query[] = [];
  readonly #echoes = new EchoCount();
  /** What an echo told of a write that nobody had asked to be confirmed yet. */
  #unheard: CircuitError | undefined;
  #lastStarted: Promise<void> = CONFIRMED;
  #cancelTimer: (() => void) | undefined;
  #failure: CircuitError | undefined;
  readonly #stranded: Stranded;

  constructor({ memory, clock, send, wireFreeAtMs }: ConfirmationsOptions) {
    this.#memory = memory;
    this.#clock = clock;
    this.#send = send;
    this.#wireFreeAtMs = wireFreeAtMs;
    this.#stranded = new Stranded(memory);
  }

  /** Asks our firmware for echoes, which begins to count from 0. Until it has answered, pins are queried. */
  startEchoes(): void {
    this.#echoes.asked();
    this.#unheard = undefined;
    this.#send(encodeToBoard({ type: "echo", on: true }));
  }

  /** Number of digital writes sent. */
  get sent(): number {
    return this.#echoes.sent;
  }

  /** Number of digital writes that no echo has counted, and of queries without an answer. */
  get unconfirmed(): number {
    return this.#echoes.uncounted + this.#queries.length;
  }

  /** Takes note of a digital write that has just been sent. */
  wrote(write: DigitalWrite): void {
    if (!this.#stranded.isAway) this.#echoes.wrote(write);
  }

  /** Takes note of a pin-state query that someone else has sent: its answer is not ours. */
  queried(pin: number): void {
    if (!this.#stranded.isAway) this.#queries.push({ pin });
  }

  /**
   * Resolves when the board has executed all that was sent before this call. Where it is away, that is when it is back.
   *
   * @throws {CircuitError} `PIN_UNCONFIRMED` when a pin's mode or value is another than was written, or the board
   *   does not answer within a second of the last byte's arrival; `SUPERSEDED` when the board was away, and came back to
   *   a value that was written later; the cause of `fail()` after that, and of `loseHope()` until the board is back.
   */
  confirm(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#stranded.isAway) return this.#stranded.wait();
    if (!this.#memory.hasDue) return this.#waiters.length > 0 ? this.#lastStarted : CONFIRMED;
    const { pins, queries, levels } = this.#memory.takeDue(this.#echoes.isOn);
    if (queries.length === 0 && !levels) return this.#lastStarted;
    const confirmed = new Promise<void>((resolve, reject) => {
      for (const { pin } of queries) this.#send(encodeToBoard({ type: "queryPinState", pin }));
      const waiter: Waiter = {
        pins,
        writes: levels ? this.#echoes.sent : 0,
        queries: queries.length,
        deadlineMs: this.#wireFreeAtMs() + CONFIRM_TIMEOUT_MS,
        failure: levels ? this.#unheard : undefined,
        resolve,
        reject,
      };
      for (const expected of queries) this.#queries.push({ pin: expected.pin, expected, waiter });
      this.#waiters.push(waiter);
    });
    this.#unheard = undefined;
    this.#lastStarted = confirmed;
    // Whoever asks late finds that the echo has been here already.
    this.#settle();
    this.#watch();
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
    const at = this.#queries.findIndex(({ pin }) => pin === message.pin);
    if (at < 0) return false;
    // Answers come in order: queries before this one were lost on the way, and time out.
    const query = this.#queries.splice(0, at + 1)[at];
    if (!query?.waiter || !query.expected) return false;
    query.waiter.queries--;
    query.waiter.failure ??= mismatch(query.expected, message);
    this.#settle();
    return true;
  }

  /** The board is away, or begins anew: what is under way will not be answered. Who waits goes on waiting. */
  suspend(): void {
    this.#stopWatching();
    this.#queries.length = 0;
    this.#echoes.stopped();
    this.#unheard = undefined;
    this.#stranded.suspend(this.#waiters.splice(0), this.#lastStarted);
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
    this.#stopWatching();
    this.#queries.length = 0;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(cause);
    this.#stranded.loseHope(cause);
  }

  #stopWatching(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #countTo(message: Extract<ToHost, { type: "echo" }>): void {
    const { more, problem } = this.#echoes.count(message);
    if (more === 0) return;
    if (problem) {
      const waiter = this.#waiters.find(({ writes }) => writes > this.#echoes.counted - more);
      if (waiter) waiter.failure ??= problem;
      else this.#unheard ??= problem;
    }
    this.#settle();
  }

  #settle(): void {
    let done = 0;
    for (const waiter of this.#waiters) {
      if (waiter.queries > 0 || waiter.writes > this.#echoes.counted) break;
      done++;
      if (waiter.failure) waiter.reject(waiter.failure);
      else waiter.resolve();
    }
    if (done > 0) this.#waiters.splice(0, done);
  }

  /** One timer for all: it looks at the oldest waiter, and again when that one's time would be over. */
  #watch(): void {
    const [oldest] = this.#waiters;
    if (this.#cancelTimer || !oldest) return;
    this.#cancelTimer = this.#clock.after(Math.max(0, oldest.deadlineMs - this.#clock.now()), () => {
      this.#cancelTimer = undefined;
      const now = this.#clock.now();
      while (this.#waiters[0] && this.#waiters[0].deadlineMs <= now) this.#giveUp();
      this.#watch();
    });
  }

  /** A write that was lost leaves the two counts apart: nothing that waits for a count can be known. */
  #countAnew(): void {
    for (const waiter of this.#waiters.filter(({ writes }) => writes > this.#echoes.counted)) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.reject(unanswered(""));
    }
    this.startEchoes();
  }

  #giveUp(): void {
    const waiter = this.#waiters.shift();
    if (!waiter) return;
    const missing = this.#queries.filter((query) => query.waiter === waiter);
    const pins = missing.length > 0 ? ` of pin ${missing.map(({ pin }) => pin).join(", ")}` : "";
    for (const query of missing) this.#queries.splice(this.#queries.indexOf(query), 1);
    waiter.reject(unanswered(pins));
    if (this.#echoes.isOn && waiter.writes > this.#echoes.counted) this.#countAnew();
  }
}
