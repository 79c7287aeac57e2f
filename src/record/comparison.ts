import type { Act } from "./acts.js";
import { type Difference, inSeconds } from "./difference.js";
import { Flicker } from "./flicker.js";
import type { Life, TimedAct } from "./life.js";

/**
 * How much earlier or later an act may be and be the same one, in milliseconds and as a share of the time that has passed: a busy
 * machine holds a timer up for tens of milliseconds, and Node's intervals fall behind by one in a thousand.
 */
const SLACK_MS = 250;
const SLACK_SHARE = 0.01;

/** What is done so shortly before the end may or may not come before it, in milliseconds. */
const ENDING_MS = 100;

/** Acts that are shown before a difference. */
const SHOWN_BEFORE = 4;

/** Compares what a host does to a board with what was recorded, and stops at the first difference. */
export class Comparison {
  readonly #life: Life;
  readonly #acts: readonly TimedAct[];
  readonly #flicker = new Flicker();
  /** What is still to come, by lane; each from its cursor on. */
  readonly #lanes = new Map<string, { readonly acts: TimedAct[]; next: number }>();
  readonly #before: string[] = [];
  /** Index of the first recorded act that has not been done. */
  #first = 0;
  readonly #done = new Set<TimedAct>();
  #isOver = false;

  constructor(life: Life) {
    this.#life = life;
    const flicker = new Flicker();
    this.#acts = life.acts.filter((act) => !flicker.isPart(act));
    for (const act of this.#acts) {
      const lane = this.#lanes.get(act.lane) ?? { acts: [], next: 0 };
      if (lane.acts.length === 0) this.#lanes.set(act.lane, lane);
      lane.acts.push(act);
    }
  }

  /** When it is to be looked for what has not been done, in milliseconds since the opening. */
  get deadlineMs(): number {
    const missing = this.#missing();
    return missing === undefined ? Number.POSITIVE_INFINITY : missing.atMs + slackAt(missing.atMs);
  }

  /** Nothing is compared from now on. */
  stop(): void {
    this.#isOver = true;
  }

  /** The host does this. @returns The difference, if it is one. */
  did(act: Act, atMs: number): Difference | undefined {
    if (this.#isOver || atMs >= this.#comparedToMs || this.#flicker.isPart({ ...act, atMs }))
      return undefined;
    const lane = this.#lanes.get(act.lane);
    const then = lane?.acts[lane.next];
    if (lane && then?.words === act.words && Math.abs(atMs - then.atMs) <= slackAt(then.atMs)) {
      lane.next++;
      this.#done.add(then);
      this.#remember({ ...act, atMs });
      return undefined;
    }
    const told = then ? wordsAt(then) : `nothing more on ${act.lane}`;
    return this.#differs(act.lane, told, wordsAt({ ...act, atMs }), atMs);
  }

  /** So much time has passed. @returns The difference, where something should have been done. */
  passed(atMs: number): Difference | undefined {
    const missing = this.#missing();
    if (missing === undefined || atMs < missing.atMs + slackAt(missing.atMs)) return undefined;
    return this.#differs(missing.lane, wordsAt(missing), `nothing until ${inSeconds(atMs)}`, missing.atMs);
  }

  /** The host leaves the board. @returns The difference, where it had more to do. */
  left(atMs: number): Difference | undefined {
    const missing = this.#missing();
    if (missing === undefined) return undefined;
    const now = `nothing: the circuit ended at ${inSeconds(atMs)}`;
    return this.#differs(missing.lane, wordsAt(missing), now, missing.atMs);
  }

  /** Until when is compared: what leaves the board's pins, and what may come after that, is not. */
  get #comparedToMs(): number {
    return this.#life.leftMs - ENDING_MS;
  }

  /** The first recorded act that has not been done, and is compared. */
  #missing(): TimedAct | undefined {
    if (this.#isOver) return undefined;
    for (let act = this.#acts[this.#first]; act && this.#done.delete(act); act = this.#acts[this.#first])
      this.#first++;
    const act = this.#acts[this.#first];
    return act && act.atMs < this.#comparedToMs ? act : undefined;
  }

  #differs(lane: string, then: string, now: string, atMs: number): Difference {
    this.#isOver = true;
    return { atMs, lane, then, now, before: [...this.#before] };
  }

  #remember(act: Pick<TimedAct, "words" | "atMs">): void {
    this.#before.push(wordsAt(act));
    if (this.#before.length > SHOWN_BEFORE) this.#before.shift();
  }
}

function slackAt(atMs: number): number {
  return SLACK_MS + atMs * SLACK_SHARE;
}

function wordsAt({ words, atMs }: Pick<TimedAct, "words" | "atMs">): string {
  return `${words} at ${inSeconds(atMs)}`;
}
