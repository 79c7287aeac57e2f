import type { Clock } from "../../core/clock.js";
import { CircuitError, type CircuitErrorCode } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import type { Payload } from "../payload.js";
import type { Waiter } from "../waiter.js";
import { type FrameSink, readFrame } from "./frame-reader.js";
import { parseWelcome } from "./hello.js";
import { type Entry, headersOf, type MessageContext, OutChannel } from "./out-channel.js";
import { type Dial, OutLink } from "./out-link.js";
import { type Failure, MAX_CHANNELS, RECORD, type Welcome } from "./records.js";

export interface OutSessionOptions {
  readonly target: string;
  readonly dial: Dial;
  readonly clock: Clock;
  /** Time to wait for a first connection, in milliseconds; `Infinity` for ever. */
  readonly patienceMs: number;
  readonly limits: MeshLimits;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  missing(address: string, problem: CircuitError): void;
  opened(): void;
  /** Over: the next message needs another session. */
  ended(): void;
}

/** Who waits for a message, as its how manyth, and what it inherits. */
export interface Posting {
  readonly waiter: Waiter;
  readonly ticket: number;
  readonly context: MessageContext | undefined;
}

/** A message that was not sent. */
export interface Unsent extends Pick<Posting, "waiter" | "ticket"> {
  readonly channel: string;
  readonly payload: Payload;
}

/**
 * The sender's half of a session with one target: many channels, whatever links come and go.
 *
 * What was sent and has no ack when a link breaks is sent again to the same receiver, which knows by the sequence
 * numbers what it has had. A receiver that has died leaves it unknown whether those messages ran.
 */
export class OutSession {
  readonly #options: OutSessionOptions;
  /** Names this session to its receiver. */
  readonly #sender = crypto.randomUUID();
  readonly #link: OutLink;
  readonly #channels = new Map<string, OutChannel>();
  readonly #byId: OutChannel[] = [];
  /** Channels with messages that wait for a link, or for room. */
  readonly #waiting = new Set<OutChannel>();
  readonly #confirmDue = new Set<OutChannel>();
  #isOver = false;
  /** The receiver leaves: it answers what it runs, and takes nothing new. */
  #isLeaving = false;
  #boot: string | undefined;
  /** The receiver's name for the session. */
  #session = "";
  #window = 0;
  #windowBytes = 0;
  /** Messages from each channel's first without an ack to its last sent, and acks that the receiver must keep. */
  #outstanding = 0;
  #unconfirmed = 0;
  #unconfirmedBytes = 0;
  #queued = 0;

  constructor(options: OutSessionOptions) {
    this.#options = options;
    const { target, dial, clock, schedule } = options;
    this.#link = new OutLink({
      target,
      dial,
      clock,
      schedule,
      missing: (address, problem) => options.missing(address, problem),
      beforeFlush: () => this.#confirm(),
      hello: () => ({
        version: 1,
        sender: this.#sender,
        target,
        ...(this.#boot !== undefined && { boot: this.#boot }),
        channels: this.#byId.filter(({ isOpen }) => isOpen).map(({ id, name, first }) => [id, name, first]),
      }),
      frame: (frame) => this.#take(frame),
      room: () => this.#sendWaiting(),
      lost: () => this.#lost(),
      gaveUp: (patienceMs, problem) => this.#giveUp(patienceMs, problem),
    });
  }

  /** Begins to connect. */
  start(): void {
    this.#link.seek(this.#options.patienceMs);
  }

  get isIdle(): boolean {
    return this.#outstanding === 0 && this.#queued === 0;
  }

  /** Whether a message of a channel would be handed to the link at once. */
  hasRoom(name: string): boolean {
    return this.#hasRoom && this.#channels.get(name)?.hasUnsent !== true;
  }

  /** Sends one message; see `Outbox.post()`. */
  post(name: string, payload: Payload, { waiter, ticket, context }: Posting): void {
    const channel = this.#channels.get(name) ?? this.#newChannel(name);
    const reason = this.#refusal(channel);
    if (channel === undefined || reason !== undefined) {
      waiter.failed(this.#error(this.#isOver ? "PEER_LOST" : "NOT_RUN", reason ?? ""), ticket);
      return;
    }
    channel.add({
      payload,
      waiter,
      ticket,
      context,
      isSent: false,
      isDone: false,
      deliveries: 0,
      key: undefined,
    });
    if (this.#hasRoom && !this.#waiting.has(channel)) {
      this.#sendNext(channel);
      return;
    }
    this.#queued++;
    this.#waiting.add(channel);
  }

  /** See `Outbox.abandon()`. */
  abandon(name: string, waiter: Waiter): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    this.#queued -= channel.abandonUnsent(waiter);
    if (!channel.hasUnsent) this.#waiting.delete(channel);
    if (this.#link.isOpen) this.#cancel(channel, waiter);
    else if (this.isIdle) this.#end(); // nobody waits for the link
  }

  /** Ends without a word, and gives back what waits: the target does not speak the framed protocol. */
  handOver(): Unsent[] {
    const waiting = this.#byId.flatMap((channel) =>
      channel
        .drain()
        .map(({ payload, waiter, ticket }) => ({ channel: channel.name, payload, waiter, ticket })),
    );
    this.#end();
    return waiting;
  }

  /** Closes the link and rejects what waits. Idempotent. */
  close(): void {
    this.#fail(() => this.#error("PEER_LOST", "the mesh is closed"));
  }

  get #hasRoom(): boolean {
    return this.#outstanding < this.#window && !this.#isLeaving && this.#link.hasRoom;
  }

  #newChannel(name: string): OutChannel | undefined {
    if (this.#byId.length >= MAX_CHANNELS) return undefined;
    const channel = new OutChannel(this.#byId.length, name);
    this.#byId.push(channel);
    this.#channels.set(name, channel);
    return channel;
  }

  #refusal(channel: OutChannel | undefined): string | undefined {
    if (this.#isOver) return "the session is over";
    if (channel === undefined) return `it has ${MAX_CHANNELS} channels already`;
    if (this.#queued >= this.#options.limits.queued) return `${this.#queued} messages wait already`;
    return undefined;
  }

  /** Writes the channel's next message. Returns it. */
  #sendNext(channel: OutChannel): Entry | undefined {
    const next = channel.takeUnsent();
    if (next === undefined) return undefined;
    const { entry, sequence } = next;
    const writer = this.#link.writer.record;
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

  #cancel(channel: OutChannel, waiter?: Waiter): void {
    for (const sequence of channel.underWay((of) => (waiter === undefined ? of.isGone : of === waiter)))
      this.#link.writer.record.numbers(RECORD.cancel, channel.id, sequence);
  }

  #take(frame: Uint8Array): void {
    readFrame(frame, this.#sink);
    if (this.#waiting.size > 0) this.#sendWaiting();
    // Acks are kept by the receiver until it knows them to be here: at most a window of them.
    if (this.#unconfirmed * 2 >= this.#window || this.#unconfirmedBytes * 2 >= this.#windowBytes)
      this.#confirmNow();
  }

  readonly #sink: FrameSink = {
    json: (type, value) => {
      if (type === RECORD.welcome) this.#welcome(parseWelcome(value));
      else if (type === RECORD.bye) this.#farewell(value);
      else throw unexpected("a hello");
    },
    open: () => {
      throw unexpected("a channel");
    },
    message: () => {
      throw unexpected("messages");
    },
    ack: (id, sequence, payload, bytes) => {
      this.#unconfirmedBytes += bytes;
      const entry = this.#finish(id, sequence);
      if (entry && !entry.waiter.isGone) entry.waiter.acked(payload, entry.ticket);
    },
    failure: (id, sequence, failure) => this.#failed(id, sequence, failure),
    numbers: (type, first, second) => this.#told(type, first, second),
  };

  #told(type: number, first: number, second: number): void {
    if (type === RECORD.ping) this.#link.writer.record.numbers(RECORD.pong, first);
    const channel = this.#byId[first];
    if (channel === undefined) return;
    if (type === RECORD.resume) this.#rewind(channel, second);
    if (type === RECORD.refuse) {
      // What it runs it still answers; then it says bye.
      this.#isLeaving = true;
      this.#rewind(channel, second - 1);
    }
  }

  /** What the receiver has not had is sent again. */
  #rewind(channel: OutChannel, received: number): void {
    const { taken, waiting } = channel.rewind(received);
    this.#outstanding -= taken;
    this.#queued += waiting;
    if (channel.hasUnsent) this.#waiting.add(channel);
  }

  #welcome({ boot, session, resumed, channels, window, windowBytes }: Welcome): void {
    if (this.#link.isOpen) throw unexpected("a second welcome");
    this.#isLeaving = false;
    if (resumed) {
      const received = new Map(channels);
      for (const channel of this.#byId) this.#rewind(channel, received.get(channel.id) ?? channel.first - 1);
    } else {
      this.#restart();
    }
    this.#boot = boot;
    this.#session = session;
    this.#window = Math.max(1, Math.min(window, this.#options.limits.outstanding));
    this.#windowBytes = windowBytes;
    this.#link.welcomed();
    this.#options.opened();
    // What was taken back while there was no link.
    for (const channel of this.#byId) this.#cancel(channel);
    this.#sendWaiting();
  }

  /** The receiver knows nothing of before: what it had been sent may have run, or not. */
  #restart(): void {
    this.#outstanding = 0;
    this.#unconfirmed = 0;
    this.#unconfirmedBytes = 0;
    this.#queued = 0;
    this.#confirmDue.clear();
    this.#waiting.clear();
    const lost: Entry[] = [];
    for (const channel of this.#byId) {
      lost.push(...channel.restart((sequence) => `${this.#session}/${channel.id}/${sequence}`));
      this.#queued += channel.unsentCount;
      if (channel.hasUnsent) this.#waiting.add(channel);
    }
    const problem = this.#error("DELIVERY_UNKNOWN", "it was lost after the message was sent");
    for (const { waiter, ticket } of lost) if (!waiter.isGone) waiter.failed(problem, ticket);
  }

  #failed(id: number, sequence: number, { code, reason }: Failure): void {
    const entry = this.#finish(id, sequence);
    if (entry === undefined || entry.waiter.isGone) return;
    const text = code === "FAILED" ? `its handler failed: ${reason}` : reason;
    entry.waiter.failed(this.#error(CODES[code], text), entry.ticket);
  }

  #finish(id: number, sequence: number): Entry | undefined {
    const channel = this.#byId[id];
    const entry = channel?.find(sequence);
    if (channel === undefined || entry === undefined) return undefined;
    const count = channel.finish(entry);
    if (count > 0) {
      this.#confirmDue.add(channel);
      this.#outstanding -= count;
      this.#unconfirmed += count;
    }
    return entry;
  }

  /** Tells the receiver which acks are here; rides along with whatever else leaves. */
  #confirm(): void {
    if (!this.#link.isOpen) return;
    for (const channel of this.#confirmDue)
      this.#link.writer.record.numbers(RECORD.confirm, channel.id, channel.first - 1);
    this.#confirmDue.clear();
    this.#unconfirmed = 0;
    this.#unconfirmedBytes = 0;
  }

  #confirmNow(): void {
    if (this.#confirmDue.size === 0) return;
    this.#confirm();
    this.#link.writer.flush();
  }

  /** The receiver has answered all that it ran: what has no ack has not run, and never will there. */
  #farewell(value: unknown): void {
    const { retryMs } = Object(value) as { retryMs?: unknown };
    for (const channel of this.#byId) this.#rewind(channel, channel.first - 1);
    this.#link.drop("it has left", typeof retryMs === "number" ? retryMs : 0);
  }

  /** The link is gone. Returns whether another is needed. */
  #lost(): boolean {
    this.#confirmDue.clear(); // the next hello confirms
    this.#unconfirmed = 0;
    this.#unconfirmedBytes = 0;
    if (this.isIdle) this.#end();
    return !this.#isOver;
  }

  #giveUp(patienceMs: number, problem: CircuitError | undefined): void {
    const missing = problem ?? this.#error("PEER_MISSING", `no connection after ${patienceMs} ms`);
    const reason = `it did not come back within ${patienceMs} ms after the message was sent`;
    this.#fail(({ isSent, deliveries }) =>
      isSent || deliveries > 0 ? this.#error("DELIVERY_UNKNOWN", reason) : missing,
    );
  }

  #fail(problemOf: (entry: Entry) => CircuitError): void {
    const entries = this.#byId.flatMap((channel) => channel.drain());
    this.#end();
    for (const entry of entries)
      if (!entry.waiter.isGone) entry.waiter.failed(problemOf(entry), entry.ticket);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#link.isOpen) this.#link.writer.record.json(RECORD.bye, {});
    this.#link.close();
    this.#options.ended();
  }

  #error(code: CircuitErrorCode, reason: string): CircuitError {
    return new CircuitError(code, `Cannot get an ack from ${this.#options.target}: ${reason}`);
  }
}

const CODES = {
  FAILED: "PEER_REFUSED",
  CALL_CYCLE: "CALL_CYCLE",
  DEADLINE: "TIMEOUT",
  CANCELLED: "NOT_RUN",
} as const satisfies Record<Failure["code"], CircuitErrorCode>;

function unexpected(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot go on with this receiver: it sends ${what}`);
}
