import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import { COMMAND } from "../../../firmata/protocol.js";
import type { ToHost } from "../../../firmata/to-host.js";
import type { DigitalWrite } from "../memory/pin-memory.js";
import type { Wire } from "../wire.js";
import { InFlight, type Question } from "./in-flight.js";
import { OutboxQueue, type Replaced } from "./outbox-queue.js";
import type { Probe } from "./probe.js";

/** How far ahead of the wire bytes are sent, in milliseconds: it is not to run dry between two refills. */
const LEAD_MS = 16;

/** How often more is sent, in milliseconds; the rest of the lead covers a late event loop. */
const REFILL_MS = 5;

/** When a wire has been quiet for so long, the board has taken all that was sent: more than a window takes on a slow one. */
const QUIET_MS = 50;

/** An answer that has not come after so long will not come, in milliseconds. */
const SILENCE_MS = 1_000;

/** Messages that may wait: two seconds of digital writes at 57 600 baud. Who is further ahead than that is to wait. */
export const MOST_QUEUED = 4_096;

export interface OutboxOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  /** Gives a digital write its number, when it is sure that it will be sent. */
  readonly count: (write: DigitalWrite) => number;
  /** Whether the board says which writes it has executed. */
  readonly isEchoing: () => boolean;
  /** A digital write that was counted will not be sent: a later one has taken its place. */
  readonly replaced: (what: Replaced) => void;
}

/**
 * Between all who send and the wire: a message goes out at once while there is room, and waits otherwise, where later
 * values take the place of earlier ones.
 *
 * There is room while what was sent takes the wire less than 16 ms, by its speed, and the board has taken all but a window
 * of it, by its own word. So a wire that is slower than it should be builds up no delay, and one that is quicker
 * than the board does not overrun it.
 */
export class Outbox {
  readonly #clock: Clock;
  readonly #count: (write: DigitalWrite) => number;
  readonly #isEchoing: () => boolean;
  readonly #replaced: (what: Replaced) => void;
  readonly #queue = new OutboxQueue();
  readonly #flight = new InFlight();
  #wire: Wire;
  #isAway = false;
  /** How far the board had come when its word began to be waited for, and when that was, on the clock, in milliseconds. */
  #awaited = { takenBytes: -1, sinceMs: 0 };
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #emptied: (() => void)[] = [];

  constructor({ wire, clock, count, isEchoing, replaced }: OutboxOptions) {
    this.#wire = wire;
    this.#clock = clock;
    this.#count = count;
    this.#isEchoing = isEchoing;
    this.#replaced = replaced;
  }

  /** The wire at present. */
  get wire(): Wire {
    return this.#wire;
  }

  /** Whether the board is away: what is sent goes nowhere. */
  get isAway(): boolean {
    return this.#isAway;
  }

  get queue(): Pick<
    OutboxQueue,
    "length" | "bytes" | "superseded" | "earlierOrdered" | "keepOrder" | "isReplaceable"
  > {
    return this.#queue;
  }

  /** Whether no more may be sent that would have to wait. */
  get isFull(): boolean {
    return this.#queue.length >= MOST_QUEUED;
  }

  /** Whether nobody may ask for anything, either: as much again is for those who wait until there is room. */
  get isOverfull(): boolean {
    return this.#queue.length >= 2 * MOST_QUEUED;
  }

  /** Why a message is not sent. */
  refusal(): CircuitError {
    const waitMs = Math.round(this.#clock.now() - this.oldestMs);
    return new CircuitError(
      "OUTBOX_FULL",
      `Cannot send to the board on ${this.#wire.link.address}: ${this.#queue.length} messages wait for its wire, the oldest for ${waitMs} ms`,
      { hint: "Await board.confirm() now and then, which waits until they are executed, or send less." },
    );
  }

  /** When the oldest message that waits came, on the clock, in milliseconds; `Infinity` where none waits. */
  get oldestMs(): number {
    return this.#queue.first?.sinceMs ?? Number.POSITIVE_INFINITY;
  }

  /** When all that was sent until now will have reached the board, on the clock, in milliseconds, by the wire's speed. */
  get freeAtMs(): number {
    return this.#wire.freeAtMs + (this.#queue.bytes / this.#wire.link.bytesPerSecond) * 1_000;
  }

  /** Bytes that have not reached the board, by the wire's speed. */
  get unsentBytes(): number {
    return this.#wire.unsentBytes + this.#queue.bytes;
  }

  /**
   * The board answers now: from here on it is asked how far it has come.
   *
   * @param marker What `mark()` asks it.
   */
  start(marker: Probe): void {
    this.#flight.start(marker, this.#wire.link.bytesPerSecond);
  }

  /** Sends one whole message, after all that was sent before. */
  send(frame: Uint8Array, write?: DigitalWrite): void {
    if (this.#isAway) return;
    const nowMs = this.#clock.now();
    if (this.#queue.length > 0) {
      this.#pump(nowMs);
      if (this.#queue.merge(frame, write, this.#replaced)) return;
    }
    this.#offer(nowMs, frame, write);
  }

  /** Calls back when the board has taken all that was sent before; never where it is gone, or does not answer. */
  mark(answered: () => void): void {
    const question = this.#isAway ? undefined : this.#flight.question(answered);
    if (question) this.#offer(this.#clock.now(), question.frame, undefined, question);
  }

  /** The board has executed all digital writes up to this number. */
  echoed(write: number): void {
    this.#flight.echoed(write);
    if (this.#queue.length > 0) this.#pump(this.#clock.now());
  }

  /** @returns Whether a message answers the outbox, and is nobody else's business. */
  receive(message: ToHost): boolean {
    const isOwn = this.#flight.receive(message);
    if (this.#queue.length > 0) this.#pump(this.#clock.now());
    return isOwn;
  }

  /** Resolves when nothing waits any more. */
  emptied(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** The board is away, or begins anew: forgets what is under way and what waits. @returns What waited. */
  suspend(): readonly Uint8Array[] {
    this.#isAway = true;
    const waited = this.#queue.clear();
    this.#flight.forget();
    this.#tellEmpty();
    return waited.map(({ frame }) => frame);
  }

  /** The board is there again, on this wire. */
  resume(wire: Wire): void {
    this.#wire = wire;
    this.#isAway = false;
  }

  #offer(nowMs: number, frame: Uint8Array, write?: DigitalWrite, question?: Question): void {
    const number = write ? this.#count(write) : 0;
    if (this.#queue.length === 0 && this.#hasRoom(frame.length, nowMs)) {
      this.#put(nowMs, frame, number, question);
      return;
    }
    this.#queue.push({ frame, sinceMs: nowMs, write, number, question });
    this.#wakeUp(nowMs);
  }

  #hasRoom(bytes: number, nowMs: number): boolean {
    const aheadMs = this.#wire.aheadMs(nowMs);
    if (-aheadMs > QUIET_MS) this.#flight.settle(-aheadMs > SILENCE_MS);
    return aheadMs < LEAD_MS && this.#flight.hasRoom(bytes);
  }

  #put(nowMs: number, frame: Uint8Array, number: number, question?: Question): void {
    this.#flight.sent(frame.length, number > 0 && this.#isEchoing() ? number : 0);
    if (question) this.#flight.asked(question);
    else if (frame[0] === COMMAND.reportVersion) this.#flight.askedBySomebodyElse();
    this.#wire.send(frame, nowMs);
    const due = this.#flight.isQuestionDue ? this.#flight.question() : undefined;
    if (due) this.#put(nowMs, due.frame, 0, due);
  }

  /** Sends what there is room for. */
  #pump(nowMs: number): void {
    for (let next = this.#queue.first; next; next = this.#queue.first) {
      if (!this.#hasRoom(next.frame.length, nowMs)) {
        this.#wakeUp(nowMs);
        return;
      }
      this.#queue.shift();
      this.#put(nowMs, next.frame, next.number, next.question);
      if (this.#queue.length === 0) this.#tellEmpty();
    }
  }

  /** Sees to it that what waits is looked at in time: when the lead has shrunk, or the board has said nothing. */
  #wakeUp(nowMs: number): void {
    const refillMs = this.#wire.aheadMs(nowMs) - LEAD_MS + REFILL_MS;
    const waitMs = refillMs > 0 ? refillMs : this.#silentInMs(nowMs);
    // The next look is soon enough.
    if (nowMs + waitMs > this.#wakesAtMs - 1) return;
    this.#cancelTimer?.();
    this.#wakesAtMs = nowMs + waitMs;
    this.#cancelTimer = this.#clock.after(waitMs, () => this.#wake());
  }

  #wake(): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.now();
    const isLead = this.#wire.aheadMs(nowMs) >= LEAD_MS;
    if (!isLead && this.#silentInMs(nowMs) <= 0) this.#flight.giveUp();
    this.#pump(nowMs);
  }

  /** How long the board may still say nothing, in milliseconds. */
  #silentInMs(nowMs: number): number {
    const { takenBytes } = this.#flight;
    if (takenBytes !== this.#awaited.takenBytes) this.#awaited = { takenBytes, sinceMs: nowMs };
    return this.#awaited.sinceMs + SILENCE_MS - nowMs;
  }

  #tellEmpty(): void {
    this.#cancelTimer?.();
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
