/**
 * Bytes of edges that are kept for pages that are opened later: 4 million edges, minutes of a busy board or days of a calm
 * one.
 */
const MOST_KEPT_BYTES = 16 * 2 ** 20;

/** Frames of edges that were sent, the latest of them. */
export class Past {
  #frames: Uint8Array[] = [];
  #first = 0;
  #bytes = 0;

  add(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.byteLength;
    while (this.#bytes > MOST_KEPT_BYTES) this.#bytes -= this.#frames[this.#first++]?.byteLength ?? 0;
    // Moving what is left costs as much as was taken away.
    if (this.#first > this.#frames.length / 2) {
      this.#frames = this.#frames.slice(this.#first);
      this.#first = 0;
    }
  }

  *[Symbol.iterator](): Iterator<Uint8Array> {
    for (let index = this.#first; index < this.#frames.length; index++) {
      const frame = this.#frames[index];
      if (frame) yield frame;
    }
  }
}
