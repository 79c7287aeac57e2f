import type { EventHeaders } from "../event.js";
import type { Payload } from "../payload.js";
import type { EventInput, EventOutput } from "./event-exchange.js";
import type { FrameLink } from "./frame-link.js";
import { readFrame } from "./frame-reader.js";
import type { FrameSink } from "./frame-sink.js";
import type { FrameWriter } from "./frame-writer.js";
import { LEAVING_RETRY_MS, unexpected, WINDOW_BYTES } from "./in-limits.js";
import type { InLink } from "./in-link.js";
import { InMessages } from "./in-messages.js";
import { type EventRecipient, type Hello, type Interest, RECORD, type Welcome } from "./records.js";
import type { SharedRecords } from "./shared-records.js";

/**
 * The receiver's half of a session with one sender: whatever links come and go, it runs each message once, in order
 * within a channel, and keeps each ack until the sender has it, so that a message that comes again after a broken link
 * is answered and not run again.
 */
export class InSession extends InMessages implements FrameSink, EventOutput {
  /** What it is linked by, and else what calls off that it is forgotten: for whoever keeps the sessions of a node. */
  mooring: InLink | undefined;
  stopKeeping: (() => void) | undefined;
  /** Hears the events of the link. */
  #events: EventInput | undefined;

  /** Goes on over a link, in place of the one before, from where the sender says it is. */
  attach(link: FrameLink, hello: Hello, resumed: boolean): void {
    this.link?.close();
    this.detach();
    this.link = link;
    this.nowMs = Math.floor(this.clock.now());
    this.writer.attach(link);
    for (const [id, name] of hello.channels) this.open(id, name);
    this.forgetCallers();
    const welcome: Welcome = {
      version: 1,
      node: this.options.node,
      boot: this.options.boot,
      ...(this.options.events && { process: this.options.events.processOf(this.options.node) }),
      session: this.id,
      resumed,
      channels: this.channels.map(({ id, received }) => [id, received]),
      window: this.options.limits.outstanding,
      windowBytes: WINDOW_BYTES,
    };
    this.writer.record.json(RECORD.welcome, welcome);
    for (const [id, , first] of hello.channels) this.repeatAcks(id, first);
    this.room();
  }

  /** The link broke; the session waits for another. */
  detach(): void {
    this.#events?.ended();
    this.#events = undefined;
    this.link = undefined;
    this.writer.attach(undefined);
  }

  /**
   * Reads one frame.
   *
   * @param nowMs When it arrived, on the clock, in milliseconds.
   * @throws {CircuitError} `MESSAGE_INVALID` for what a sender may not say; the link is then to be closed.
   */
  take(frame: Uint8Array, nowMs: number): void {
    this.nowMs = Math.floor(nowMs); // a fraction would be an object of its own
    this.runs.timeNext(nowMs);
    readFrame(frame, this);
  }

  /** When the sender said something last, on the clock, in milliseconds. */
  get heardAtMs(): number {
    return this.nowMs;
  }

  override room(): void {
    super.room();
    this.#events?.room();
  }

  /** Says that all is answered and the link is about to close. */
  sayBye(): void {
    if (!this.link) return;
    this.writer.record.json(RECORD.bye, { retryMs: LEAVING_RETRY_MS });
    this.writer.flush();
  }

  /** Ends: runs nothing more, and tells what runs that nobody waits. Idempotent. */
  close(): void {
    this.runs.stop(this.channels);
    this.link?.close();
    this.detach();
  }

  /** See `FrameSink`, also for those that follow. */
  json(type: number): void {
    if (type !== RECORD.bye) throw unexpected("a second greeting");
    this.options.left(this.sender);
  }

  ack(): void {
    throw unexpected("an ack from a sender");
  }

  failure(): void {
    throw unexpected("a failure from a sender");
  }

  interest(interest: Interest): void {
    this.#events ??= this.options.events?.join(this, {
      process: interest.process,
      node: this.from === "" ? undefined : this.from,
      isProven: this.from !== "",
      own: this.options.node,
    });
    this.#events?.interest(interest);
  }

  event(
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
    to: EventRecipient | undefined,
  ): void {
    const { mayPublish, refused } = this.options;
    if (mayPublish?.(this.from, subject) === false)
      refused?.(this.from, this.peer, `it may not publish on ${JSON.stringify(subject)}`);
    else this.#events?.event(subject, data, headers, bytes, to);
  }

  /** See `EventOutput`, also for those that follow. */
  get isFull(): boolean {
    return this.link?.isFull !== false;
  }

  get record(): FrameWriter {
    return this.writer.record;
  }

  share(shared: SharedRecords): void {
    this.writer.share(shared);
  }

  numbers(type: number, first: number, second: number): void {
    // A peer that asks and does not read gets no answers to keep for it.
    if (type === RECORD.ping && this.link?.isFull === false) this.writer.record.numbers(RECORD.pong, first);
    if (type === RECORD.pong) this.#events?.pong(first);
    if (type === RECORD.soFar) this.#events?.soFar(first, second);
    if (type === RECORD.confirm) this.confirmed(first, second);
    if (type === RECORD.cancel) this.cancelled(first, second);
  }
}
