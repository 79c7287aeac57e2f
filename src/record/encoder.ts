import { encodeEntry } from "./encode-entry.js";
import type { Entry } from "./entry.js";
import { END_MAGIC, FOOTER_BYTES, MAGIC, RECORD } from "./format.js";
import type { RecordingHeader } from "./header.js";
import { Marks } from "./marks.js";
import { WrittenNames } from "./names.js";
import { RecordWriter } from "./record-writer.js";

const NS_PER_MS = 1e6;

/** Makes the bytes of a recording, from its first to its last. The same entries give the same bytes. */
export class RecordingEncoder {
  readonly #out = new RecordWriter();
  readonly #names = new WrittenNames();
  readonly #marks = new Marks();
  #takenBytes = 0;
  /** Time of the entry before, and the latest of all. */
  #nowNs = 0;
  #latestNs = 0;

  constructor(header: RecordingHeader) {
    this.#out.bytes(MAGIC);
    this.#out.begin(RECORD.header);
    this.#out.lastText(JSON.stringify(header));
    this.#out.end();
  }

  /** Bytes that nobody has taken yet. */
  get waitingBytes(): number {
    return this.#out.length;
  }

  /** Takes the bytes that are there; they are the caller's. */
  take(): Uint8Array {
    const bytes = this.#out.take();
    this.#takenBytes += bytes.length;
    return bytes;
  }

  /** @throws {CircuitError} `MESSAGE_INVALID` for a payload that JSON has no words for; nothing is added then. */
  add(entry: Entry): void {
    const atNs = Math.round(entry.atMs * NS_PER_MS);
    encodeEntry(this.#out, entry, atNs - this.#nowNs, this.#names);
    this.#nowNs = atNs;
    if (atNs > this.#latestNs) this.#latestNs = atNs;
    if (this.#marks.isDue(this.#at)) this.#mark();
  }

  /** Adds the index, and what says where it is: nothing may follow. */
  end(): void {
    const out = this.#out;
    const indexAt = this.#at;
    out.begin(RECORD.index);
    out.number(this.#latestNs);
    out.number(this.#names.size);
    for (const name of this.#names.all) out.text(name);
    out.number(this.#marks.all.length);
    let before = { at: 0, latestNs: 0 };
    for (const mark of this.#marks.all) {
      out.number(mark.at - before.at);
      out.number(mark.latestNs - before.latestNs);
      before = mark;
    }
    out.end();
    const footer = Buffer.alloc(FOOTER_BYTES);
    footer.writeBigUInt64LE(BigInt(indexAt));
    footer.set(END_MAGIC, FOOTER_BYTES - END_MAGIC.length);
    out.bytes(footer);
  }

  /** Where in the file the next byte goes. */
  get #at(): number {
    return this.#takenBytes + this.#out.length;
  }

  #mark(): void {
    this.#marks.add({ at: this.#at, latestNs: this.#latestNs });
    const out = this.#out;
    out.begin(RECORD.mark);
    out.signed(this.#nowNs);
    out.number(this.#latestNs);
    out.number(this.#names.size);
    out.end();
  }
}
