import type { PeerLoad } from "./counts.js";
import type { Dial, Dialing } from "./framed/dialing.js";
import { Entry, type MessageContext } from "./framed/out-channel.js";
import { OutSession, type OutSessionOptions } from "./framed/out-session.js";
import type { Outlet } from "./outlet.js";
import type { Outlets } from "./outlets.js";
import type { Payload } from "./payload.js";
import type { Outbox, Waiter } from "./waiter.js";

/** What a connector tells a session that may turn out to be of no use. */
export interface PeerDialing extends Dialing {
  /** Stands for the session: the same at each of its dials, and at no other's. */
  readonly session: object;
  /** The target speaks only the plain protocol. */
  plain(): void;
}

/** Connects to a target by the framed protocol, and says so where it speaks only the plain one. */
export type DialPeer = (target: string, dialing: PeerDialing, waitMs: number) => () => void;

export interface PeerOptions extends Omit<OutSessionOptions, "dial"> {
  readonly dial: DialPeer;
  /** Where messages go to a target that speaks only the plain protocol. */
  readonly outlets: Outlets | undefined;
}

/** Hears what becomes of a session that was opened before anybody had something to send. */
export interface Meeting {
  /** There is a link. */
  opened(): void;
  /** The target is not there yet; it is tried again. */
  missing(): void;
  /** The session has ended. `isForeign`: the target speaks only the plain protocol. */
  over(isForeign: boolean): void;
}

/** A target, whichever protocol it speaks. It is asked for the framed one; a foreign node is spoken to plainly. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #outboxes = new Map<string, Outbox>();
  #session: OutSession | undefined;
  /** Spoken to plainly: for as long as there is a connection of that kind. */
  #isPlain: boolean;
  #isSwitching = false;
  #meeting: Meeting | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#isPlain = options.outlets?.has(options.target) === true;
  }

  /** Where messages of a channel go. */
  outbox(channel: string, context?: MessageContext): Outbox {
    if (context) return new PeerOutbox(this, channel, context);
    let outbox = this.#outboxes.get(channel);
    if (outbox === undefined) {
      outbox = new PeerOutbox(this, channel, undefined);
      this.#outboxes.set(channel, outbox);
    }
    return outbox;
  }

  /** What its session has under way and waiting, if it has one; plain connections are shared by all peers of a target. */
  get load(): PeerLoad {
    return this.#session?.load ?? { isConnected: false, outstanding: 0, window: 0, queued: 0 };
  }

  /** Whether anybody may wait for an ack. */
  get isBusy(): boolean {
    const { outlets, target } = this.#options;
    if (this.#isPlain) return outlets?.isBusy(target) === true;
    return this.#session?.isIdle === false;
  }

  hasRoom(channel: string): boolean {
    if (this.#isPlain) return this.#options.outlets?.get(this.#options.target, channel)?.hasRoom ?? false;
    return this.#session?.hasRoom(channel) ?? false;
  }

  post(channel: string, entry: Entry): void {
    const plain = this.#plainOutlet(channel);
    if (plain) {
      plain.post(entry.payload, entry.waiter, entry.context?.trace);
    } else {
      this.#session ??= this.#open();
      this.#session.post(channel, entry);
    }
  }

  /** Connects, where it is not, so that events have a link. Nobody is told of a target that nobody sends to. */
  meet(meeting: Meeting): void {
    this.#meeting = meeting;
    if (this.#isPlain) meeting.over(true);
    else if (this.#session === undefined) this.#session = this.#open();
    else if (this.#session.isOpen) meeting.opened();
  }

  abandon(channel: string, waiter: Waiter, messages: number): void {
    // One that has ended has nothing to abandon.
    if (this.#isPlain) this.#options.outlets?.get(this.#options.target, channel)?.abandon(waiter, messages);
    else this.#session?.abandon(channel, waiter);
  }

  /** The last plain connection to the target has ended: the next message asks anew what it speaks. */
  forgetPlain(): void {
    if (!this.#isPlain || this.#isSwitching) return;
    this.#isPlain = false;
    this.#options.ended();
    this.#meeting?.over(false);
  }

  close(): void {
    this.#session?.close();
  }

  #plainOutlet(channel: string): Outlet | undefined {
    return this.#isPlain ? this.#options.outlets?.find(this.#options.target, channel) : undefined;
  }

  #open(): OutSession {
    const { target, dial, ...shared } = this.#options;
    // Opened for a message, it has none yet when it is told first.
    const isQuiet = this.#meeting !== undefined;
    const framedDial: Dial = (name, dialing, waitMs) =>
      dial(name, { ...dialing, session: framedDial, plain: () => this.#speakPlainly() }, waitMs);
    const session = new OutSession({
      ...shared,
      target,
      dial: framedDial,
      missing: (address, problem) => {
        this.#meeting?.missing();
        if (!isQuiet || !session.isIdle) shared.missing(address, problem);
      },
      opened: (address) => {
        this.#meeting?.opened();
        shared.opened(address);
      },
      ended: () => {
        this.#session = undefined;
        if (!this.#isPlain) this.#options.ended();
        this.#meeting?.over(this.#isPlain);
      },
    });
    session.start();
    return session;
  }

  /** Hands what waits for the framed protocol over to the plain one. */
  #speakPlainly(): void {
    const { outlets, target, ended } = this.#options;
    this.#isPlain = true;
    this.#isSwitching = true; // a waiter that is told may end a connection
    for (const { channel, entry } of this.#session?.handOver() ?? []) {
      if (entry.waiter.isGone) continue;
      this.post(channel, entry);
      entry.waiter.sent();
    }
    this.#isSwitching = false;
    if (outlets?.has(target)) return;
    this.#isPlain = false; // nothing was sent, and nobody knows what it will be then
    ended();
  }
}

/** A channel of a peer, whichever protocol it turns out to speak. */
class PeerOutbox implements Outbox {
  readonly #peer: Peer;
  readonly #channel: string;
  readonly #context: MessageContext | undefined;

  constructor(peer: Peer, channel: string, context: MessageContext | undefined) {
    this.#peer = peer;
    this.#channel = channel;
    this.#context = context;
  }

  get hasRoom(): boolean {
    return this.#peer.hasRoom(this.#channel);
  }

  post(message: Payload, waiter: Waiter, ticket = 0): void {
    this.#peer.post(this.#channel, new Entry(message, waiter, ticket, this.#context));
  }

  abandon(waiter: Waiter, messages: number): void {
    this.#peer.abandon(this.#channel, waiter, messages);
  }
}
