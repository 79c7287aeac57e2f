import type { Clock } from "../../core/clock.js";
import { printable } from "../../core/printable.js";

/** Refusals that are told one by one within a span; of the others only how many there were. */
const TOLD = 10;

/** The span, in milliseconds: a person reads ten lines in it. */
const SPAN_MS = 10_000;

/** A refusal, which never holds what was offered as a secret. */
export interface Refusal {
  /** The node that refused. */
  readonly node: string;
  /** Address of whom it refused. */
  readonly peer: string;
  /** What it called itself, if anything. */
  readonly from: string | undefined;
  readonly reason: string;
}

/** Tells a person of refusals, but not of so many that whoever knocks without end fills a disk. */
export class Refusals {
  readonly #clock: Clock;
  readonly #notice: (text: string) => void;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(clock: Clock, notice: (text: string) => void) {
    this.#clock = clock;
    this.#notice = notice;
  }

  tell(refusal: Refusal): void {
    const now = this.#clock.now();
    if (now - this.#sinceMs >= SPAN_MS) {
      if (this.#count > TOLD) this.#notice(`${this.#count - TOLD} more were refused`);
      this.#sinceMs = now;
      this.#count = 0;
    }
    if (++this.#count <= TOLD) this.#notice(describe(refusal));
  }
}

function describe({ node, peer, from, reason }: Refusal): string {
  return `${node} refused ${peer}${from === undefined ? "" : `, which calls itself "${printable(from)}"`}: ${printable(reason)}`;
}
