import type { Payload } from "../payload.js";
import type { Waiter } from "../waiter.js";
import type { Headers } from "./records.js";

/** A message on its way, until its ack is here. */
export interface Entry {
  readonly payload: Payload;
  readonly waiter: Waiter;
  readonly context: MessageContext | undefined;
  /** Whether it has been written to a link of the present session. */
  isSent: boolean;
  isDone: boolean;
  /** How often it may have been delivered to a receiver that has died since. */
  deliveries: number;
  /** The same for every delivery; set when it is delivered again. */
  key: string | undefined;
}

/** What a message inherits from the handler that sends it. */
export interface MessageContext {
  /** When its sender stops waiting, on the clock, in milliseconds. */
  readonly deadlineAtMs?: number;
  /** Nodes and channels whose handlers wait for it, outermost first. */
  readonly chain?: readonly string[];
  /** Deliver it again to a receiver that may have died after it ran. */
  readonly repeats?: boolean;
}

/** Entries that are done are cut off the front at once when there are so many. */
const COMPACT_AT = 1_024;

/** A channel to one target: its messages without an ack, in order, numbered from 1. */
export class OutChannel {
  readonly id: number;
  readonly name: string;
  /** Whether the receiver knows its number, in the present session. */
  isOpen = false;
  /** There are acks that the receiver does not know to be here. */
  isConfirmDue = false;
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  /** Sequence number of the entry at `#head`. */
  #base = 1;
  /** Index of the first entry that has not been sent. */
  #unsent = 0;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }

  /** First sequence number without an ack. */
  get first(): number {
    return this.#base;
  }

  get hasUnsent(): boolean {
    return this.#unsent < this.#entries.length;
  }

  get unsentCount(): number {
    return this.#entries.length - this.#unsent;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Takes the first entry that has not been sent, with its number. */
  takeUnsent(): { readonly entry: Entry; readonly sequence: number } | undefined {
    while (this.#unsent < this.#entries.length) {
      const index = this.#unsent++;
      const entry = this.#entries[index];
      if (entry === undefined || entry.isDone) continue;
      entry.isSent = true;
      return { entry, sequence: this.#base + index - this.#head };
    }
    return undefined;
  }

  /** The entry of a sequence number, if it was sent and has no ack yet. */
  find(sequence: number): Entry | undefined {
    const entry = this.#entries[this.#head + sequence - this.#base];
    return entry?.isSent && !entry.isDone ? entry : undefined;
  }

  /** Takes note that an entry is done. */
  finish(entry: Entry): void {
    entry.isDone = true;
    this.isConfirmDue = true;
    while (this.#entries[this.#head]?.isDone && this.#entries[this.#head]?.isSent) {
      this.#entries[this.#head++] = undefined;
      this.#base++;
    }
    if (this.#unsent < this.#head) this.#unsent = this.#head;
    if (this.#head < COMPACT_AT && this.#head < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#unsent -= this.#head;
    this.#head = 0;
  }

  /** What was sent after a sequence number is to be sent again. Returns how many of it wait for an ack. */
  rewind(received: number): number {
    const index = Math.max(this.#head, this.#head + received + 1 - this.#base);
    let count = 0;
    for (let at = index; at < this.#unsent; at++) {
      const entry = this.#entries[at];
      if (entry === undefined || entry.isDone) continue;
      entry.isSent = false;
      count++;
    }
    this.#unsent = Math.min(this.#unsent, index);
    return count;
  }

  /** Takes a waiter's messages out: those not sent altogether. Returns the numbers of those under way. */
  abandon(waiter: Waiter): { readonly underWay: readonly number[]; readonly unsent: number } {
    const underWay: number[] = [];
    for (let at = this.#head; at < this.#unsent; at++) {
      const entry = this.#entries[at];
      if (entry && !entry.isDone && entry.waiter === waiter) underWay.push(this.#base + at - this.#head);
    }
    const kept = this.#entries.slice(this.#unsent).filter((entry) => entry?.waiter !== waiter);
    const unsent = this.#entries.length - this.#unsent - kept.length;
    this.#entries.splice(this.#unsent, Number.POSITIVE_INFINITY, ...kept);
    return { underWay, unsent };
  }

  /** Begins to count anew, as a new session does. Returns what was under way, and keeps what had not been sent. */
  restart(keeps: (entry: Entry) => boolean): Entry[] {
    const all = this.#entries.filter((entry) => entry !== undefined && !entry.isDone) as Entry[];
    const gone = all.filter((entry) => entry.isSent && !keeps(entry));
    this.#entries = all.filter((entry) => !gone.includes(entry));
    for (const entry of this.#entries) if (entry) entry.isSent = false;
    this.#head = 0;
    this.#base = 1;
    this.#unsent = 0;
    this.isOpen = false;
    this.isConfirmDue = false;
    return gone;
  }

  /** Takes everything out. */
  drain(): Entry[] {
    const all = this.#entries.filter((entry) => entry !== undefined && !entry.isDone) as Entry[];
    this.#entries = [];
    this.#head = 0;
    this.#unsent = 0;
    return all;
  }
}

/** What travels with an entry. */
export function headersOf(entry: Entry, nowMs: number): Headers | undefined {
  const { context, deliveries, key } = entry;
  if (context === undefined && deliveries === 0) return undefined;
  return {
    ...(context?.deadlineAtMs !== undefined && {
      deadlineMs: Math.max(0, Math.round(context.deadlineAtMs - nowMs)),
    }),
    ...(context?.chain && { chain: context.chain }),
    ...(deliveries > 0 && { deliveries }),
    ...(key !== undefined && { key }),
  };
}
