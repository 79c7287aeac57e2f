import type { Clock } from "../../core/clock.js";
import { CircuitError, type CircuitErrorCode } from "../../core/error.js";
import { printable } from "../../core/printable.js";
import { randomId } from "../../core/random-id.js";
import type { PeerLoad, SentTally } from "../counts.js";
import type { MeshLimits } from "../limits.js";
import type { Waiter } from "../waiter.js";
import type { Dial } from "./dialing.js";
import type { EventExchange, EventInput } from "./event-exchange.js";
import { errorOf } from "./failure.js";
import { readFrame } from "./frame-reader.js";
import type { FrameSink } from "./frame-sink.js";
import { parseWelcome } from "./hello.js";
import type { Entry } from "./out-channel.js";
import type { Identity } from "./out-greeting.js";
import { OutLink } from "./out-link.js";
import { OutMessages } from "./out-messages.js";
import { RECORD, type Welcome } from "./records.js";

export interface OutSessionOptions extends Identity {
  readonly target: string;
  readonly dial: Dial;
  readonly clock: Clock;
  /** Time to wait for a first connection, in milliseconds; `Infinity` for ever. */
  readonly patienceMs: number;
  readonly limits: MeshLimits;
  readonly tally: SentTally;
  /** Where events of its links go to and come from. */
  readonly events?: EventExchange | undefined;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  missing(address: string, problem: CircuitError): void;
  /** The target refuses us, or proves nothing, and no message is there that would reject with it. */
  refused(problem: CircuitError): void;
  /** There is a session; `address` where the target was found. */
  opened(address?: string): void;
  /** The receiver has said that it leaves. */
  left?(): void;
  /** Over: the next message needs another session. */
  ended(): void;
}

/** A message that was not sent, and the name of its channel. */
export interface Unsent {
  readonly channel: string;
  readonly entry: Entry;
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
  readonly #sender = randomId();
  readonly #link: OutLink;
  readonly #messages: OutMessages;
  #isOver = false;
  /** When the frame arrived that is being read, on the clock, in milliseconds. */
  #nowMs = 0;
  /** The receiver leaves: it answers what it runs, and takes nothing new. */
  #isLeaving = false;
  #boot: string | undefined;
  /** Hears the events of the link. */
  #events: EventInput | undefined;
  /** The receiver's name for the session. */
  #session = "";

  constructor(options: OutSessionOptions) {
    this.#options = options;
    const { target, from, trust, asGuest, dial, clock, limits, schedule, tally } = options;
    this.#link = new OutLink({
      target,
      from,
      trust,
      asGuest,
      dial,
      clock,
      limits,
      schedule,
      missing: (address, problem) => options.missing(address, problem),
      beforeFlush: () => {
        if (this.#link.isOpen && this.#messages.mayConfirm) this.#messages.confirm();
      },
      hello: () => ({
        version: 1,
        sender: this.#sender,
        target,
        ...(this.#boot !== undefined && { boot: this.#boot }),
        channels: this.#messages.known,
      }),
      frame: (frame, nowMs) => this.#take(frame, nowMs),
      room: () => {
        this.#messages.sendWaiting();
        this.#events?.room();
      },
      lost: () => this.#lost(),
      gaveUp: (patienceMs, problem) => this.#giveUp(patienceMs, problem),
      denied: (problem) => {
        if (this.isIdle) options.refused(problem);
        this.#rejectAll(problem, problem.message);
      },
    });
    const mayWrite = () => !this.#isLeaving && this.#link.hasRoom;
    this.#messages = new OutMessages({ clock, limits, tally, writer: this.#link.writer, mayWrite });
  }

  /** Begins to connect. */
  start(): void {
    this.#link.seek(this.#options.patienceMs);
  }

  /** Whether there is a link, and its receiver has answered the greeting. */
  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  get isIdle(): boolean {
    return this.#messages.isIdle;
  }

  /** Whether it is connected, and its messages under way and waiting. */
  get load(): PeerLoad {
    return { isConnected: this.#link.isOpen, ...this.#messages.load };
  }

  /** Whether a message of a channel would be handed to the link at once. */
  hasRoom(name: string): boolean {
    return this.#messages.hasRoom(name);
  }

  /** Sends one message; see `Outbox.post()`. */
  post(name: string, entry: Entry): void {
    if (this.#isOver) {
      entry.waiter.failed(this.#error("PEER_LOST", "the session is over"), entry.ticket);
      return;
    }
    this.#options.tally.began(entry, this.#options.clock);
    const refusal = this.#messages.add(name, entry);
    if (refusal !== undefined) this.#reject(entry, this.#error("NOT_RUN", refusal));
  }

  /** See `Outbox.abandon()`. */
  abandon(name: string, waiter: Waiter): void {
    this.#messages.abandon(name, waiter);
    if (this.#link.isOpen) this.#messages.cancel(name, waiter);
    else if (this.isIdle) this.#end(); // nobody waits for the link
  }

  /**
   * Ends without a word, and gives back what waits: the target does not speak the framed protocol. What was sent to one
   * in its place that did may have run there, and is given back only where it may run again.
   */
  handOver(): Unsent[] {
    const waiting = this.#messages.drain();
    this.#end();
    const isLost = ({ entry: { isSent, context } }: Unsent) => isSent && context?.repeats !== true;
    const problem = this.#error(
      "DELIVERY_UNKNOWN",
      "another, who speaks the plain protocol, is in its place",
    );
    for (const { entry } of waiting.filter(isLost)) this.#reject(entry, problem);
    const unsent = waiting.filter((each) => !isLost(each));
    for (const { entry } of unsent) this.#options.tally.handedOver(entry);
    return unsent;
  }

  /** Closes the link and rejects what waits. Idempotent. */
  close(): void {
    this.#fail(() => this.#error("PEER_LOST", "the mesh is closed"));
  }

  #take(frame: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    readFrame(frame, this.#sink);
    this.#messages.sendWaiting();
    // Acks are kept by the receiver until it knows them to be here: at most a window of them.
    if (this.#link.isOpen && this.#messages.mustConfirm) {
      this.#messages.confirm();
      this.#link.writer.flush();
    }
  }

  readonly #sink: FrameSink = {
    json: (type, value) => {
      if (type === RECORD.welcome) this.#welcome(parseWelcome(value));
      else if (type === RECORD.challenge) this.#link.challenged(value);
      else if (type === RECORD.bye) this.#farewell(value);
      else throw unexpected("what only senders say");
    },
    open: () => {
      throw unexpected("a channel");
    },
    chain: () => {
      throw unexpected("callers");
    },
    message: () => {
      throw unexpected("messages");
    },
    ack: (id, sequence, payload, bytes) => {
      const entry = this.#messages.finish(id, sequence, bytes);
      if (entry === undefined) return;
      this.#options.tally.acked(entry, this.#nowMs);
      if (!entry.waiter.isGone) entry.waiter.acked(payload, entry.ticket);
    },
    failure: (id, sequence, failure) => {
      const entry = this.#messages.finish(id, sequence, 0);
      if (entry === undefined) return;
      this.#reject(entry, errorOf(this.#options.target, failure));
    },
    numbers: (type, first, second) => {
      if (type === RECORD.ping) this.#link.writer.record.numbers(RECORD.pong, first);
      if (type === RECORD.pong) this.#events?.pong(first);
      if (type === RECORD.soFar) this.#events?.soFar(first, second);
      if (type === RECORD.resume) this.#messages.rewind(first, second);
      if (type === RECORD.refuse) {
        // What it runs it still answers; then it says bye.
        this.#isLeaving = true;
        this.#messages.rewind(first, second - 1);
      }
    },
    interest: (interest) => this.#events?.interest(interest),
    event: (subject, data, headers, bytes, to) => {
      const { target, from = "circuit", trust } = this.#options;
      if (trust?.mayPublish(target, subject) === false) {
        const reason = `it may not publish on ${JSON.stringify(subject)}`;
        trust.refused({ node: from, peer: target, from: undefined, reason });
      } else this.#events?.event(subject, data, headers, bytes, to);
    },
  };

  #welcome({ node, boot, process, session, resumed, channels, window, windowBytes }: Welcome): void {
    if (this.#link.isOpen) throw unexpected("a second welcome");
    const { found } = this.#link;
    if (found?.node !== undefined && found.node !== node)
      throw new Error(`${printable(node)} answers in its place`);
    const isProven = this.#link.check({ node, boot });
    this.#isLeaving = false;
    if (resumed) this.#messages.resume(new Map(channels));
    else this.#restart();
    this.#boot = boot;
    this.#session = session;
    this.#link.welcomed();
    if (process !== undefined) {
      const { events, trust, target, from = "" } = this.#options;
      // Where names are proved, whose secret the receiver knows is who it is, whatever it calls itself.
      const peer = { process, node: trust?.isByName ? target : node, isProven, own: from };
      this.#events = events?.join(this.#link, peer);
    }
    this.#options.opened(found?.address);
    this.#messages.begin({ window, windowBytes });
  }

  /** The receiver knows nothing of before: what it had been sent may have run, or not. */
  #restart(): void {
    const lost = this.#messages.restart(this.#session);
    const problem = this.#error("DELIVERY_UNKNOWN", "it was lost after the message was sent");
    for (const entry of lost) this.#reject(entry, problem);
  }

  /** The receiver has answered all that it ran: what has no ack has not run, and never will there. */
  #farewell(value: unknown): void {
    // The cast: of any object a field may be asked for, and is checked before it is used.
    const { retryMs, denied } = Object(value) as { retryMs?: unknown; denied?: unknown };
    this.#link.refuseIfDenied(denied);
    this.#messages.resume(new Map());
    this.#options.left?.();
    this.#link.drop("it has left", typeof retryMs === "number" ? retryMs : 0);
  }

  /** The link is gone. Returns whether another is needed. */
  #lost(): boolean {
    this.#unlinkEvents();
    this.#messages.unlinked();
    if (this.isIdle) this.#end();
    return !this.#isOver;
  }

  #giveUp(patienceMs: number, problem: CircuitError | undefined): void {
    const missing = problem ?? this.#error("PEER_MISSING", `no connection after ${patienceMs} ms`);
    const reason = `it did not come back within ${patienceMs} ms after the message was sent`;
    this.#rejectAll(missing, reason);
  }

  /** Rejects what was not sent with a problem; of what was sent, nobody knows whether it ran. */
  #rejectAll(problem: CircuitError, lostReason: string): void {
    this.#fail(({ isSent, deliveries }) =>
      isSent || deliveries > 0 ? this.#error("DELIVERY_UNKNOWN", lostReason) : problem,
    );
  }

  #fail(problemOf: (entry: Entry) => CircuitError): void {
    const waiting = this.#messages.drain();
    this.#end();
    for (const { entry } of waiting) this.#reject(entry, problemOf(entry));
  }

  #reject(entry: Entry, problem: CircuitError): void {
    this.#options.tally.failed(entry, problem.code);
    if (!entry.waiter.isGone) entry.waiter.failed(problem, entry.ticket);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unlinkEvents();
    if (this.#link.isOpen) this.#link.writer.record.json(RECORD.bye, {});
    this.#link.close();
    this.#options.ended();
  }

  #unlinkEvents(): void {
    this.#events?.ended();
    this.#events = undefined;
  }

  #error(code: CircuitErrorCode, reason: string): CircuitError {
    return new CircuitError(code, `Cannot get an ack from ${this.#options.target}: ${reason}`);
  }
}

function unexpected(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot go on with this receiver: it sends ${what}`);
}
