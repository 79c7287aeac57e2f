import type { Clock } from "../../core/clock.js";
import { CircuitError, type CircuitErrorCode } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import type { Payload } from "../payload.js";
import type { Waiter } from "../waiter.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import { type FrameSink, readFrame } from "./frame-reader.js";
import { parseWelcome } from "./hello.js";
import { type Entry, headersOf, type MessageContext, OutChannel } from "./out-channel.js";
import { type Failure, type Hello, RECORD, type Welcome } from "./records.js";
import { TurnWriter } from "./turn-writer.js";

/** How long both ends keep a session after its link broke, in milliseconds: a router's restart. */
export const SESSION_KEPT_MS = 60_000;

/** What a connector tells a session while it has no link. */
export interface Dialing {
  /** The target is not there yet. The connector goes on trying. */
  missing(address: string, problem: CircuitError): void;
  /** There is a link; its events go to what is returned. */
  opened(link: FrameLink, found?: Found): FrameLinkEvents;
}

/** Where a target was found that had been looked for. */
export interface Found {
  readonly address: string;
  /** Name that it must have: what was announced there may have given way to another node. */
  readonly node?: string;
}

/** Connects to a target, trying until there is a link or it is cancelled. `waitMs`: before the first try. */
export type Dial = (target: string, dialing: Dialing, waitMs: number) => () => void;

export interface OutSessionOptions {
  readonly target: string;
  /** Random, the same for all sessions of this process. */
  readonly sender: string;
  readonly dial: Dial;
  readonly clock: Clock;
  /** Time to wait for a first connection, in milliseconds; `Infinity` for ever. */
  readonly patienceMs: number;
  readonly limits: MeshLimits;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  missing(address: string, problem: CircuitError): void;
  /** There is a session; `address` where the target was found. */
  opened(address?: string): void;
  /** Over: the next message needs another session. */
  ended(): void;
}

/** Who waits for a message, and what it inherits. */
export interface Posting {
  readonly waiter: Waiter;
  readonly context: MessageContext | undefined;
}

/**
 * The sender's half of a session with one target: many channels, whatever links come and go.
 *
 * What was sent and has no ack when a link breaks is sent again to the same receiver, which knows by the sequence
 * numbers what it has had. A receiver that has died leaves it unknown whether those messages ran.
 */
export class OutSession {
  readonly #options: OutSessionOptions;
  readonly #channels = new Map<string, OutChannel>();
  readonly #byId: OutChannel[] = [];
  /** Channels with messages that wait for a link, or for room. */
  readonly #waiting = new Set<OutChannel>();
  readonly #confirmDue = new Set<OutChannel>();
  readonly #writer: TurnWriter;
  #link: FrameLink | undefined;
  #found: Found | undefined;
  #isOpen = false;
  #isOver = false;
  #boot: string | undefined;
  #window = 0;
  /** Messages sent without an ack, and acks that the receiver does not know to be here. */
  #outstanding = 0;
  #unconfirmed = 0;
  #queued = 0;
  #problem: CircuitError | undefined;
  #stopDialing: () => void = () => {};
  #stopPatience: () => void = () => {};

  constructor(options: OutSessionOptions) {
    this.#options = options;
    this.#writer = new TurnWriter(options.schedule, () => this.#confirm());
  }

  /** Begins to connect. */
  start(): void {
    this.#dial(this.#options.patienceMs, 0);
  }

  get isIdle(): boolean {
    return this.#outstanding === 0 && this.#queued === 0;
  }

  /** Whether a message of a channel would be handed to the link at once. */
  hasRoom(name: string): boolean {
    return this.#hasRoom && !this.#channel(name).hasUnsent;
  }

  /** Sends one message; see `Outbox.post()`. */
  post(name: string, payload: Payload, { waiter, context }: Posting): void {
    this.#post(this.#channel(name), payload, { waiter, context });
  }

  /** See `Outbox.abandon()`. */
  abandon(name: string, waiter: Waiter): void {
    this.#abandon(this.#channel(name), waiter);
  }

  /** Ends without a word, and gives back what waits: the target does not speak the framed protocol. */
  handOver(): { readonly channel: string; readonly payload: Payload; readonly waiter: Waiter }[] {
    const waiting = this.#byId.flatMap((channel) =>
      channel.drain().map(({ payload, waiter }) => ({ channel: channel.name, payload, waiter })),
    );
    this.#end();
    return waiting;
  }

  /** Closes the link and rejects what waits. Idempotent. */
  close(): void {
    this.#fail(() => this.#error("PEER_LOST", "the mesh is closed"));
  }

  get #hasRoom(): boolean {
    return this.#isOpen && this.#outstanding < this.#window && this.#link?.isFull === false;
  }

  #channel(name: string): OutChannel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = new OutChannel(this.#byId.length, name);
      this.#byId.push(channel);
      this.#channels.set(name, channel);
    }
    return channel;
  }

  #post(channel: OutChannel, payload: Payload, { waiter, context }: Posting): void {
    if (this.#isOver) {
      waiter.failed(this.#error("PEER_LOST", "the session is over"));
      return;
    }
    if (this.#queued >= this.#options.limits.queued) {
      waiter.failed(this.#error("NOT_RUN", `${this.#queued} messages wait already`));
      return;
    }
    channel.add({ payload, waiter, context, isSent: false, isDone: false, deliveries: 0, key: undefined });
    if (this.#hasRoom && !this.#waiting.has(channel)) {
      this.#sendNext(channel);
      return;
    }
    this.#queued++;
    this.#waiting.add(channel);
  }

  /** Writes the channel's next message. Returns it. */
  #sendNext(channel: OutChannel): Entry | undefined {
    const next = channel.takeUnsent();
    if (next === undefined) return undefined;
    const { entry, sequence } = next;
    const writer = this.#writer.record;
    if (!channel.isOpen) {
      channel.isOpen = true;
      writer.open(channel.id, channel.name);
    }
    writer.message(channel.id, sequence, entry.payload, headersOf(entry, this.#options.clock.now()));
    this.#outstanding++;
    return entry;
  }

  /** Sends what waits, a message of each channel in turn, while there is room. */
  #sendWaiting(): void {
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

  #abandon(channel: OutChannel, waiter: Waiter): void {
    const { underWay, unsent } = channel.abandon(waiter);
    this.#queued -= unsent;
    if (!channel.hasUnsent) this.#waiting.delete(channel);
    if (!this.#isOpen) return;
    for (const sequence of underWay) this.#writer.record.numbers(RECORD.cancel, channel.id, sequence);
  }

  #dial(patienceMs: number, waitMs: number): void {
    const { clock, dial, target } = this.#options;
    this.#stopPatience();
    this.#stopPatience = Number.isFinite(patienceMs)
      ? clock.after(patienceMs, () => this.#giveUp(patienceMs))
      : () => {};
    this.#stopDialing = dial(
      target,
      {
        missing: (address, problem) => {
          this.#problem = problem;
          this.#options.missing(address, problem);
        },
        opened: (link, found) => this.#greet(link, found),
      },
      waitMs,
    );
  }

  #greet(link: FrameLink, found: Found | undefined): FrameLinkEvents {
    this.#link = link;
    this.#found = found;
    this.#writer.attach(link);
    const hello: Hello = {
      version: 1,
      sender: this.#options.sender,
      target: this.#options.target,
      ...(this.#boot !== undefined && { boot: this.#boot }),
      channels: this.#byId
        .filter((channel) => channel.isOpen)
        .map(({ id, name, first }) => [id, name, first]),
    };
    this.#writer.record.json(RECORD.hello, hello);
    return {
      frame: (frame) => this.#take(frame),
      room: () => this.#sendWaiting(),
      ended: (reason) => this.#broken(reason, 0),
    };
  }

  #take(frame: Uint8Array): void {
    try {
      readFrame(frame, this.#sink);
    } catch (error) {
      this.#link?.close();
      this.#broken(error instanceof Error ? error.message : String(error), 0);
      return;
    }
    if (this.#waiting.size > 0) this.#sendWaiting();
    // Acks are kept by the receiver until it knows them to be here: at most a window of them.
    if (this.#unconfirmed * 2 >= this.#window && this.#isOpen) this.#confirmNow();
  }

  readonly #sink: FrameSink = {
    json: (type, value) => {
      if (type === RECORD.welcome) this.#welcome(parseWelcome(value));
      else if (type === RECORD.bye) this.#farewell(value);
      else throw new Error("a receiver says no hello");
    },
    open: () => {
      throw new Error("a receiver opens no channel");
    },
    message: () => {
      throw new Error("a receiver sends no messages");
    },
    ack: (id, sequence, payload) => this.#acked(id, sequence, payload),
    failure: (id, sequence, failure) => this.#failed(id, sequence, failure),
    numbers: (type, first, second, third) => this.#told(type, first, second, third),
  };

  #told(type: number, first: number, second: number, third: number): void {
    const channel = this.#byId[first];
    if (type === RECORD.ping) this.#writer.record.numbers(RECORD.pong, first);
    if (channel === undefined) return;
    if (type === RECORD.resume) this.#rewind(channel, second);
    if (type === RECORD.refuse) {
      this.#rewind(channel, second - 1);
      // It leaves: nothing more goes to it, and the next link is sought when it asked for.
      this.#link?.close();
      this.#broken("it is leaving", third);
    }
  }

  /** What the receiver has not had is sent again. */
  #rewind(channel: OutChannel, received: number): void {
    const count = channel.rewind(received);
    this.#outstanding -= count;
    this.#queued += count;
    if (channel.hasUnsent) this.#waiting.add(channel);
  }

  #welcome({ node, boot, resumed, channels, window }: Welcome): void {
    if (this.#found?.node !== undefined && this.#found.node !== node)
      throw new Error(`${node} answers in its place`);
    this.#stopPatience();
    this.#problem = undefined;
    if (resumed) {
      const received = new Map(channels);
      for (const channel of this.#byId) this.#rewind(channel, received.get(channel.id) ?? channel.first - 1);
    } else {
      this.#restart();
    }
    this.#boot = boot;
    this.#window = Math.max(1, Math.min(window, this.#options.limits.outstanding));
    this.#isOpen = true;
    this.#options.opened(this.#found?.address);
    this.#sendWaiting();
  }

  /** The receiver knows nothing of before: what it had been sent may have run, or not. */
  #restart(): void {
    for (const channel of this.#byId) {
      const gone = channel.restart((entry) => {
        if (!entry.context?.repeats) return false;
        if (entry.isSent) entry.deliveries++;
        entry.key ??= `${this.#options.sender}/${channel.id}/${crypto.randomUUID()}`;
        return true;
      });
      for (const { waiter } of gone) {
        if (!waiter.isGone)
          waiter.failed(this.#error("DELIVERY_UNKNOWN", "it was lost after the message was sent"));
      }
      if (channel.hasUnsent) this.#waiting.add(channel);
    }
    this.#queued = [...this.#byId].reduce((sum, channel) => sum + channel.unsentCount, 0);
    this.#outstanding = 0;
    this.#unconfirmed = 0;
    this.#confirmDue.clear();
  }

  #acked(id: number, sequence: number, payload: Payload): void {
    const entry = this.#finish(id, sequence);
    if (entry && !entry.waiter.isGone) entry.waiter.acked(payload);
  }

  #failed(id: number, sequence: number, { code, reason }: Failure): void {
    const entry = this.#finish(id, sequence);
    if (entry === undefined || entry.waiter.isGone) return;
    const codes = {
      FAILED: "PEER_REFUSED",
      CALL_CYCLE: "CALL_CYCLE",
      DEADLINE: "TIMEOUT",
      CANCELLED: "NOT_RUN",
    } as const;
    entry.waiter.failed(
      this.#error(codes[code], code === "FAILED" ? `its handler failed: ${reason}` : reason),
    );
  }

  #finish(id: number, sequence: number): Entry | undefined {
    const channel = this.#byId[id];
    const entry = channel?.find(sequence);
    if (channel === undefined || entry === undefined) return undefined;
    channel.finish(entry);
    this.#confirmDue.add(channel);
    this.#outstanding--;
    this.#unconfirmed++;
    return entry;
  }

  /** Tells the receiver which acks are here; rides along with whatever else leaves. */
  #confirm(): void {
    for (const channel of this.#confirmDue)
      this.#writer.record.numbers(RECORD.confirm, channel.id, channel.first - 1);
    this.#confirmDue.clear();
    this.#unconfirmed = 0;
  }

  #confirmNow(): void {
    this.#confirm();
    this.#writer.flush();
  }

  #farewell(value: unknown): void {
    const { retryMs = 0 } = Object(value) as { retryMs?: number };
    this.#confirmNow();
    this.#link?.close();
    this.#broken("it has left", typeof retryMs === "number" ? retryMs : 0);
  }

  #broken(reason: string, waitMs: number): void {
    if (this.#isOver) return;
    const wasOpen = this.#isOpen;
    this.#link = undefined;
    this.#isOpen = false;
    this.#writer.attach(undefined);
    if (this.isIdle) {
      this.#end();
      return;
    }
    this.#problem = this.#error("PEER_LOST", reason);
    // A greeting that was cut off says nothing of the receiver: the patience that runs goes on.
    if (wasOpen) this.#dial(SESSION_KEPT_MS, waitMs);
    else this.#stopDialing = this.#redial(waitMs);
  }

  #redial(waitMs: number): () => void {
    const { dial, target } = this.#options;
    return dial(
      target,
      {
        missing: (address, problem) => {
          this.#problem = problem;
          this.#options.missing(address, problem);
        },
        opened: (link, found) => this.#greet(link, found),
      },
      Math.max(waitMs, GREETING_RETRY_MS),
    );
  }

  #giveUp(patienceMs: number): void {
    const problem = this.#problem ?? this.#error("PEER_MISSING", `no connection after ${patienceMs} ms`);
    this.#fail((entry) =>
      entry.isSent || entry.deliveries > 0
        ? this.#error(
            "DELIVERY_UNKNOWN",
            `it did not come back within ${patienceMs} ms after the message was sent`,
          )
        : problem,
    );
  }

  #fail(problemOf: (entry: Entry) => CircuitError): void {
    const entries = this.#byId.flatMap((channel) => channel.drain());
    this.#end();
    for (const entry of entries) if (!entry.waiter.isGone) entry.waiter.failed(problemOf(entry));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopPatience();
    this.#stopDialing();
    if (this.#isOpen) this.#confirmNow();
    this.#link?.close();
    this.#link = undefined;
    this.#isOpen = false;
    this.#options.ended();
  }

  #error(code: CircuitErrorCode, reason: string): CircuitError {
    return new CircuitError(code, `Cannot get an ack from ${this.#options.target}: ${reason}`);
  }
}

/** Wait before a link is sought again whose greeting was cut off, in milliseconds. */
const GREETING_RETRY_MS = 50;
