import type { Clock } from "../../core/clock.js";
import type { Payload } from "../payload.js";
import type { FrameLink } from "./frame-link.js";
import { FailedAck, InChannel, type InChannelOwner, type KeptAck } from "./in-channel.js";
import { InDelivery } from "./in-delivery.js";
import {
  CHANNEL_BYTES,
  LEAVING_RETRY_MS,
  MOST_CALLERS_UNITS,
  MOST_HEADERS_BYTES,
  unexpected,
  WINDOW_BYTES,
} from "./in-limits.js";
import { InRuns, type InRunsOwner } from "./in-runs.js";
import type { Receiver } from "./receiver.js";
import { type Headers, MAX_CHANNELS, RECORD } from "./records.js";
import { TurnWriter } from "./turn-writer.js";

/** Whose session it is. */
export interface Visitor {
  readonly sender: string;
  readonly from: string;
  readonly peer: string;
  readonly number: number;
}

export interface InSessionOptions extends Receiver {
  /** A session runs nothing, and nothing of it waits any more. */
  readonly idle: () => void;
  /** A sender has ended its session. */
  readonly left: (sender: string) => void;
}

/**
 * The messages of a session, as its receiver has them: what arrived is run once, answered, and the answer kept until it
 * is confirmed, within the bounds of a window; what comes again or too early is not run. Part of `InSession`, and not an
 * object beside it, because there are thousands and a message must not go through one more.
 */
export abstract class InMessages implements InRunsOwner, InChannelOwner {
  /** Random, made by the sender. */
  readonly sender: string;
  /** Name of the sender's node, which it may have had to prove; empty where it gave none. */
  readonly from: string;
  /** Whose session it is, as far as the network tells. */
  readonly peer: string;
  /** Whether the sender has proved its name on the present link. */
  isProven = false;
  /** Which of its receiver's sessions it is. */
  readonly #number: number;
  protected readonly options: InSessionOptions;
  /** By number: with holes, where a sender leaves some out. */
  #channels: InChannel[] = [];
  protected readonly runs: InRuns;
  protected readonly writer: TurnWriter;
  protected link: FrameLink | undefined;
  /** Messages that arrived and are not confirmed, and the bytes of their acks. */
  #held = 0;
  #keptBytes = 0;
  /** Something may wait because the link was full, or because too much was kept. */
  #isHeldUp = false;
  #isLeaving = false;
  #callersUnits = 0;
  /** When the frame arrived that is being read, on the clock, in milliseconds. */
  protected nowMs = 0;

  /** @param options The same for all sessions of a node. */
  constructor({ sender, from, peer, number }: Visitor, options: InSessionOptions) {
    this.sender = sender;
    this.from = from;
    this.peer = peer;
    this.#number = number;
    this.options = options;
    this.writer = new TurnWriter(options.schedule);
    this.runs = new InRuns(options, this);
  }

  /** Names the session to its sender. Made when it is asked for: there are thousands. */
  get id(): string {
    return `${this.options.boot}.${this.#number}`;
  }

  get node(): string {
    return this.options.node;
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get isIdle(): boolean {
    return this.runs.isIdle;
  }

  /** What it takes of memory, about. */
  get heldBytes(): number {
    return this.runs.bytes + this.#keptBytes + this.#channels.length * CHANNEL_BYTES;
  }

  /** Messages that run, that wait, and whose acks are not confirmed. */
  get load(): { readonly running: number; readonly waiting: number; readonly held: number } {
    return { running: this.runs.running, waiting: this.runs.waiting, held: this.#held };
  }

  /** A full link may have room again. */
  room(): void {
    if (!this.#isHeldUp || !this.mayRun()) return;
    this.#isHeldUp = false;
    for (const channel of this.channels) this.runs.run(channel);
  }

  /** Refuses what has not begun and what still comes; what runs goes on. */
  leave(): void {
    this.#isLeaving = true;
    for (const channel of this.channels) {
      const before = channel.received;
      const first = this.runs.giveBack(channel);
      if (first === undefined) continue;
      this.#held -= before - channel.received;
      this.options.tally.turnedAway++;
      if (this.link) this.#refuse(channel, first);
    }
  }

  /** See `FrameSink`, also for those that follow. */
  open(id: number, name: string): void {
    if (this.#channels[id]) return;
    if (id >= MAX_CHANNELS) throw unexpected(`a channel whose number is not below ${MAX_CHANNELS}`);
    if (Buffer.byteLength(name) > this.options.limits.channelBytes)
      throw unexpected("a channel whose name is too long");
    const channel = new InChannel(id, name, this);
    const { mayTake, refused } = this.options;
    channel.isForbidden = mayTake?.(this.from, name) === false;
    if (channel.isForbidden) refused?.(this.from, this.peer, `it may not send to ${JSON.stringify(name)}`);
    // Most have one; an array that grows takes room for seventeen at once.
    if (id === 0 && this.#channels.length === 0) this.#channels = [channel];
    else this.#channels[id] = channel;
  }

  chain(id: number, callers: readonly string[]): void {
    const channel = this.#channels[id];
    if (channel === undefined) return;
    const units = callers.reduce((sum, caller) => sum + caller.length, callers.length);
    this.#callersUnits += units - channel.setCallers(callers, units);
    if (this.#callersUnits > MOST_CALLERS_UNITS) throw unexpected("more callers than there can be");
  }

  message(id: number, sequence: number, message: Payload, headers: Headers | undefined, bytes: number): void {
    const { limits } = this.options;
    const channel = this.#channels[id];
    if (channel === undefined) throw unexpected("a message on a channel that was not opened");
    if (sequence <= channel.received) {
      this.options.tally.repeats++;
      const ack = channel.find(sequence);
      if (ack !== undefined && this.link?.isFull === false) this.#write(channel, sequence, ack);
      return;
    }
    if (sequence > channel.received + 1 || this.#isLeaving) {
      this.#turnAway(channel, sequence);
      return;
    }
    // A window under way, and a window of acks that have not been confirmed yet.
    if (this.runs.waiting >= limits.outstanding || this.#held >= 2 * limits.outstanding)
      throw unexpected("more messages than it was granted");
    if (this.runs.bytes >= WINDOW_BYTES) throw unexpected("more bytes than it was granted");
    if (bytes > limits.frameBytes + MOST_HEADERS_BYTES) throw unexpected(`a message of ${bytes} bytes`);
    channel.isDeaf = false;
    channel.received = sequence;
    this.#held++;
    this.options.tally.messages++;
    if (channel.isForbidden) {
      const reason = `${this.node} takes nothing from it on channel ${JSON.stringify(channel.name)}`;
      this.answered(channel, sequence, new FailedAck({ code: "DENIED", reason }));
      return;
    }
    const { place } = channel;
    this.runs.add(channel, new InDelivery(place, sequence, message, headers, this.nowMs, bytes));
  }

  /** Says once why messages are not taken, and ignores what follows until the sender has heard. */
  #turnAway(channel: InChannel, sequence: number): void {
    if (channel.isDeaf) return;
    this.options.tally.turnedAway++;
    if (this.#isLeaving) {
      this.#refuse(channel, Math.min(sequence, channel.received + 1));
      return;
    }
    channel.isDeaf = true;
    this.writer.record.numbers(RECORD.resume, channel.id, channel.received);
  }

  #refuse(channel: InChannel, first: number): void {
    channel.isDeaf = true;
    this.writer.record.numbers(RECORD.refuse, channel.id, first, LEAVING_RETRY_MS);
  }

  /** See `InRunsOwner`. */
  mayRun(): boolean {
    if (this.#keptBytes < WINDOW_BYTES && this.link?.isFull !== true) return true;
    this.#isHeldUp = true;
    return false;
  }

  /** See `InRunsOwner`. */
  answered(channel: InChannel, sequence: number, ack: KeptAck): void {
    const { tally } = this.options;
    if (ack instanceof FailedAck) tally.failures.add(ack.failure.code);
    else tally.acks++;
    this.#keptBytes += channel.keep(sequence, ack);
    this.#write(channel, sequence, ack);
  }

  #write(channel: InChannel, sequence: number, ack: KeptAck): void {
    if (!this.link) return;
    const writer = this.writer.record;
    if (ack instanceof FailedAck) writer.failure(channel.id, sequence, ack.failure);
    else writer.ack(channel.id, sequence, ack);
  }

  /** On a new link nobody waits for messages, until their sender says so. */
  protected forgetCallers(): void {
    for (const channel of this.channels) channel.setCallers([], 0);
    this.#callersUnits = 0;
  }

  /** Writes the acks from a number on that are there already; the sender has those before it. */
  protected repeatAcks(id: number, first: number): void {
    const channel = this.#channels[id];
    if (channel === undefined) return;
    this.#confirm(channel, first - 1);
    channel.isDeaf = false;
    for (const [sequence, ack] of channel.keptFrom(first)) this.#write(channel, sequence, ack);
  }

  /** Every ack up to this one is with the sender, which takes more again. */
  protected confirmed(id: number, sequence: number): void {
    const channel = this.#channels[id];
    if (channel === undefined) return;
    this.#confirm(channel, sequence);
    this.room();
  }

  protected cancelled(id: number, sequence: number): void {
    const channel = this.#channels[id];
    if (channel) this.runs.cancel(channel, sequence);
  }

  #confirm(channel: InChannel, sequence: number): void {
    const { messages, bytes } = channel.confirm(sequence);
    this.#held -= messages;
    this.#keptBytes -= bytes;
  }

  protected get channels(): InChannel[] {
    return this.#channels.filter(() => true); // holes are left out
  }
}
