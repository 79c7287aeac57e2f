import type { FrameLink } from "./frame-link.js";
import { FrameWriter } from "./frame-writer.js";

/** A frame is sent before its turn is over when it has grown so long: half of what a peer admits. */
const MOST_FRAME_BYTES = 65_536;

/** Writes records to a link: all that a turn of the event loop has to say leaves as one frame. */
export class TurnWriter {
  readonly #writer = new FrameWriter();
  readonly #schedule: (callback: () => void) => void;
  #link: FrameLink | undefined;
  #isScheduled = false;
  #isFlushing = false;
  /** Adds what should ride along with a frame that is about to leave. */
  #beforeFlush: () => void;

  constructor(schedule: (callback: () => void) => void, beforeFlush: () => void = () => {}) {
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
    if (this.#writer.length >= MOST_FRAME_BYTES && !this.#isFlushing) this.flush();
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
    const frame = this.#writer.take();
    this.#link?.send(frame);
  }

  readonly #turnOver = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
}
