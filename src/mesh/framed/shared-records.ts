/** Records that go to many links, and the frame that those of them share which write the same header. */
export class SharedRecords {
  readonly records: Uint8Array;
  #frame: Buffer | undefined;
  #headBytes = 0;

  /** @param records Whole records, which nobody changes any more. */
  constructor(records: Uint8Array) {
    this.records = records;
  }

  /** The frame for links that may share one, after so many bytes of room for their header. The same object each time. */
  sharedFrame(headBytes: number): Buffer {
    if (this.#frame === undefined || this.#headBytes !== headBytes) {
      this.#frame = this.ownFrame(headBytes);
      this.#headBytes = headBytes;
    }
    return this.#frame;
  }

  /** The same for a link that writes into it. */
  ownFrame(headBytes: number): Buffer {
    const frame = Buffer.allocUnsafe(headBytes + this.records.length);
    frame.set(this.records, headBytes);
    return frame;
  }
}
