import type { FrameLink } from "./frame-link.js";
import { FrameWriter } from "./frame-writer.js";

/**
 * A frame is sent before its turn is over when it has grown so long: the peer then works on it while the turn goes on
 * (measured: twice the acks at 1 024 outstanding). Each further frame of the turn may be twice as long, because a
 * write costs as much as a hundred messages, up to what a peer admits less one message.
 */
const FIRST_FRAME_BYTES = 2_048;
const MOST_FRAME_BYTES = 65_536;

/** Writes records to a link: what a turn of the event loop has to say leaves as one frame, or a few where it is much. */
export class TurnWriter {
  readonly #writer = new FrameWriter();
  readonly #schedule: (callback: () => void) => void;
  #link: FrameLink | undefined;
  #isScheduled = false;
  #isFlushing = false;
  #frameBytes = FIRST_FRAME_BYTES;
  /** Adds what should ride along with a frame that is about to leave. */
  #beforeFlush: () => void;

  constructor(schedule: (callback: () => void) => void, beforeFlush = nothing) {
    this.#schedule = schedule;
    this.#beforeFlush = beforeFlush;
  }

  /** From now on records go to this link; without one they are not to be written. */
  attach(link: FrameLink | undefined): void {
    if (this.#writer.length > 0) this.#writer.take();
    this.#link = link;
  }

  /** For one more record. */
  get record(): FrameWriter {
    if (this.#writer.length >= this.#frameBytes && !this.#isFlushing) {
      this.flush();
      this.#frameBytes = Math.min(this.#frameBytes * 2, MOST_FRAME_BYTES);
    }
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#schedule(this.#turnOver);
    }
    return this.#writer;
  }

  /** Sends what there is, now. */
  flush(): void {
    if (this.#writer.length === 0) return;
    this.#isFlushing = true;
    this.#beforeFlush();
    this.#isFlushing = false;
    const link = this.#link;
    if (link) link.send(this.#writer.take(link.headBytes));
    else this.#writer.take();
  }

  readonly #turnOver = (): void => {
    this.#isScheduled = false;
    this.#frameBytes = FIRST_FRAME_BYTES;
    this.flush();
  };
}

function nothing(): void {}
