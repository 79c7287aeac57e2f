import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { Payload } from "../payload.js";
import type { FrameLink } from "./frame-link.js";
import { type FrameSink, readFrame } from "./frame-reader.js";
import { InChannel, type KeptAck } from "./in-channel.js";
import { InDelivery } from "./in-delivery.js";
import { InRuns } from "./in-runs.js";
import { type Headers, type Hello, MAX_CHANNELS, RECORD, type Welcome } from "./records.js";
import { TurnWriter } from "./turn-writer.js";

/** When a node that leaves wants its senders to look for it again, in milliseconds. */
export const LEAVING_RETRY_MS = 250;

/**
 * Bytes of acks that are kept for one sender, beyond which nothing of it runs until it has confirmed some: 64 of the
 * longest. It confirms when it has half of them.
 */
const MOST_KEPT_BYTES = 4_194_304;

export interface InSessionOptions {
  readonly node: string;
  readonly boot: string;
  readonly handler: Handler;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly schedule: (callback: () => void) => void;
  /** Whether the sender may use a channel; any where it is left out. */
  mayTake?(channel: string): boolean;
  /** Takes note of what it may not. */
  refused?(reason: string): void;
  /** Nothing runs and nothing waits any more. */
  readonly idle: () => void;
  /** The sender has ended the session. */
  readonly left: () => void;
}

/**
 * The receiver's half of a session with one sender. It runs each message once, in order within a channel, and
 * keeps each ack until the sender has it, so that a message that comes again after a broken link is answered and not
 * run again.
 */
export class InSession {
  readonly #options: InSessionOptions;
  /** Names the session to its sender. */
  readonly #id = crypto.randomUUID();
  readonly #channels = new Map<number, InChannel>();
  readonly #runs: InRuns;
  readonly #writer: TurnWriter;
  #link: FrameLink | undefined;
  /** Messages that arrived and are not confirmed, and the bytes of their acks. */
  #held = 0;
  #keptBytes = 0;
  /** Something may wait because the link was full, or because too much was kept. */
  #isHeldUp = false;
  #isLeaving = false;

  constructor(options: InSessionOptions) {
    this.#options = options;
    this.#writer = new TurnWriter(options.schedule);
    this.#runs = new InRuns({
      ...options,
      mayRun: () => this.#mayRun(),
      answered: (channel, sequence, ack) => this.#answered(channel, sequence, ack),
    });
  }

  get isIdle(): boolean {
    return this.#runs.isIdle;
  }

  /** Goes on over a link, in place of the one before, from where the sender says it is. */
  attach(link: FrameLink, hello: Hello, resumed: boolean): void {
    this.#link?.close();
    this.#link = link;
    this.#writer.attach(link);
    for (const [id, name] of hello.channels) this.#meet(id, name);
    const welcome: Welcome = {
      version: 1,
      node: this.#options.node,
      boot: this.#options.boot,
      session: this.#id,
      resumed,
      channels: [...this.#channels.values()].map(({ id, received }) => [id, received]),
      window: this.#options.limits.outstanding,
      windowBytes: MOST_KEPT_BYTES,
    };
    this.#writer.record.json(RECORD.welcome, welcome);
    for (const [id, , first] of hello.channels) this.#repeatAcks(id, first);
    this.room();
  }

  /** The link broke; the session waits for another. */
  detach(): void {
    this.#link = undefined;
    this.#writer.attach(undefined);
  }

  /**
   * Reads one frame.
   *
   * @throws {CircuitError} `MESSAGE_INVALID` for what a sender may not say; the link is then to be closed.
   */
  take(frame: Uint8Array): void {
    readFrame(frame, this.#sink);
  }

  /** A full link may have room again. */
  room(): void {
    if (!this.#isHeldUp || !this.#mayRun()) return;
    this.#isHeldUp = false;
    for (const channel of this.#channels.values()) this.#runs.run(channel);
  }

  /** Refuses what has not begun and what still comes; what runs goes on. */
  leave(): void {
    this.#isLeaving = true;
    for (const channel of this.#channels.values()) {
      const before = channel.received;
      const first = this.#runs.giveBack(channel);
      if (first === undefined) continue;
      this.#held -= before - channel.received;
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
    this.#runs.stop(this.#channels.values());
    this.#link?.close();
    this.detach();
  }

  readonly #sink: FrameSink = {
    json: (type) => {
      if (type !== RECORD.bye) throw unexpected("a second greeting");
      this.#options.left();
    },
    open: (id, name) => this.#meet(id, name),
    message: (id, sequence, payload, headers) => this.#arrived(id, sequence, payload, headers),
    ack: () => {
      throw unexpected("an ack from a sender");
    },
    failure: () => {
      throw unexpected("a failure from a sender");
    },
    numbers: (type, first, second) => this.#told(type, first, second),
  };

  #meet(id: number, name: string): void {
    if (this.#channels.has(id)) return;
    if (this.#channels.size >= MAX_CHANNELS) throw unexpected(`over ${MAX_CHANNELS} channels`);
    if (Buffer.byteLength(name) > this.#options.limits.channelBytes)
      throw unexpected("a channel whose name is too long");
    const channel = new InChannel(id, name);
    channel.isForbidden = this.#options.mayTake?.(name) === false;
    if (channel.isForbidden) this.#options.refused?.(`it may not send to ${JSON.stringify(name)}`);
    this.#channels.set(id, channel);
  }

  #arrived(id: number, sequence: number, message: Payload, headers: Headers | undefined): void {
    const { node, clock, limits } = this.#options;
    const channel = this.#channels.get(id);
    if (channel === undefined) throw unexpected("a message on a channel that was not opened");
    if (sequence <= channel.received) {
      const ack = channel.find(sequence);
      if (ack && this.#link?.isFull === false) this.#write(channel, sequence, ack);
      return;
    }
    if (sequence > channel.received + 1 || this.#isLeaving) {
      this.#turnAway(channel, sequence);
      return;
    }
    // A window under way, and a window of acks that have not been confirmed yet.
    if (this.#runs.waiting >= limits.outstanding || this.#held >= 2 * limits.outstanding)
      throw unexpected("more messages than it was granted");
    channel.isDeaf = false;
    channel.received = sequence;
    this.#held++;
    if (channel.isForbidden) {
      const reason = `${node} takes nothing from it on channel ${JSON.stringify(channel.name)}`;
      this.#answered(channel, sequence, { failure: { code: "ACCESS_DENIED", reason } });
      return;
    }
    const key = () => `${this.#id}/${id}/${sequence}`;
    this.#runs.add(
      channel,
      new InDelivery({ node, channel: channel.name, message, sequence, headers, clock, key }),
    );
  }

  /** Says once why messages are not taken, and ignores what follows until the sender has heard. */
  #turnAway(channel: InChannel, sequence: number): void {
    if (channel.isDeaf) return;
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

  #mayRun(): boolean {
    if (this.#keptBytes < MOST_KEPT_BYTES && this.#link?.isFull !== true) return true;
    this.#isHeldUp = true;
    return false;
  }

  #answered(channel: InChannel, sequence: number, ack: KeptAck): void {
    this.#keptBytes += channel.keep(sequence, ack);
    this.#write(channel, sequence, ack);
  }

  #write(channel: InChannel, sequence: number, ack: KeptAck): void {
    if (!this.#link) return;
    const writer = this.#writer.record;
    if ("payload" in ack) writer.ack(channel.id, sequence, ack.payload);
    else writer.failure(channel.id, sequence, ack.failure);
  }

  #repeatAcks(id: number, first: number): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    this.#confirm(channel, first - 1);
    channel.isDeaf = false;
    for (const [sequence, ack] of channel.keptFrom(first)) this.#write(channel, sequence, ack);
  }

  #told(type: number, first: number, second: number): void {
    // A peer that asks and does not read gets no answers to keep for it.
    if (type === RECORD.ping && this.#link?.isFull === false) this.#writer.record.numbers(RECORD.pong, first);
    const channel = this.#channels.get(first);
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

function unexpected(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot go on with this sender: ${what}`);
}
