import { COMMAND, SYSEX } from "../../../firmata/protocol.js";
import type { DigitalWrite } from "../memory/pin-memory.js";
import type { Question } from "./in-flight.js";

/** A message that is to wait for room on the wire. */
export interface Waiting {
  frame: Uint8Array;
  /** When it, or the first message that it stands for, came, on the clock, in milliseconds. */
  readonly sinceMs: number;
  /** Set where it is a digital write: its levels are those of the last write that it stands for. */
  readonly write?: DigitalWrite | undefined;
  /** Number of the digital write, as echoes count them; 0 where it is none. */
  readonly number: number;
  /** Set where it is a question of the session's own. */
  readonly question?: Question | undefined;
}

/** A message that waits. */
interface Queued extends Waiting {
  /** A bit for each pin of the port that one of the writes changed for which it stands. */
  touched: number;
  /** How many messages were queued before it. */
  readonly serial: number;
}

/** What has become of the write that stood where a later one stands now. */
export interface Replaced {
  readonly number: number;
  readonly port: number;
  /** A bit for each pin of the port whose value was written and never will be. */
  readonly pins: number;
}

/** Places of values: one for each port, then one for each pin's PWM or servo value. */
const PORTS = 16;
const PLACES = PORTS + 128;

/** Messages that have left and are kept at the front before it is cut: rarely enough to be cheap. */
const CUT = 1_024;

/**
 * Messages that wait, oldest first, of which a later value takes the place of an earlier one.
 *
 * A port's levels replace the last ones of that port, a PWM or servo value the last one of its pin, in their place, so
 * that digital writes keep their numbers. Nothing goes past a message that is no value (a mode, a query, I2C):
 * it may depend on what came before. No value of an ordered pin is replaced, and values of ordered pins stay in the order in
 * which they came, also those of different ports.
 */
export class OutboxQueue {
  readonly #ordered = new Uint8Array(PORTS);
  readonly #last: (Queued | undefined)[] = new Array(PLACES).fill(undefined);
  #items: Queued[] = [];
  #head = 0;
  #bytes = 0;
  #serial = 0;
  /** Serial of the last message that is no value, and of the last that changes an ordered pin. */
  #barrier = -1;
  #orderedChange = -1;
  #superseded = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The oldest. */
  get first(): Waiting | undefined {
    return this.#items[this.#head];
  }

  /** Values that were replaced before they were sent. */
  get superseded(): number {
    return this.#superseded;
  }

  /** From now on, each value of a pin is kept. */
  keepOrder(pin: number): void {
    const port = pin >> 3;
    this.#ordered[port] = (this.#ordered[port] ?? 0) | (1 << (pin & 7));
  }

  /** Whether a message is a value that may be replaced, of which there is never more than one for each port and pin. */
  isReplaceable(frame: Uint8Array, changed: number): boolean {
    const place = placeOf(frame);
    return place >= 0 && !this.#changesOrdered(place, changed);
  }

  /** Values of ordered pins that wait, but for the last of each port, which its pins are to have anyway. */
  get earlierOrdered(): number {
    const changes = new Map<number, number>();
    for (const { frame, touched } of this.#items.slice(this.#head)) {
      const place = placeOf(frame);
      if (place >= 0 && this.#changesOrdered(place, touched))
        changes.set(place, (changes.get(place) ?? 0) + 1);
    }
    return [...changes.values()].reduce((sum, count) => sum + count - 1, 0);
  }

  push(message: Waiting): void {
    const { frame, write } = message;
    const place = placeOf(frame);
    const item = { ...message, touched: write?.changed ?? 0, serial: this.#serial++ };
    const isOwn = place < PORTS && write === undefined;
    // Levels that nobody counts are of the session's own, and stand for themselves.
    if (place >= 0 && !isOwn) this.#last[place] = item;
    // A question depends on nothing.
    else if (message.question === undefined) this.#barrier = item.serial;
    if (place >= 0 && this.#changesOrdered(place, item.touched)) this.#orderedChange = item.serial;
    this.#items.push(item);
    this.#bytes += frame.length;
  }

  /**
   * Lets a value take the place of one that waits, where that is allowed.
   *
   * @returns Whether it did; `replaced` is then told of a digital write's values that never will be sent.
   */
  merge(frame: Uint8Array, write: DigitalWrite | undefined, replaced: (what: Replaced) => void): boolean {
    const place = placeOf(frame);
    const isOwn = place < PORTS && write === undefined;
    const item = place < 0 || isOwn ? undefined : this.#last[place];
    if (item === undefined || item.serial < this.#barrier) return false;
    const changed = write?.changed ?? 0;
    const isOrdered = this.#changesOrdered(place, changed);
    if (isOrdered && item.serial <= this.#orderedChange) return false;
    if (isOrdered) this.#orderedChange = item.serial;
    this.#bytes += frame.length - item.frame.length;
    item.frame = frame;
    if (write === undefined || item.write === undefined) {
      this.#superseded++;
      return true;
    }
    const pins = item.touched & changed;
    item.touched |= changed;
    item.write.levels = write.levels;
    if (pins === 0) return true;
    this.#superseded++;
    replaced({ number: item.number, port: write.port, pins });
    return true;
  }

  /** Takes the oldest. */
  shift(): Waiting | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    this.#bytes -= item.frame.length;
    const place = placeOf(item.frame);
    if (place >= 0 && this.#last[place] === item) this.#last[place] = undefined;
    if (this.#head === this.#items.length) this.#empty();
    else if (this.#head >= CUT) this.#cut();
    return item;
  }

  /** Throws all away. @returns What it was. */
  clear(): readonly Waiting[] {
    const items = this.#items.slice(this.#head);
    this.#last.fill(undefined);
    this.#bytes = 0;
    this.#empty();
    return items;
  }

  #cut(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  #empty(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** @param changed A bit for each pin of a port that a digital write changes. */
  #changesOrdered(place: number, changed: number): boolean {
    if (place < PORTS) return ((this.#ordered[place] ?? 0) & changed) !== 0;
    const pin = place - PORTS;
    return (((this.#ordered[pin >> 3] ?? 0) >> (pin & 7)) & 1) === 1;
  }
}

/** Where a value stands, or -1 for a message that is none. */
function placeOf(frame: Uint8Array): number {
  const first = frame[0] ?? 0;
  if ((first & 0xf0) === COMMAND.digitalMessage) return first & 0x0f;
  if ((first & 0xf0) === COMMAND.analogMessage) return PORTS + (first & 0x0f);
  if (first === COMMAND.startSysex && frame[1] === SYSEX.extendedAnalog) return PORTS + (frame[2] ?? 0);
  return -1;
}
