import type { EventHeaders } from "../event.js";
import type { Payload } from "../payload.js";
import { jsonOf } from "../payload.js";
import {
  type EventRecipient,
  type Failure,
  HAS_HEADERS,
  type Headers,
  type Interest,
  IS_ITEM,
  ITEM,
  type ItemKind,
  RECORD,
} from "./records.js";

/** Room that a frame begins with, in bytes: a turn's worth of small messages. */
const FIRST_ROOM_BYTES = 4_096;

/** Memory of writers that have nothing to say at the moment, for those that have: a thousand idle links share it. */
const spareBuffers: Buffer<ArrayBuffer>[] = [];
const MOST_SPARE = 16;
const MOST_SPARE_BYTES = 65_536;
const NOTHING = Buffer.alloc(0);

/** Texts up to this length are written by a loop, which for them is quicker than a call into the engine (measured). */
const SHORT_TEXT = 16;

/** The longest LEB128 of a safe integer, in bytes. */
const MAX_NUMBER_BYTES = 8;

/** UTF-8 of one UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;
type JsonRecord = (typeof RECORD)["hello" | "welcome" | "bye" | "challenge" | "proof"];

type RunRecord = typeof RECORD.send | typeof RECORD.ack;

/** Puts together a frame: all that a turn of the event loop has to say. */
export class FrameWriter {
  #buffer = NOTHING;
  #length = 0;
  /** The run that items may be added to: which record, channel, and the sequence number that comes next. */
  #runRecord = 0;
  #runChannel = 0;
  #runNext = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes the frame and begins a new one. The bytes are the caller's.
   *
   * @param headBytes Room before the frame, for a header of the link's.
   */
  take(headBytes = 0): Uint8Array {
    const frame = Buffer.allocUnsafe(headBytes + this.#length);
    this.#buffer.copy(frame, headBytes, 0, this.#length);
    this.#length = 0;
    this.#runRecord = 0;
    const { length } = this.#buffer;
    if (length > 0 && length <= MOST_SPARE_BYTES && spareBuffers.length < MOST_SPARE)
      spareBuffers.push(this.#buffer);
    this.#buffer = NOTHING;
    return frame;
  }

  /** A record that is a type and JSON. */
  json(type: JsonRecord, value: object): void {
    this.#type(type);
    this.#text(JSON.stringify(value));
  }

  /** A record that is a type and numbers. */
  numbers(type: number, ...numbers: readonly number[]): void {
    this.#type(type);
    for (const number of numbers) this.#number(number);
  }

  open(channel: number, name: string): void {
    this.numbers(RECORD.open, channel);
    this.#text(name);
  }

  chain(channel: number, callers: readonly string[]): void {
    this.numbers(RECORD.chain, channel);
    this.#text(JSON.stringify(callers));
  }

  message(channel: number, sequence: number, payload: Payload, headers: Headers | undefined): void {
    this.#run(RECORD.send, channel, sequence);
    this.#item(payload, headers);
  }

  ack(channel: number, sequence: number, payload: Payload): void {
    this.#run(RECORD.ack, channel, sequence);
    this.#item(payload, undefined);
  }

  failure(channel: number, sequence: number, failure: Failure): void {
    this.#run(RECORD.ack, channel, sequence);
    this.#reserve(1);
    this.#buffer[this.#length++] = IS_ITEM | ITEM.failure;
    this.#text(JSON.stringify(failure));
  }

  /** Something that happened, for those who listen to its subject. */
  event(subject: string, data: Payload, headers: EventHeaders | undefined): void {
    this.#type(RECORD.event);
    this.#text(subject);
    this.#item(data, headers);
  }

  /** The same, for a few of them. */
  eventTo(to: EventRecipient, subject: string, data: Payload, headers: EventHeaders | undefined): void {
    if ("queue" in to) {
      this.#type(RECORD.eventInQueue);
      this.#text(to.queue);
    } else {
      this.numbers(RECORD.lastEvent, to.ask);
    }
    this.#text(subject);
    this.#item(data, headers);
  }

  interest(interest: Interest): void {
    this.#type(RECORD.interest);
    this.#text(JSON.stringify(interest));
  }

  /** Whole records that were written elsewhere. */
  records(records: Uint8Array): void {
    this.#runRecord = 0;
    this.#reserve(records.length);
    this.#buffer.set(records, this.#length);
    this.#length += records.length;
  }

  #type(type: number): void {
    this.#runRecord = 0;
    this.#reserve(1);
    this.#buffer[this.#length++] = type;
  }

  #run(record: RunRecord, channel: number, sequence: number): void {
    if (this.#runRecord !== record || this.#runChannel !== channel || this.#runNext !== sequence) {
      this.numbers(record, channel, sequence);
      this.#runRecord = record;
      this.#runChannel = channel;
    }
    this.#runNext = sequence + 1;
  }

  #item(payload: Payload, headers: Headers | EventHeaders | undefined): void {
    const kind = kindOf(payload);
    this.#reserve(1);
    this.#buffer[this.#length++] = IS_ITEM | kind | (headers === undefined ? 0 : HAS_HEADERS);
    if (headers !== undefined) this.#text(JSON.stringify(headers));
    if (typeof payload === "string") this.#text(payload);
    else if (payload instanceof Uint8Array) this.#bytes(payload);
    else this.#text(jsonOf(payload));
  }

  #bytes(bytes: Uint8Array): void {
    this.#number(bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #text(text: string): void {
    if (text.length <= SHORT_TEXT && this.#shortText(text)) return;
    this.#reserve(MAX_NUMBER_BYTES + text.length * BYTES_PER_UNIT);
    // Most texts are ASCII: the length is written as if it were, and is right, or its place is of the right size.
    const start = this.#length;
    this.#number(text.length);
    const at = this.#length;
    const bytes = this.#buffer.write(text, at);
    if (bytes !== text.length) {
      this.#length = start;
      this.#number(bytes);
      if (this.#length !== at) this.#buffer.write(text, this.#length);
    }
    this.#length += bytes;
  }

  /** @returns Whether the text was ASCII, and is written. */
  #shortText(text: string): boolean {
    this.#reserve(1 + SHORT_TEXT);
    const buffer = this.#buffer;
    const start = this.#length + 1;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      buffer[start + index] = unit;
    }
    buffer[this.#length] = text.length;
    this.#length = start + text.length;
    return true;
  }

  #number(value: number): void {
    this.#reserve(MAX_NUMBER_BYTES);
    if (value < 0x80) {
      this.#buffer[this.#length++] = value;
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    this.#grow(bytes);
  }

  #grow(bytes: number): void {
    if (this.#buffer === NOTHING) {
      this.#buffer = spareBuffers.pop() ?? Buffer.allocUnsafe(FIRST_ROOM_BYTES);
      if (bytes <= this.#buffer.length) return;
    }
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function kindOf(payload: Payload): ItemKind {
  if (typeof payload === "string") return ITEM.text;
  return payload instanceof Uint8Array ? ITEM.bytes : ITEM.json;
}
