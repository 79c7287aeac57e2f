import type { FrameLink } from "./frame-link.js";
import { FrameWriter } from "./frame-writer.js";
import type { SharedRecords } from "./shared-records.js";

/**
 * A frame is sent before its turn is over when it has so many records: the peer is then woken, and works on it while the
 * turn goes on (measured: twice the acks at 64 outstanding). Each further frame of the turn may have eight times as many,
 * because a write costs as much as a hundred messages.
 */
const FIRST_FRAME_RECORDS = 8;
const GROWTH = 8;

/** Longest frame, in bytes: what a peer admits less one message. */
const MOST_FRAME_BYTES = 65_536;

/** Writes records to a link: what a turn of the event loop has to say leaves as one frame, or a few where it is much. */
export class TurnWriter {
  readonly #writer = new FrameWriter();
  readonly #schedule: (callback: () => void) => void;
  #link: FrameLink | undefined;
  #isFlushing = false;
  /** Records of the next frame of this turn; 0 where nothing was said in it. */
  #mostRecords = 0;
  #records = 0;
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
    if (this.#mostRecords === 0) {
      this.#mostRecords = FIRST_FRAME_RECORDS;
      this.#schedule(this.#turnOver);
    } else if (this.#isFull && !this.#isFlushing) {
      this.flush();
      this.#mostRecords *= GROWTH;
    }
    this.#records++;
    return this.#writer;
  }

  /** Records that many links are given: at once, where nothing else was said in this turn. */
  share(shared: SharedRecords): void {
    const link = this.#link;
    if (link === undefined || this.#mostRecords > 0) this.record.records(shared.records);
    else
      link.send(
        link.sharesFrames === true ? shared.sharedFrame(link.headBytes) : shared.ownFrame(link.headBytes),
      );
  }

  /** Sends what there is, now. */
  flush(): void {
    if (this.#writer.length === 0) return;
    this.#isFlushing = true;
    this.#beforeFlush();
    this.#isFlushing = false;
    this.#records = 0;
    const link = this.#link;
    if (link) link.send(this.#writer.take(link.headBytes));
    else this.#writer.take();
  }

  get #isFull(): boolean {
    return this.#records >= this.#mostRecords || this.#writer.length >= MOST_FRAME_BYTES;
  }

  readonly #turnOver = (): void => {
    this.#mostRecords = 0;
    this.flush();
  };
}

function nothing(): void {}
