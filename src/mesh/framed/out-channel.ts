import type { Clock } from "../../core/clock.js";
import type { Payload } from "../payload.js";
import type { TraceContext } from "../trace.js";
import type { Waiter } from "../waiter.js";
import { DEFAULT_DEADLINE_MS, type Headers } from "./records.js";

/** A message on its way, until its ack is here. */
export class Entry {
  readonly payload: Payload;
  readonly waiter: Waiter;
  /** Which of its waiter's messages it is. */
  readonly ticket: number;
  readonly context: MessageContext | undefined;
  /** Whether it has been written to a link of the present session. */
  isSent = false;
  isDone = false;
  /** What it takes of the window's bytes while it is under way. */
  bytes = 0;
  /** How often it may have been delivered to a receiver that has died since. */
  deliveries: number;
  /** The same for every delivery; set when it is delivered again. */
  key: string | undefined;

  constructor(payload: Payload, waiter: Waiter, ticket: number, context: MessageContext | undefined) {
    this.payload = payload;
    this.waiter = waiter;
    this.ticket = ticket;
    this.context = context;
    this.deliveries = context?.deliveries ?? 0;
    this.key = context?.key;
  }
}

/** What a message inherits from the handler that sends it. */
export interface MessageContext {
  /** When its sender stops waiting, on the clock, in milliseconds. */
  readonly deadlineAtMs?: number;
  /** Nodes and channels whose handlers wait for it, outermost first. */
  readonly chain?: readonly string[];
  /** Deliver it again to a receiver that may have died after it ran. */
  readonly repeats?: boolean;
  /** For a message that is passed on: how often it may have been delivered before, and its key. */
  readonly deliveries?: number;
  readonly key?: string;
  readonly trace?: TraceContext;
}

/** Callers of what no handler waits for. */
export const NOBODY: readonly string[] = [];

/** Deadlines that differ from the default by less are not sent, in milliseconds: a text for each message costs more. */
const NEARLY_DEFAULT_MS = 1_000;

/** Entries that are done are cut off the front at once when there are so many. */
const COMPACT_AT = 1_024;

/** A channel to one target: its messages without an ack, in order, numbered from 1. */
export class OutChannel {
  readonly id: number;
  readonly name: string;
  /** Whether the receiver knows its number, in the present session. */
  isOpen = false;
  /** Which handlers the receiver believes to wait for what follows, on the present link. */
  callers = NOBODY;
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

  /** Takes the first entry that has not been sent; its number is `lastSent`. */
  takeUnsent(): Entry | undefined {
    while (this.#unsent < this.#entries.length) {
      const entry = this.#entries[this.#unsent++];
      if (entry === undefined || entry.isDone) continue;
      entry.isSent = true;
      return entry;
    }
    return undefined;
  }

  /** Sequence number of the entry that was taken last. */
  get lastSent(): number {
    return this.#base + this.#unsent - this.#head - 1;
  }

  /** The entry of a sequence number, if it was sent and has no ack yet. */
  find(sequence: number): Entry | undefined {
    const entry = this.#entries[this.#head + sequence - this.#base];
    return entry?.isSent && !entry.isDone ? entry : undefined;
  }

  /** Takes note that an entry is done. Returns by how many messages the first without an ack moved. */
  finish(entry: Entry): number {
    entry.isDone = true;
    const before = this.#base;
    while (this.#entries[this.#head]?.isDone) {
      this.#entries[this.#head++] = undefined;
      this.#base++;
    }
    if (this.#head >= COMPACT_AT || this.#head === this.#entries.length) this.#compact();
    return this.#base - before;
  }

  /**
   * What was sent after a sequence number is to be sent again, unless nobody waits for it any more. The receiver has
   * none of it, so that its numbers are free.
   *
   * @returns How many messages were under way and are not any more, their bytes, and how many wait to be sent.
   */
  rewind(received: number): { readonly taken: number; readonly bytes: number; readonly waiting: number } {
    const index = Math.max(this.#head, this.#head + received + 1 - this.#base);
    if (index >= this.#unsent) return { taken: 0, bytes: 0, waiting: 0 };
    const rewound = this.#entries.slice(index, this.#unsent);
    const again = rewound.filter((entry) => entry !== undefined && !entry.isDone && !entry.waiter.isGone);
    for (const entry of again) if (entry) entry.isSent = false;
    this.#entries = [...this.#entries.slice(0, index), ...again, ...this.#entries.slice(this.#unsent)];
    this.#unsent = index;
    const bytes = rewound.reduce((sum, entry) => sum + (entry?.isDone === false ? entry.bytes : 0), 0);
    return { taken: rewound.length, bytes, waiting: again.length };
  }

  /** Takes out a waiter's messages that have not been sent. Returns their number. */
  abandonUnsent(waiter: Waiter): number {
    if (!this.hasUnsent) return 0;
    const before = this.#entries.length;
    const kept = this.#entries.slice(this.#unsent).filter((entry) => entry?.waiter !== waiter);
    this.#entries.splice(this.#unsent, Number.POSITIVE_INFINITY, ...kept);
    return before - this.#entries.length;
  }

  /** Numbers of the messages under way of certain waiters. */
  underWay(isOf: (waiter: Waiter) => boolean): number[] {
    const numbers: number[] = [];
    for (let at = this.#head; at < this.#unsent; at++) {
      const entry = this.#entries[at];
      if (entry && !entry.isDone && isOf(entry.waiter)) numbers.push(this.#base + at - this.#head);
    }
    return numbers;
  }

  /**
   * Begins to count anew, as a new session does. Keeps what had not been sent, and what may be delivered again.
   *
   * @param keyOf What the receiver told its handler of a message by its number.
   * @returns What was under way and is not kept.
   */
  restart(keyOf: (sequence: number) => string): Entry[] {
    const gone: Entry[] = [];
    const kept: Entry[] = [];
    for (let at = this.#head; at < this.#entries.length; at++) {
      const entry = this.#entries[at];
      if (entry === undefined || entry.isDone) continue;
      if (entry.isSent && (!entry.context?.repeats || entry.waiter.isGone)) {
        gone.push(entry);
        continue;
      }
      if (entry.isSent) {
        entry.key ??= keyOf(this.#base + at - this.#head);
        entry.deliveries++;
      }
      entry.isSent = false;
      kept.push(entry);
    }
    this.#entries = kept;
    this.#head = 0;
    this.#base = 1;
    this.#unsent = 0;
    this.isOpen = false;
    return gone;
  }

  /** Takes everything out. */
  drain(): Entry[] {
    const all = this.#entries.filter((entry) => entry !== undefined).filter(({ isDone }) => !isDone);
    this.#entries = [];
    this.#head = 0;
    this.#unsent = 0;
    return all;
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#unsent -= this.#head;
    this.#head = 0;
  }
}

/** What travels with an entry. */
export function headersOf(entry: Entry, clock: Clock): Headers | undefined {
  const { context, deliveries, key } = entry;
  if (context === undefined && deliveries === 0) return undefined;
  const deadlineMs = deadlineOf(context, clock);
  const hasOther = deliveries > 0 || key !== undefined || context?.trace !== undefined;
  if (deadlineMs === undefined && !hasOther) return undefined;
  return {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(deliveries > 0 && { deliveries }),
    ...(key !== undefined && { key }),
    ...context?.trace,
  };
}

function deadlineOf(context: MessageContext | undefined, clock: Clock): number | undefined {
  if (context?.deadlineAtMs === undefined) return undefined;
  const leftMs = Math.max(0, Math.round(context.deadlineAtMs - clock.now()));
  return Math.abs(leftMs - DEFAULT_DEADLINE_MS) < NEARLY_DEFAULT_MS ? undefined : leftMs;
}
