import { CircuitError } from "../../core/error.js";
import type { EventHeaders } from "../event.js";
import { findHeaders } from "../event-headers.js";
import { isTooDeep, type Payload } from "../payload.js";
import { parseFailure } from "./failure.js";
import type { FrameSink } from "./frame-sink.js";
import { parseHeaders } from "./headers.js";
import { parseInterest } from "./hello.js";
import {
  type EventRecipient,
  HAS_HEADERS,
  type Headers,
  IS_ITEM,
  ITEM,
  ITEM_KIND_MASK,
  RECORD,
} from "./records.js";

/** How many numbers follow the type of a record that is nothing else. */
const NUMBERS: Readonly<Record<number, number>> = {
  [RECORD.ping]: 1,
  [RECORD.pong]: 1,
  [RECORD.cancel]: 2,
  [RECORD.confirm]: 2,
  [RECORD.resume]: 2,
  [RECORD.soFar]: 2,
  [RECORD.refuse]: 3,
};

/** Strict: a text that is no UTF-8 is refused, and a byte order mark is a character like any other. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one frame.
 *
 * @throws {CircuitError} `MESSAGE_INVALID` at the first byte that is none of the protocol's; records before it have
 *   been told.
 */
export function readFrame(frame: Uint8Array, sink: FrameSink): void {
  new Reader(frame).read(sink);
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;
  /** Length of the text or the bytes that were read last. */
  #length = 0;
  /** The run that items belong to. */
  #record = 0;
  #channel = 0;
  #sequence = 0;
  /** The subject of the event that was read last, and where it is. */
  #subject = "";
  #subjectFrom = 0;
  #subjectTo = 0;

  constructor(frame: Uint8Array) {
    this.#buffer = Buffer.isBuffer(frame)
      ? frame
      : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  }

  read(sink: FrameSink): void {
    while (this.#at < this.#buffer.length) {
      const first = this.#buffer[this.#at++] ?? 0;
      if (first >= IS_ITEM) this.#item(first, sink);
      else this.#recordOf(first, sink);
    }
  }

  #recordOf(type: number, sink: FrameSink): void {
    this.#record = 0;
    switch (type) {
      case RECORD.send:
      case RECORD.ack:
        this.#record = type;
        this.#channel = this.#number();
        this.#sequence = this.#number();
        break;
      case RECORD.open:
        sink.open(this.#number(), this.#text());
        break;
      case RECORD.chain:
        sink.chain(this.#number(), this.#callers());
        break;
      case RECORD.hello:
      case RECORD.welcome:
      case RECORD.bye:
      case RECORD.challenge:
      case RECORD.proof:
        sink.json(type, this.#json());
        break;
      case RECORD.event:
        this.#event(sink, undefined);
        break;
      case RECORD.eventInQueue:
        this.#event(sink, { queue: this.#text() });
        break;
      case RECORD.lastEvent:
        this.#event(sink, { ask: this.#number() });
        break;
      case RECORD.interest:
        if (sink.interest === undefined) throw this.#invalid("an interest in events");
        sink.interest(parseInterest(this.#json()));
        break;
      default: {
        const count = NUMBERS[type];
        if (count === undefined) throw this.#invalid(`a record of type 0x${type.toString(16)}`);
        sink.numbers(type, this.#number(), count > 1 ? this.#number() : 0, count > 2 ? this.#number() : 0);
      }
    }
  }

  #item(first: number, sink: FrameSink): void {
    if (this.#record === 0) throw this.#invalid("an item outside of a run");
    const kind = first & ITEM_KIND_MASK;
    const sequence = this.#sequence++;
    if (this.#record === RECORD.send) {
      if (kind === ITEM.failure) throw this.#invalid("a failure for a message");
      const from = this.#at;
      const headers = first & HAS_HEADERS ? this.#headers() : undefined;
      const payload = this.#payload(kind);
      sink.message(this.#channel, sequence, payload, headers, this.#at - from);
    } else if (kind === ITEM.failure) {
      sink.failure(this.#channel, sequence, parseFailure(this.#json()));
    } else {
      const from = this.#at;
      const payload = this.#payload(kind);
      sink.ack(this.#channel, sequence, payload, this.#at - from);
    }
  }

  #event(sink: FrameSink, to: EventRecipient | undefined): void {
    if (sink.event === undefined) throw this.#invalid("an event");
    const subject = this.#subjectText();
    const first = this.#buffer[this.#at++] ?? 0;
    const kind = first & ITEM_KIND_MASK;
    if (first < IS_ITEM || kind === ITEM.failure) throw this.#invalid("an event without data");
    const from = this.#at;
    const headers = first & HAS_HEADERS ? this.#eventHeaders() : undefined;
    const data = this.#payload(kind);
    sink.event(subject, data, headers, this.#at - from, to);
  }

  /** A subject; that of the event before, where it is the same, needs no text of its own. */
  #subjectText(): string {
    const from = this.#at;
    const length = this.#subjectTo - this.#subjectFrom;
    if (length > 0 && this.#isSame(from, this.#subjectFrom, length)) {
      this.#at += length;
    } else {
      this.#subject = this.#text();
      this.#subjectFrom = from;
      this.#subjectTo = this.#at;
    }
    return this.#subject;
  }

  #isSame(one: number, other: number, length: number): boolean {
    for (let at = 0; at < length; at++) if (this.#buffer[one + at] !== this.#buffer[other + at]) return false;
    return true;
  }

  #eventHeaders(): EventHeaders {
    const headers = findHeaders(this.#json());
    if (headers === undefined) throw this.#invalid("headers that are no texts by name");
    return headers;
  }

  #payload(kind: number): Payload {
    if (kind === ITEM.text) return this.#text();
    if (kind === ITEM.bytes) {
      const end = this.#endOfBytes();
      return new Uint8Array(this.#buffer.subarray(end - this.#length, end));
    }
    // The cast: what JSON.parse() gives is Json, or a text, which is a payload too.
    return this.#json() as Payload;
  }

  #callers(): string[] {
    const value = this.#json();
    if (!Array.isArray(value)) throw this.#invalid("callers that are no list");
    return value.filter((caller) => typeof caller === "string");
  }

  #headers(): Headers {
    const value = this.#json();
    if (typeof value !== "object" || value === null) throw this.#invalid("headers that are no object");
    return parseHeaders(value);
  }

  #json(): unknown {
    const text = this.#text();
    if (isTooDeep(text)) throw this.#invalid("JSON that is nested too deep");
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw this.#invalid("a text that is no JSON", cause);
    }
  }

  #text(): string {
    const end = this.#endOfBytes();
    const start = end - this.#length;
    if (this.#length <= SCANNED_TEXT && this.#isAscii(start, end)) {
      const first = this.#buffer[start] ?? 0;
      if (this.#length === 1) return String.fromCharCode(first);
      if (this.#length === 2) return String.fromCharCode(first, this.#buffer[start + 1] ?? 0);
      return this.#buffer.toString("latin1", start, end);
    }
    const text = this.#buffer.toString("utf8", start, end);
    // What stands for bytes that are no UTF-8, or was meant.
    return text.includes("\ufffd") ? this.#strictText(start, end) : text;
  }

  #strictText(start: number, end: number): string {
    try {
      return UTF8.decode(this.#buffer.subarray(start, end));
    } catch (cause) {
      throw this.#invalid("a text that is no UTF-8", cause);
    }
  }

  #isAscii(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if ((this.#buffer[at] ?? 0) > 0x7f) return false;
    return true;
  }

  /** Reads a length, and goes to the end of so many bytes. */
  #endOfBytes(): number {
    this.#length = this.#number();
    const end = this.#at + this.#length;
    if (end > this.#buffer.length)
      throw this.#invalid(`${this.#length} bytes of which ${this.#buffer.length - this.#at} are there`);
    this.#at = end;
    return end;
  }

  #number(): number {
    const first = this.#buffer[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at++;
      return first;
    }
    return this.#longNumber();
  }

  #longNumber(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#buffer[this.#at++];
      if (byte === undefined) throw this.#invalid("a number that is cut short");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
      if (scale > Number.MAX_SAFE_INTEGER) throw this.#invalid("a number over 2^53");
    }
    if (value > Number.MAX_SAFE_INTEGER) throw this.#invalid("a number over 2^53");
    return value;
  }

  #invalid(what: string, cause?: unknown): CircuitError {
    return new CircuitError(
      "MESSAGE_INVALID",
      `Cannot read a frame: ${what}, at byte ${this.#at} of ${this.#buffer.length}`,
      {
        cause,
      },
    );
  }
}

/** Up to this many bytes, looking whether all are ASCII costs less than decoding UTF-8 (measured). */
const SCANNED_TEXT = 24;
