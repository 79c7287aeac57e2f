import type { Clock } from "../../core/clock.js";
import type { PeerLoad, SentTally } from "../counts.js";
import type { MeshLimits } from "../limits.js";
import type { Waiter } from "../waiter.js";
import { type Entry, headersOf, NOBODY, OutChannel } from "./out-channel.js";
import { MAX_CHANNELS, RECORD } from "./records.js";
import type { TurnWriter } from "./turn-writer.js";

/** Acks that a confirmation is told for: fewer are kept by the receiver for less than the record costs both ends. */
const RIDING_CONFIRMS = 16;

export interface OutMessagesOptions {
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tally: SentTally;
  readonly writer: TurnWriter;
  /** Whether messages may be handed to the link. */
  mayWrite(): boolean;
}

/** What a receiver admits. */
export interface Window {
  readonly window: number;
  readonly windowBytes: number;
}

/** The messages of a session that have no ack yet: which wait, which are under way, and how many more may be. */
export class OutMessages {
  readonly #options: OutMessagesOptions;
  readonly #channels = new Map<string, OutChannel>();
  readonly #byId: OutChannel[] = [];
  /** Channels with messages that wait for a link, or for room. */
  readonly #waiting = new Set<OutChannel>();
  readonly #confirmDue = new Set<OutChannel>();
  #window = 0;
  #windowBytes = 0;
  /** Messages from each channel's first without an ack to its last sent, and acks that the receiver must keep. */
  #outstanding = 0;
  /** Bytes of messages that were sent and have no ack. */
  #outstandingBytes = 0;
  #unconfirmed = 0;
  #unconfirmedBytes = 0;
  #queued = 0;

  constructor(options: OutMessagesOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#outstanding === 0 && this.#queued === 0;
  }

  /** Messages under way, how many may be, and messages that wait. */
  get load(): Pick<PeerLoad, "outstanding" | "window" | "queued"> {
    return { outstanding: this.#outstanding, window: this.#window, queued: this.#queued };
  }

  /** Channels that the receiver knows: number, name, and first sequence number without an ack. */
  get known(): (readonly [id: number, name: string, first: number])[] {
    return this.#byId.filter(({ isOpen }) => isOpen).map(({ id, name, first }) => [id, name, first]);
  }

  /** Whether a message of a channel would be handed to the link at once. */
  hasRoom(name: string): boolean {
    return this.#hasRoom && this.#channels.get(name)?.hasUnsent !== true;
  }

  /** Takes a message, and sends it if there is room. Returns why it does not. */
  add(name: string, entry: Entry): string | undefined {
    if (this.#queued >= this.#options.limits.queued) return `${this.#queued} messages wait already`;
    const channel = this.#channels.get(name) ?? this.#open(name);
    if (channel === undefined) return `it has ${MAX_CHANNELS} channels already`;
    channel.add(entry);
    if (this.#hasRoom && !this.#waiting.has(channel)) {
      this.#sendNext(channel);
    } else {
      this.#queued++;
      this.#waiting.add(channel);
    }
    return undefined;
  }

  /** Sends what waits, a message of each channel in turn, while there is room. */
  sendWaiting(): void {
    while (this.#waiting.size > 0) {
      for (const channel of this.#waiting) {
        if (!this.#hasRoom) return;
        const entry = this.#sendNext(channel);
        if (!channel.hasUnsent) this.#waiting.delete(channel);
        if (entry === undefined) continue;
        this.#queued--;
        entry.waiter.sent();
      }
    }
  }

  /** Takes out a waiter's messages that have not been sent. */
  abandon(name: string, waiter: Waiter): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    this.#queued -= channel.abandonUnsent(waiter);
    if (!channel.hasUnsent) this.#waiting.delete(channel);
  }

  /** Tells the receiver of messages under way that a waiter of a channel has abandoned. */
  cancel(name: string, waiter: Waiter): void {
    const channel = this.#channels.get(name);
    if (channel) this.#cancel(channel, (of) => of === waiter);
  }

  /** Takes the message of an ack. */
  finish(id: number, sequence: number, bytes: number): Entry | undefined {
    const channel = this.#byId[id];
    const entry = channel?.find(sequence);
    if (channel === undefined || entry === undefined) return undefined;
    const count = channel.finish(entry);
    this.#outstandingBytes -= entry.bytes;
    this.#unconfirmedBytes += bytes;
    if (count > 0) {
      this.#confirmDue.add(channel);
      this.#outstanding -= count;
      this.#unconfirmed += count;
    }
    return entry;
  }

  /** Whether so many acks are here that it is worth a record to ride along. */
  get mayConfirm(): boolean {
    return this.#unconfirmed >= RIDING_CONFIRMS;
  }

  /** Whether the receiver keeps so many acks that it should be told soon which are here. */
  get mustConfirm(): boolean {
    const isMuch = this.#unconfirmed * 2 >= this.#window || this.#unconfirmedBytes * 2 >= this.#windowBytes;
    return isMuch && this.#confirmDue.size > 0;
  }

  /** Tells the receiver which acks are here. */
  confirm(): void {
    for (const channel of this.#confirmDue)
      this.#options.writer.record.numbers(RECORD.confirm, channel.id, channel.first - 1);
    this.unlinked();
  }

  /** There is no link, and the next hello will say which acks are here. */
  unlinked(): void {
    this.#confirmDue.clear();
    this.#unconfirmed = 0;
    this.#unconfirmedBytes = 0;
  }

  /** The receiver has a channel's messages up to a number; the rest is sent again. */
  rewind(id: number, received: number): void {
    const channel = this.#byId[id];
    if (channel === undefined) return;
    const { taken, bytes, waiting } = channel.rewind(received);
    this.#outstanding -= taken;
    this.#outstandingBytes -= bytes;
    this.#queued += waiting;
    this.#options.tally.repeats += waiting;
    if (channel.hasUnsent) this.#waiting.add(channel);
  }

  /** The receiver goes on, and has this of each channel; a channel that is not named it does not know. */
  resume(received: ReadonlyMap<number, number>): void {
    for (const { id, first } of this.#byId) this.rewind(id, received.get(id) ?? first - 1);
  }

  /** There is a link to a receiver that admits so much. */
  begin({ window, windowBytes }: Window): void {
    this.#window = Math.max(1, Math.min(window, this.#options.limits.outstanding));
    this.#windowBytes = Math.max(1, windowBytes);
    for (const channel of this.#byId) {
      channel.callers = NOBODY;
      this.#cancel(channel, (of) => of.isGone); // what was taken back while there was no link
    }
    this.sendWaiting();
  }

  /**
   * The receiver knows nothing of before.
   *
   * @param session Its name for the session that it does not go on with.
   * @returns What may have run, or not.
   */
  restart(session: string): Entry[] {
    this.unlinked();
    this.#outstanding = 0;
    this.#outstandingBytes = 0;
    this.#queued = 0;
    this.#waiting.clear();
    return this.#byId.flatMap((channel) => {
      const lost = channel.restart((sequence) => `${session}/${channel.id}/${sequence}`);
      this.#queued += channel.unsentCount;
      if (channel.hasUnsent) this.#waiting.add(channel);
      return lost;
    });
  }

  /** Takes everything out. */
  drain(): { readonly channel: string; readonly entry: Entry }[] {
    return this.#byId.flatMap((channel) =>
      channel.drain().map((entry) => ({ channel: channel.name, entry })),
    );
  }

  get #hasRoom(): boolean {
    return (
      this.#outstanding < this.#window &&
      this.#outstandingBytes < this.#windowBytes &&
      this.#options.mayWrite()
    );
  }

  #open(name: string): OutChannel | undefined {
    if (this.#byId.length >= MAX_CHANNELS) return undefined;
    const channel = new OutChannel(this.#byId.length, name);
    this.#byId.push(channel);
    this.#channels.set(name, channel);
    return channel;
  }

  /** Writes the channel's next message. Returns it. */
  #sendNext(channel: OutChannel): Entry | undefined {
    const entry = channel.takeUnsent();
    if (entry === undefined) return undefined;
    const writer = this.#options.writer.record;
    if (!channel.isOpen) {
      channel.isOpen = true;
      writer.open(channel.id, channel.name);
    }
    const callers = entry.context?.chain ?? NOBODY;
    if (callers !== channel.callers && !isSame(callers, channel.callers)) writer.chain(channel.id, callers);
    channel.callers = callers;
    const before = writer.length;
    writer.message(channel.id, channel.lastSent, entry.payload, headersOf(entry, this.#options.clock));
    entry.bytes = writer.length - before;
    this.#outstanding++;
    this.#outstandingBytes += entry.bytes;
    if (entry.deliveries > 0) this.#options.tally.repeats++;
    return entry;
  }

  #cancel(channel: OutChannel, isOf: (waiter: Waiter) => boolean): void {
    for (const sequence of channel.underWay(isOf))
      this.#options.writer.record.numbers(RECORD.cancel, channel.id, sequence);
  }
}

function isSame(callers: readonly string[], others: readonly string[]): boolean {
  return callers.length === others.length && callers.every((caller, index) => caller === others[index]);
}
