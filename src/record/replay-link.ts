import type { ByteLink, LinkEvents, OpenLinkOptions } from "../board/link/link.js";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { FrameSplitter } from "../firmata/frames.js";
import { decodeToBoard, type ToBoard } from "../firmata/to-board.js";
import { ActReader } from "./acts.js";
import { Answers } from "./answers.js";
import { Comparison } from "./comparison.js";
import type { Difference } from "./difference.js";
import { DueTimer } from "./due-timer.js";
import type { Life, Unasked } from "./life.js";
import type { Replay } from "./replay.js";

/** Bits of a byte on a serial line, with its start and stop. */
const BITS_PER_BYTE = 10;

/** What the difference of two times may be off, in milliseconds, by rounding. */
const ROUNDING_MS = 1e-6;

/** For a host that ends by itself as it did then, or is slower: so much later it may do so, in milliseconds. */
const GRACE_MS = 250;

export interface ReplayLinkOptions {
  readonly address: string;
  readonly life: Life;
  readonly clock: Clock;
  /** The replay of which it is a part. */
  readonly replay: Replay;
  /** Whether the recording ends with it. */
  readonly isLast: boolean;
  /** Whether somebody is to hear of differences. */
  readonly isCompared: () => boolean;
  readonly opened: () => void;
  readonly differs: (difference: Difference) => void;
  /** The board was lost then, or its host left it, or the recording ends. */
  readonly ended: () => void;
}

/** One of a recorded board's lives, for the present host. */
export class ReplayLink implements ByteLink {
  readonly address: string;
  readonly setBaud?: (baud: number) => Promise<void>;
  readonly #options: ReplayLinkOptions;
  readonly #life: Life;
  readonly #clock: Clock;
  /** How often something has been done, by lane. */
  readonly #done = new Map<string, number>();
  readonly #comparison: Comparison;
  readonly #answers: Answers;
  readonly #acts = new ActReader();
  readonly #timer: DueTimer;
  readonly #splitter = new FrameSplitter("toBoard", { frame: (frame) => this.#said(decodeToBoard(frame)) });
  /** Answers under way, in order. */
  readonly #due: { readonly atMs: number; readonly bytes: Uint8Array }[] = [];
  #events: LinkEvents | undefined;
  #bytesPerSecond: number;
  #openedAtMs = 0;
  /** When all that was written has left, on the clock. */
  #freeAtMs = 0;
  #nextUnasked = 0;
  /** What the host has still to do, and to be answered, that it had done and been answered then. */
  #actsLeft: number;
  #answersLeft: number;
  #hasEnded = false;
  #isOther = false;

  constructor(options: ReplayLinkOptions) {
    const { address, life, clock } = options;
    this.#options = options;
    this.address = address;
    this.#life = life;
    this.#clock = clock;
    this.#actsLeft = life.acts.length;
    this.#answersLeft = [...life.asked.values()].flat().filter(({ answer }) => answer).length;
    this.#comparison = new Comparison(life);
    this.#answers = new Answers(life);
    this.#timer = new DueTimer(clock, () => this.#pass());
    this.#bytesPerSecond = speedOf(life.baud);
    if (life.hasSpeeds)
      this.setBaud = async (baud) => {
        if (this.#events) this.#bytesPerSecond = speedOf(baud);
      };
  }

  /** The replay of which it is a part. */
  get replay(): Replay {
    return this.#options.replay;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** The latest changes of level of the board's pins, as it is told now, 10 000 at least, oldest first. */
  get edges(): Answers["edges"] {
    return this.#answers.edges;
  }

  async open(events: LinkEvents, { signal }: OpenLinkOptions): Promise<void> {
    signal.throwIfAborted();
    this.#events = events;
    this.#openedAtMs = this.#clock.now();
    this.#options.opened();
    this.#plan();
  }

  write(bytes: Uint8Array): void {
    if (!this.#events) return;
    const nowMs = this.#clock.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + (bytes.length / this.#bytesPerSecond) * 1_000;
    this.#splitter.push(bytes);
    this.#plan();
  }

  async drain(): Promise<void> {
    while (this.#events && this.#freeAtMs > this.#clock.now())
      await this.#clock.sleep(this.#freeAtMs - this.#clock.now());
  }

  async close(): Promise<void> {
    if (!this.#events) return;
    if (this.#options.isCompared()) this.#differs(this.#comparison.left(this.#nowMs));
    this.#leave();
  }

  /** Milliseconds since the opening. */
  get #nowMs(): number {
    return this.#clock.now() - this.#openedAtMs + ROUNDING_MS;
  }

  #said(message: ToBoard): void {
    const nowMs = this.#nowMs;
    for (const act of this.#acts.read(message)) {
      this.#actsLeft--;
      this.#done.set(act.lane, (this.#done.get(act.lane) ?? 0) + 1);
      this.#differs(this.#comparison.did(act, nowMs));
    }
    for (const { delayMs, bytes } of this.#answers.to(message)) {
      // A board answers in order.
      const atMs = Math.max(nowMs + delayMs, this.#due.at(-1)?.atMs ?? 0);
      this.#due.push({ atMs, bytes });
    }
  }

  #differs(difference: Difference | undefined): void {
    if (difference === undefined) return;
    this.#isOther = true;
    this.#answers.goOtherWay();
    if (this.#options.isCompared()) this.#options.differs(difference);
  }

  /** Does what is due, in order, and waits for the next. */
  #pass(): void {
    const nowMs = this.#nowMs;
    this.#differs(this.#comparison.passed(nowMs));
    while (this.#events) {
      const answerMs = this.#due[0]?.atMs ?? Number.POSITIVE_INFINITY;
      const unasked = this.#unasked;
      const unaskedMs = unasked?.atMs ?? Number.POSITIVE_INFINITY;
      if (Math.min(answerMs, unaskedMs) > nowMs) break;
      if (answerMs <= unaskedMs) this.#answer();
      else if (unasked) this.#tell(unasked);
    }
    if (nowMs >= this.#endMs) this.#end();
    this.#plan();
  }

  #answer(): void {
    this.#answersLeft--;
    this.#events?.data(this.#due.shift()?.bytes ?? new Uint8Array(0));
  }

  #tell({ bytes, message }: Unasked): void {
    this.#nextUnasked++;
    for (const told of this.#answers.unasked(bytes, message)) this.#events?.data(told);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#comparison.stop();
    const events = this.#events;
    if (this.#life.end === "lost") {
      this.#leave();
      events?.lost(
        new CircuitError(
          "BOARD_LOST",
          `Cannot reach the board on ${this.address} any more: it was lost then`,
          {
            hint: "Nothing is to be done: the recording has it so.",
          },
        ),
      );
    }
    this.#options.ended();
  }

  /** When it ends by itself, which a life does not whose host left it and came back. */
  get #endMs(): number {
    const { end, endMs } = this.#life;
    if (this.#hasEnded || (end === "closed" && !this.#options.isLast)) return Number.POSITIVE_INFINITY;
    // A host that was quicker then has what came before the loss now, too.
    const isBehind = end === "lost" && (this.#actsLeft > 0 || this.#answersLeft > 0);
    return end === "closed" || isBehind ? endMs + GRACE_MS : endMs;
  }

  #leave(): void {
    this.#events = undefined;
    this.#timer.stop();
  }

  /** What the board says next unasked; nothing where the host has not asked yet for what it was sent. */
  get #unasked(): Unasked | undefined {
    const unasked = this.#life.unasked[this.#nextUnasked];
    const { lane = "", count = 0 } = unasked?.wanted ?? {};
    return this.#isOther || (this.#done.get(lane) ?? 0) >= count ? unasked : undefined;
  }

  #plan(): void {
    if (!this.#events) return;
    const answerMs = this.#due[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const unaskedMs = this.#unasked?.atMs ?? Number.POSITIVE_INFINITY;
    const nextMs = Math.min(this.#comparison.deadlineMs, this.#endMs, answerMs, unaskedMs);
    this.#timer.set(this.#openedAtMs + nextMs);
  }
}

function speedOf(baud: number): number {
  return baud > 0 ? baud / BITS_PER_BYTE : Number.POSITIVE_INFINITY;
}
