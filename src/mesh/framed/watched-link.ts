import type { FrameLink } from "./frame-link.js";

/** A link whose closing, from this end, is told. */
export class WatchedLink implements FrameLink {
  readonly headBytes: number;
  readonly sharesFrames: boolean;
  readonly isLocal: boolean;
  readonly #link: FrameLink;
  readonly #closed: () => void;

  constructor(link: FrameLink, closed: () => void) {
    this.#link = link;
    this.#closed = closed;
    this.headBytes = link.headBytes;
    this.sharesFrames = link.sharesFrames === true;
    this.isLocal = link.isLocal === true;
  }

  get isFull(): boolean {
    return this.#link.isFull;
  }

  send(frame: Uint8Array): void {
    this.#link.send(frame);
  }

  close(): void {
    this.#link.close();
    this.#closed();
  }
}
