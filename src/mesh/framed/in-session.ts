import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { Payload } from "../payload.js";
import { answerOf, reasonOf } from "../text.js";
import type { FrameLink } from "./frame-link.js";
import { type FrameSink, readFrame } from "./frame-reader.js";
import { InChannel, type KeptAck } from "./in-channel.js";
import { InDelivery } from "./in-delivery.js";
import { type Failure, type Headers, type Hello, RECORD, type Welcome } from "./records.js";
import { TurnWriter } from "./turn-writer.js";

/** Channels of one session: as many as a desk of sketches could use, and 1 MiB of them. */
export const MAX_CHANNELS = 16_384;

/** When a node that leaves wants its senders to look for it again, in milliseconds. */
export const LEAVING_RETRY_MS = 250;

export interface InSessionOptions {
  readonly node: string;
  readonly boot: string;
  readonly sender: string;
  readonly handler: Handler;
  /** Messages of one channel that run at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly schedule: (callback: () => void) => void;
  /** Nothing runs and nothing waits any more. */
  readonly idle: () => void;
}

/**
 * The receiver's half of a session with one sender. It runs each message once, in order within a channel, and
 * keeps each ack until the sender has it, so that a message that comes again after a broken link is answered and not
 * run again.
 */
export class InSession {
  readonly #options: InSessionOptions;
  readonly #channels = new Map<number, InChannel>();
  readonly #writer: TurnWriter;
  #link: FrameLink | undefined;
  #running = 0;
  #waiting = 0;
  #isLeaving = false;
  #isOver = false;

  constructor(options: InSessionOptions) {
    this.#options = options;
    this.#writer = new TurnWriter(options.schedule);
  }

  get hasLink(): boolean {
    return this.#link !== undefined;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting === 0;
  }

  /** Goes on over a link, in place of the one before, from where the sender says it is. */
  attach(link: FrameLink, hello: Hello, resumed: boolean): void {
    this.#link?.close();
    this.#link = link;
    this.#writer.attach(link);
    for (const [id, name, first] of hello.channels) this.#meet(id, name, first);
    const welcome: Welcome = {
      version: 1,
      node: this.#options.node,
      boot: this.#options.boot,
      resumed,
      channels: [...this.#channels.values()].map(({ id, received }) => [id, received]),
      window: this.#options.limits.outstanding,
      windowBytes: this.#options.limits.outstanding * this.#options.limits.frameBytes,
    };
    this.#writer.record.json(RECORD.welcome, welcome);
    for (const [id, , first] of hello.channels) this.#repeatAcks(id, first);
  }

  /** Whether its sender has opened no channel: there is nothing that it could go on with. */
  get isEmpty(): boolean {
    return this.#channels.size === 0;
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

  /** Refuses what has not begun and what still comes; what runs goes on. */
  leave(): void {
    this.#isLeaving = true;
    for (const channel of this.#channels.values()) {
      const first = channel.giveBack();
      if (first === undefined) continue;
      channel.isDeaf = true;
      if (this.#link) this.#writer.record.numbers(RECORD.refuse, channel.id, first, LEAVING_RETRY_MS);
    }
    this.#waiting = 0;
  }

  /** Says that the link is about to close, and sends what there is. */
  sayBye(): void {
    if (!this.#link) return;
    this.#writer.record.json(RECORD.bye, { retryMs: LEAVING_RETRY_MS });
    this.#writer.flush();
  }

  /** Ends: runs nothing more, and tells what runs that nobody waits. Idempotent. */
  close(): void {
    this.#isOver = true;
    const reason = new CircuitError(
      "PEER_LOST",
      "Cannot answer: the sender has gone away, or the node is closing",
    );
    for (const channel of this.#channels.values()) {
      channel.waiting.clear();
      for (const delivery of channel.running) delivery.cancel(reason);
    }
    this.#waiting = 0;
    this.#link?.close();
    this.detach();
  }

  readonly #sink: FrameSink = {
    json: (type) => {
      if (type !== RECORD.bye) throw unexpected("a second hello");
    },
    open: (id, name) => this.#meet(id, name, 1),
    message: (id, sequence, payload, headers) => this.#arrived(id, sequence, payload, headers),
    ack: () => {
      throw unexpected("an ack from a sender");
    },
    failure: () => {
      throw unexpected("a failure from a sender");
    },
    numbers: (type, first, second) => this.#told(type, first, second),
  };

  #meet(id: number, name: string, first: number): void {
    const known = this.#channels.get(id);
    if (known) {
      known.isDeaf = false;
      return;
    }
    if (this.#channels.size >= MAX_CHANNELS) throw unexpected(`over ${MAX_CHANNELS} channels`);
    if (Buffer.byteLength(name) > this.#options.limits.channelBytes)
      throw unexpected("a channel whose name is too long");
    this.#channels.set(id, new InChannel(id, name, first - 1));
  }

  #arrived(id: number, sequence: number, message: Payload, headers: Headers | undefined): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) throw unexpected("a message on a channel that was not opened");
    if (sequence <= channel.received) {
      const ack = channel.find(sequence);
      if (ack) this.#write(channel, sequence, ack);
      return;
    }
    if (channel.isDeaf) {
      if (this.#isLeaving || sequence !== channel.received + 1) return;
      channel.isDeaf = false;
    }
    if (this.#isLeaving) {
      this.#refuse(channel, sequence);
      return;
    }
    if (sequence > channel.received + 1) {
      channel.isDeaf = true;
      this.#writer.record.numbers(RECORD.resume, id, channel.received);
      return;
    }
    if (this.#waiting >= this.#options.limits.outstanding)
      throw unexpected("more messages than it was granted");
    channel.received = sequence;
    const { node, clock, sender } = this.#options;
    const key = () => `${sender}/${id}/${sequence}`;
    const delivery = new InDelivery({ node, channel: channel.name, message, sequence, headers, clock, key });
    if (delivery.isCycle && channel.running.size >= this.#options.concurrency) {
      const reason = `${node} waits for its own channel "${channel.name}"`;
      this.#fail(channel, delivery, { code: "CALL_CYCLE", reason });
      return;
    }
    channel.waiting.push(delivery);
    this.#waiting++;
    this.#run(channel);
  }

  #refuse(channel: InChannel, sequence: number): void {
    channel.isDeaf = true;
    this.#writer.record.numbers(RECORD.refuse, channel.id, sequence, LEAVING_RETRY_MS);
  }

  #run(channel: InChannel): void {
    while (channel.running.size < this.#options.concurrency) {
      const delivery = channel.waiting.shift();
      if (delivery === undefined) return;
      this.#waiting--;
      this.#handle(channel, delivery);
    }
  }

  #handle(channel: InChannel, delivery: InDelivery): void {
    channel.running.add(delivery);
    this.#running++;
    try {
      const answer = this.#options.handler(delivery);
      if (isThenable(answer)) {
        Promise.resolve(answer).then(
          (value) => this.#answered(channel, delivery, value),
          (thrown: unknown) => this.#threw(channel, delivery, thrown),
        );
      } else {
        this.#finish(channel, delivery, { payload: answerOf(answer, this.#options.limits) });
      }
    } catch (thrown) {
      this.#finish(channel, delivery, { failure: { code: "FAILED", reason: reasonOf(thrown) } });
    }
  }

  #answered(channel: InChannel, delivery: InDelivery, value: unknown): void {
    try {
      this.#finish(channel, delivery, { payload: answerOf(value, this.#options.limits) });
    } catch (thrown) {
      this.#threw(channel, delivery, thrown);
      return;
    }
    this.#goOn(channel);
  }

  #threw(channel: InChannel, delivery: InDelivery, thrown: unknown): void {
    this.#finish(channel, delivery, { failure: { code: "FAILED", reason: reasonOf(thrown) } });
    this.#goOn(channel);
  }

  #goOn(channel: InChannel): void {
    if (!this.#isOver) this.#run(channel);
    if (this.isIdle) this.#options.idle();
  }

  #fail(channel: InChannel, delivery: InDelivery, failure: Failure): void {
    const ack = { failure };
    channel.keep(delivery.sequence, ack);
    this.#write(channel, delivery.sequence, ack);
  }

  #finish(channel: InChannel, delivery: InDelivery, ack: KeptAck): void {
    channel.running.delete(delivery);
    this.#running--;
    if (this.#isOver) return;
    channel.keep(delivery.sequence, ack);
    this.#write(channel, delivery.sequence, ack);
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
    channel.confirm(first - 1);
    for (const [sequence, ack] of channel.keptFrom(first)) this.#write(channel, sequence, ack);
  }

  #told(type: number, first: number, second: number): void {
    if (type === RECORD.ping) this.#writer.record.numbers(RECORD.pong, first);
    const channel = this.#channels.get(first);
    if (channel === undefined) return;
    if (type === RECORD.confirm) channel.confirm(second);
    if (type === RECORD.cancel) this.#cancel(channel, second);
  }

  /** What waits is not run; what runs is told. Both are answered all the same: the sender counts. */
  #cancel(channel: InChannel, sequence: number): void {
    const reason = new CircuitError("NOT_RUN", "Cannot go on: the sender does not wait any more");
    for (const delivery of channel.running) if (delivery.sequence === sequence) delivery.cancel(reason);
    const waiting = channel.waiting.drain();
    for (const delivery of waiting) {
      if (delivery.sequence !== sequence) {
        channel.waiting.push(delivery);
        continue;
      }
      this.#waiting--;
      this.#fail(channel, delivery, { code: "CANCELLED", reason: "its sender took it back" });
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function unexpected(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot go on with this sender: ${what}`);
}
