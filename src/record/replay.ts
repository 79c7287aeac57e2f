import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { type Difference, describeDifference, inSeconds } from "./difference.js";
import type { Entry } from "./entry.js";
import { type Lives, readLives } from "./lives.js";
import { openRecording } from "./recording.js";
import { ReplayLink } from "./replay-link.js";

export interface ReplayOptions {
  /** As a person would type it. */
  readonly address: string;
  /** Which board, where the recording has several. */
  readonly board?: string | undefined;
  readonly clock?: Clock;
  /** Told the first difference, as soon as it is there. */
  readonly notice?: (text: string) => void;
}

/** A board is looked for a little earlier or later than then, in milliseconds. */
const LOOK_MS = 250;

/**
 * A recorded board, as a link for today's host: it says what it said then, each answer when the host has asked for it and as
 * late as then, all else at its time since the opening. It compares what the host does with what was done then, and goes on
 * after a difference: what is asked then is answered as a board would, and inputs come at their times.
 *
 * A board that was lost then is lost again, and found again; when the recording is over, it is there, and says no more
 * unasked.
 */
export class Replay {
  readonly address: string;
  /** Resolves when the recording is over. */
  readonly over: Promise<void>;
  readonly #lives: Lives["lives"];
  readonly #clock: Clock;
  readonly #notice: (text: string) => void;
  #finish = () => {};
  #next = 0;
  #lostAtMs = 0;
  #isStopped = false;
  #difference: Difference | undefined;

  constructor({ lives }: Lives, { address, clock = systemClock, notice = () => {} }: ReplayOptions) {
    this.address = address;
    this.#lives = lives;
    this.#clock = clock;
    this.#notice = notice;
    this.over = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Where the host first did something else than then. */
  get difference(): Difference | undefined {
    return this.#difference;
  }

  /** @throws {CircuitError} `REPLAY_DIFFERED` where the host did something else than then. */
  check(): void {
    if (this.#difference === undefined) return;
    const { atMs, lane } = this.#difference;
    throw new CircuitError(
      "REPLAY_DIFFERED",
      `Cannot say that ${this.address} was replayed as it was: the output differed from ${inSeconds(atMs)} on, first on ${lane}`,
      { hint: "Look at the difference above; record anew where it is meant." },
    );
  }

  /** From now on nothing is compared: the host is being stopped from outside. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * The link to the board's next life; not opened.
   *
   * @throws {CircuitError} `PORT_MISSING` while it was away then, and when the recording is over.
   */
  readonly relink = async (): Promise<ReplayLink> => {
    const life = this.#lives[this.#next];
    const before = this.#lives[this.#next - 1];
    if (life === undefined || (before && !this.#isBack(before.openedAtMs + before.endMs, life.openedAtMs)))
      throw new CircuitError("PORT_MISSING", `Cannot open ${this.address}: the board was away then`);
    const isLast = this.#next === this.#lives.length - 1;
    const link = new ReplayLink({
      ...{ address: this.address, life, clock: this.#clock },
      isCompared: () => !this.#isStopped && this.#difference === undefined,
      opened: () => this.#next++,
      differs: (difference) => this.#differs(difference),
      ended: () => this.#ended(),
      replay: this,
      isLast,
    });
    return link;
  };

  #isBack(lostThenMs: number, backThenMs: number): boolean {
    return this.#clock.now() - this.#lostAtMs >= backThenMs - lostThenMs - LOOK_MS;
  }

  #differs(difference: Difference): void {
    this.#difference = difference;
    this.#notice(describeDifference(difference));
  }

  #ended(): void {
    this.#lostAtMs = this.#clock.now();
    if (this.#next >= this.#lives.length) this.#finish();
  }
}

/**
 * Reads what a recording has of a board, to replay it.
 *
 * @throws {CircuitError} What `readLives()` throws.
 */
export async function makeReplay(entries: AsyncIterable<Entry>, options: ReplayOptions): Promise<Replay> {
  const { address, board } = options;
  return new Replay(await readLives(entries, { path: address, board }), options);
}

/**
 * The same from a file.
 *
 * @throws {CircuitError} What `openRecording()` throws, too.
 */
export async function openReplay(path: string, options: ReplayOptions): Promise<Replay> {
  const recording = await openRecording(path);
  try {
    return await makeReplay(recording.entries(), options);
  } finally {
    await recording.close();
  }
}
