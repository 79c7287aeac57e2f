import type { Clock } from "../../core/clock.js";
import type { ReceivedTally } from "../counts.js";
import type { EventHeaders } from "../event.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { Payload } from "../payload.js";
import type { EventExchange, EventInput, EventOutput } from "./event-exchange.js";
import type { FrameLink } from "./frame-link.js";
import { type FrameSink, readFrame } from "./frame-reader.js";
import type { FrameWriter } from "./frame-writer.js";
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
import type { InLink } from "./in-link.js";
import { InRuns, type InRunsOwner } from "./in-runs.js";
import { type Headers, type Hello, type Interest, MAX_CHANNELS, RECORD, type Welcome } from "./records.js";
import { TurnWriter } from "./turn-writer.js";

export interface InSessionOptions {
  readonly node: string;
  readonly boot: string;
  readonly handler: Handler;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tally: ReceivedTally;
  /** Where events of its links go to and come from. */
  readonly events?: EventExchange | undefined;
  readonly schedule: (callback: () => void) => void;
  /** Whether a sender, by its name, may use a channel; any may where it is left out. */
  mayTake?(from: string, channel: string): boolean;
  /** Whether a sender, by its name, may publish on a subject; all may where it is left out. */
  mayPublish?(from: string, subject: string): boolean;
  /** Takes note of what a sender may not. */
  refused?(from: string, peer: string, reason: string): void;
  /** A session runs nothing, and nothing of it waits any more. */
  readonly idle: () => void;
  /** A sender has ended its session. */
  readonly left: (sender: string) => void;
}

/** Whose session it is. */
export interface Visitor {
  readonly sender: string;
  readonly from: string;
  readonly peer: string;
  readonly number: number;
}

/**
 * The receiver's half of a session with one sender. It runs each message once, in order within a channel, and
 * keeps each ack until the sender has it, so that a message that comes again after a broken link is answered and not
 * run again.
 */
export class InSession implements FrameSink, InRunsOwner, InChannelOwner, EventOutput {
  /** Random, made by the sender. */
  readonly sender: string;
  /** Name of the sender's node, which it may have had to prove; empty where it gave none. */
  readonly from: string;
  /** Whose session it is, as far as the network tells. */
  readonly peer: string;
  /** What it is linked by, and else what calls off that it is forgotten: for whoever keeps the sessions of a node. */
  mooring: InLink | undefined;
  stopKeeping: (() => void) | undefined;
  /** Which of its receiver's sessions it is. */
  readonly #number: number;
  readonly #options: InSessionOptions;
  /** By number: with holes, where a sender leaves some out. */
  #channels: InChannel[] = [];
  readonly #runs: InRuns;
  readonly #writer: TurnWriter;
  #link: FrameLink | undefined;
  /** Hears the events of the link. */
  #events: EventInput | undefined;
  /** Messages that arrived and are not confirmed, and the bytes of their acks. */
  #held = 0;
  #keptBytes = 0;
  /** Something may wait because the link was full, or because too much was kept. */
  #isHeldUp = false;
  #isLeaving = false;
  #callersUnits = 0;
  /** When the frame arrived that is being read, on the clock, in milliseconds. */
  #nowMs = 0;

  /** @param options The same for all sessions of a node. */
  constructor({ sender, from, peer, number }: Visitor, options: InSessionOptions) {
    this.sender = sender;
    this.from = from;
    this.peer = peer;
    this.#number = number;
    this.#options = options;
    this.#writer = new TurnWriter(options.schedule);
    this.#runs = new InRuns(options, this);
  }

  /** Names the session to its sender. Made when it is asked for: there are thousands. */
  get id(): string {
    return `${this.#options.boot}.${this.#number}`;
  }

  get node(): string {
    return this.#options.node;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get isIdle(): boolean {
    return this.#runs.isIdle;
  }

  /** What it takes of memory, about. */
  get heldBytes(): number {
    return this.#runs.bytes + this.#keptBytes + this.#channels.length * CHANNEL_BYTES;
  }

  /** Messages that run, that wait, and whose acks are not confirmed. */
  get load(): { readonly running: number; readonly waiting: number; readonly held: number } {
    return { running: this.#runs.running, waiting: this.#runs.waiting, held: this.#held };
  }

  /** Goes on over a link, in place of the one before, from where the sender says it is. */
  attach(link: FrameLink, hello: Hello, resumed: boolean): void {
    this.#link?.close();
    this.#unlinkEvents();
    this.#link = link;
    this.#writer.attach(link);
    for (const [id, name] of hello.channels) this.#meet(id, name);
    for (const channel of this.#known) channel.setCallers([], 0);
    this.#callersUnits = 0;
    const welcome: Welcome = {
      version: 1,
      node: this.#options.node,
      boot: this.#options.boot,
      ...(this.#options.events && { process: this.#options.events.processOf(this.#options.node) }),
      session: this.id,
      resumed,
      channels: this.#known.map(({ id, received }) => [id, received]),
      window: this.#options.limits.outstanding,
      windowBytes: WINDOW_BYTES,
    };
    this.#writer.record.json(RECORD.welcome, welcome);
    for (const [id, , first] of hello.channels) this.#repeatAcks(id, first);
    this.room();
  }

  /** The link broke; the session waits for another. */
  detach(): void {
    this.#unlinkEvents();
    this.#link = undefined;
    this.#writer.attach(undefined);
  }

  /**
   * Reads one frame.
   *
   * @param nowMs When it arrived, on the clock, in milliseconds.
   * @throws {CircuitError} `MESSAGE_INVALID` for what a sender may not say; the link is then to be closed.
   */
  take(frame: Uint8Array, nowMs: number): void {
    this.#nowMs = Math.floor(nowMs);
    this.#runs.timeNext(nowMs);
    readFrame(frame, this);
  }

  /** A full link may have room again. */
  room(): void {
    if (!this.#isHeldUp || !this.mayRun()) return;
    this.#isHeldUp = false;
    for (const channel of this.#known) this.#runs.run(channel);
  }

  /** Refuses what has not begun and what still comes; what runs goes on. */
  leave(): void {
    this.#isLeaving = true;
    for (const channel of this.#known) {
      const before = channel.received;
      const first = this.#runs.giveBack(channel);
      if (first === undefined) continue;
      this.#held -= before - channel.received;
      this.#options.tally.turnedAway++;
      if (this.#link) this.#refuse(channel, first);
    }
  }

  /** Says that all is answered and the link is about to close. */
  sayBye(): void {
    if (!this.#link) return;
    this.#writer.record.json(RECORD.bye, { retryMs: LEAVING_RETRY_MS });
    this.#writer.flush();
  }

  /** Ends: runs nothing more, and tells what runs that nobody waits. Idempotent. */
  close(): void {
    this.#runs.stop(this.#known);
    this.#link?.close();
    this.detach();
  }

  /** See `FrameSink`, also for those that follow. */
  json(type: number): void {
    if (type !== RECORD.bye) throw unexpected("a second greeting");
    this.#options.left(this.sender);
  }

  open(id: number, name: string): void {
    this.#meet(id, name);
  }

  chain(id: number, callers: readonly string[]): void {
    const channel = this.#channels[id];
    if (channel === undefined) return;
    const units = callers.reduce((sum, caller) => sum + caller.length, callers.length);
    this.#callersUnits += units - channel.setCallers(callers, units);
    if (this.#callersUnits > MOST_CALLERS_UNITS) throw unexpected("more callers than there can be");
  }

  ack(): void {
    throw unexpected("an ack from a sender");
  }

  failure(): void {
    throw unexpected("a failure from a sender");
  }

  interest({ process, patterns }: Interest): void {
    this.#events ??= this.#options.events?.join(this, {
      process,
      node: this.from === "" ? undefined : this.from,
      isProven: this.from !== "",
      own: this.#options.node,
    });
    this.#events?.interest(patterns);
  }

  event(subject: string, data: Payload, headers: EventHeaders | undefined, bytes: number): void {
    const { mayPublish, refused } = this.#options;
    if (mayPublish?.(this.from, subject) === false)
      refused?.(this.from, this.peer, `it may not publish on ${JSON.stringify(subject)}`);
    else this.#events?.event(subject, data, headers, bytes);
  }

  /** See `EventOutput`. */
  get isFull(): boolean {
    return this.#link?.isFull !== false;
  }

  /** See `EventOutput`. */
  get record(): FrameWriter {
    return this.#writer.record;
  }

  #unlinkEvents(): void {
    this.#events?.ended();
    this.#events = undefined;
  }

  get #known(): InChannel[] {
    return this.#channels.filter(() => true); // holes are left out
  }

  #meet(id: number, name: string): void {
    if (this.#channels[id]) return;
    if (id >= MAX_CHANNELS) throw unexpected(`a channel whose number is not below ${MAX_CHANNELS}`);
    if (Buffer.byteLength(name) > this.#options.limits.channelBytes)
      throw unexpected("a channel whose name is too long");
    const channel = new InChannel(id, name, this);
    const { mayTake, refused } = this.#options;
    channel.isForbidden = mayTake?.(this.from, name) === false;
    if (channel.isForbidden) refused?.(this.from, this.peer, `it may not send to ${JSON.stringify(name)}`);
    // Most have one; an array that grows takes room for seventeen at once.
    if (id === 0 && this.#channels.length === 0) this.#channels = [channel];
    else this.#channels[id] = channel;
  }

  message(id: number, sequence: number, message: Payload, headers: Headers | undefined, bytes: number): void {
    const { limits } = this.#options;
    const channel = this.#channels[id];
    if (channel === undefined) throw unexpected("a message on a channel that was not opened");
    if (sequence <= channel.received) {
      this.#options.tally.repeats++;
      const ack = channel.find(sequence);
      if (ack !== undefined && this.#link?.isFull === false) this.#write(channel, sequence, ack);
      return;
    }
    if (sequence > channel.received + 1 || this.#isLeaving) {
      this.#turnAway(channel, sequence);
      return;
    }
    // A window under way, and a window of acks that have not been confirmed yet.
    if (this.#runs.waiting >= limits.outstanding || this.#held >= 2 * limits.outstanding)
      throw unexpected("more messages than it was granted");
    if (this.#runs.bytes >= WINDOW_BYTES) throw unexpected("more bytes than it was granted");
    if (bytes > limits.frameBytes + MOST_HEADERS_BYTES) throw unexpected(`a message of ${bytes} bytes`);
    channel.isDeaf = false;
    channel.received = sequence;
    this.#held++;
    this.#options.tally.messages++;
    if (channel.isForbidden) {
      const reason = `${this.node} takes nothing from it on channel ${JSON.stringify(channel.name)}`;
      this.answered(channel, sequence, new FailedAck({ code: "DENIED", reason }));
      return;
    }
    const { place } = channel;
    this.#runs.add(channel, new InDelivery(place, sequence, message, headers, this.#nowMs, bytes));
  }

  /** Says once why messages are not taken, and ignores what follows until the sender has heard. */
  #turnAway(channel: InChannel, sequence: number): void {
    if (channel.isDeaf) return;
    this.#options.tally.turnedAway++;
    if (this.#isLeaving) {
      this.#refuse(channel, Math.min(sequence, channel.received + 1));
      return;
    }
    channel.isDeaf = true;
    this.#writer.record.numbers(RECORD.resume, channel.id, channel.received);
  }

  #refuse(channel: InChannel, first: number): void {
    channel.isDeaf = true;
    this.#writer.record.numbers(RECORD.refuse, channel.id, first, LEAVING_RETRY_MS);
  }

  /** See `InRunsOwner`. */
  mayRun(): boolean {
    if (this.#keptBytes < WINDOW_BYTES && this.#link?.isFull !== true) return true;
    this.#isHeldUp = true;
    return false;
  }

  /** See `InRunsOwner`. */
  answered(channel: InChannel, sequence: number, ack: KeptAck): void {
    const { tally } = this.#options;
    if (ack instanceof FailedAck) tally.failures.add(ack.failure.code);
    else tally.acks++;
    this.#keptBytes += channel.keep(sequence, ack);
    this.#write(channel, sequence, ack);
  }

  #write(channel: InChannel, sequence: number, ack: KeptAck): void {
    if (!this.#link) return;
    const writer = this.#writer.record;
    if (ack instanceof FailedAck) writer.failure(channel.id, sequence, ack.failure);
    else writer.ack(channel.id, sequence, ack);
  }

  #repeatAcks(id: number, first: number): void {
    const channel = this.#channels[id];
    if (channel === undefined) return;
    this.#confirm(channel, first - 1);
    channel.isDeaf = false;
    for (const [sequence, ack] of channel.keptFrom(first)) this.#write(channel, sequence, ack);
  }

  numbers(type: number, first: number, second: number): void {
    // A peer that asks and does not read gets no answers to keep for it.
    if (type === RECORD.ping && this.#link?.isFull === false) this.#writer.record.numbers(RECORD.pong, first);
    if (type === RECORD.pong) this.#events?.pong(first);
    const channel = this.#channels[first];
    if (channel === undefined) return;
    if (type === RECORD.confirm) {
      this.#confirm(channel, second);
      this.room();
    }
    if (type === RECORD.cancel) this.#runs.cancel(channel, second);
  }

  #confirm(channel: InChannel, sequence: number): void {
    const { messages, bytes } = channel.confirm(sequence);
    this.#held -= messages;
    this.#keptBytes -= bytes;
  }
}
