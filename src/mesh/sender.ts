import type { Clock } from "../core/clock.js";
import { Deadlines } from "../core/deadlines.js";
import { CircuitError } from "../core/error.js";
import { AckStream } from "./ack-stream.js";
import { checkChannel } from "./channel.js";
import { type PeerCounts, SentTally, sumOfLoads } from "./counts.js";
import type { EventExchange } from "./framed/event-exchange.js";
import type { MessageContext } from "./framed/out-channel.js";
import type { Guest } from "./framed/out-greeting.js";
import { checkKey } from "./idempotency-key.js";
import type { MeshLimits } from "./limits.js";
import type { Connect } from "./link.js";
import type { Messages, PeerNotice, StreamOptions } from "./mesh.js";
import { Outlets } from "./outlets.js";
import { checkPayload, type Payload } from "./payload.js";
import { type DialPeer, type Meeting, Peer } from "./peer.js";
import { Peers } from "./peers.js";
import type { Trust } from "./safety/trust.js";
import { Sent, WatchedSent } from "./sent.js";
import { TracedOutbox } from "./traced-outbox.js";
import { findTracing, type Tracing } from "./tracing.js";
import type { Outbox } from "./waiter.js";

/** Time that a mesh goes on looking for a peer, in milliseconds: enough to start a process by hand. */
export const DEFAULT_PATIENCE_MS = 10_000;

export interface SenderOptions {
  /** Connects by the framed protocol. */
  readonly dial: DialPeer;
  /** Connects by the plain protocol, where there is one. */
  readonly connect?: Connect;
  readonly clock: Clock;
  readonly patienceMs: number;
  readonly limits: MeshLimits;
  readonly notice: PeerNotice | undefined;
  /** Where events of its links go to and come from. */
  readonly events?: EventExchange | undefined;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  /** A target has said that it leaves. */
  readonly left?: () => void;
  /** What hellos say beside what they always do. */
  readonly asGuest?: Guest | undefined;
  /** By what receivers are trusted, and trust the senders of this process. */
  readonly trust?: Trust | undefined;
}

/** The sending half of a mesh, the same for every kind of link. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #tracing = findTracing();
  readonly #outlets: Outlets | undefined;
  readonly #deadlines: Deadlines;
  readonly #peers: Peers;
  /** What was sent, by target. */
  readonly #tallies = new Map<string, SentTally>();
  /** Address of each target that is known to be missing. */
  readonly #missing = new Map<string, string>();
  readonly #streams = new Set<AckStream>();
  #isClosed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock);
    this.#peers = new Peers({
      clock: options.clock,
      isByName: options.trust?.isByName === true,
      open: (target, from, ended) => this.#open(target, from, ended),
    });
    this.#outlets =
      options.connect &&
      new Outlets({
        ...options,
        connect: options.connect,
        tallyOf: (target) => this.#tallyOf(target),
        missing: (target, address, problem) => this.#tellMissing(target, address, problem),
        opened: (target) => this.#tellOpened(target),
        gone: (target) => this.#peers.forgetPlain(target),
      });
  }

  /** See `Mesh.send()`. */
  send(target: string, message: Payload, options: StreamOptions = {}): Promise<Payload> {
    return new Promise((resolve, reject) => {
      const { channel = "", signal } = options;
      checkPayload(message, this.#options.limits);
      if (channel !== "") checkChannel(channel, this.#options.limits);
      signal?.throwIfAborted();
      const context = contextOf(options);
      const outbox = this.#tracing
        ? this.#traced(this.#tracing, target, { ...options, channel }, () => context)
        : this.#find(target, options, context);
      const deadlineAtMs = context?.deadlineAtMs;
      if (signal === undefined && deadlineAtMs === undefined) {
        outbox.post(message, new Sent(resolve, reject));
        return;
      }
      const deadlines = this.#deadlines;
      const watched = { resolve, reject, outbox, target, signal, deadlineAtMs, deadlines };
      outbox.post(message, new WatchedSent(watched));
    });
  }

  /** See `Mesh.stream()`. */
  stream(target: string, messages: Messages, options: StreamOptions = {}): AckStream {
    const { limits } = this.#options;
    const { channel = "", signal, idempotencyKey } = options;
    const context = inheritedOf(options);
    const contextOfTicket = (ticket: number) =>
      idempotencyKey === undefined ? context : withKey(context, `${idempotencyKey}/${ticket}`);
    const traced = this.#tracing && this.#traced(this.#tracing, target, options, contextOfTicket);
    return new AckStream({
      messages,
      signal,
      limits,
      target,
      channel,
      idempotencyKey,
      deadlineAtMs: context?.deadlineAtMs,
      deadlines: this.#deadlines,
      streams: this.#streams,
      findOutbox: traced ? () => traced : (ticket) => this.#find(target, options, contextOfTicket(ticket)),
    });
  }

  /**
   * Connects to a target that nothing is sent to yet, so that events have a link.
   *
   * @param from Node in whose name, where receivers tell them apart.
   */
  meet(target: string, from: string | undefined, meeting: Meeting): void {
    if (!this.#isClosed) this.#peers.find(target, from, undefined).meet(meeting);
  }

  /** What was sent so far, by target. */
  counts(): readonly PeerCounts[] {
    return [...this.#tallies].map(([peer, sent]) => {
      const plain = this.#outlets?.loadOf(peer) ?? [];
      return { peer, sent, ...sumOfLoads([this.#peers.loadOf(peer)].concat(plain)) };
    });
  }

  /** Rejects what waits, and all that comes. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#peers.close();
    this.#outlets?.close();
    // Those that wait for their source only.
    for (const stream of [...this.#streams]) stream.close(meshClosed("go on with a stream"));
  }

  /** Where messages go that each have a span. */
  #traced(
    tracing: Tracing,
    target: string,
    options: StreamOptions,
    contextOfTicket: (ticket: number) => MessageContext | undefined,
  ): Outbox {
    return new TracedOutbox({
      send: () => tracing.send(target, options.channel ?? "", options.cause?.trace),
      find: (trace, ticket) => {
        const context = contextOfTicket(ticket);
        return this.#find(target, options, trace ? { repeats: false, ...context, trace } : context);
      },
    });
  }

  #find(
    target: string,
    { channel = "", lane, from }: StreamOptions,
    context: MessageContext | undefined,
  ): Outbox {
    if (this.#isClosed) throw meshClosed(`reach ${target}`);
    return this.#peers.find(target, from, lane).outbox(channel, context);
  }

  #tallyOf(target: string): SentTally {
    const name = this.#tallies.size < MOST_TALLIES || this.#tallies.has(target) ? target : "";
    let tally = this.#tallies.get(name);
    if (tally === undefined) {
      tally = new SentTally();
      this.#tallies.set(name, tally);
    }
    return tally;
  }

  #open(target: string, from: string | undefined, ended: () => void): Peer {
    const { dial, clock, patienceMs, limits, events, schedule, trust, left, asGuest } = this.#options;
    return new Peer({
      target,
      from,
      trust,
      tally: this.#tallyOf(target),
      dial,
      outlets: this.#outlets,
      clock,
      patienceMs,
      limits,
      events,
      schedule,
      asGuest,
      ...(left && { left }),
      missing: (address, problem) => this.#tellMissing(target, address, problem),
      opened: (found) => this.#tellOpened(target, found),
      ended,
    });
  }

  #tellMissing(target: string, address: string, problem: CircuitError): void {
    if (this.#missing.has(target)) return;
    this.#missing.set(target, address);
    this.#options.notice?.({ peer: target, address, problem });
  }

  #tellOpened(target: string, found?: string): void {
    const address = this.#missing.get(target);
    if (address === undefined) return;
    this.#missing.delete(target);
    this.#options.notice?.({ peer: target, address: found ?? address, problem: undefined });
  }
}

/** Targets that are counted apart; those beyond are counted as one, without a name. */
const MOST_TALLIES = 1_024;

/** What a mesh says after `close()`. */
export function meshClosed(what: string): CircuitError {
  return new CircuitError("PEER_LOST", `Cannot ${what}: this mesh is closed`);
}

/** What travels with a message; `undefined` where it is nothing. */
function contextOf(options: StreamOptions): MessageContext | undefined {
  const context = inheritedOf(options);
  const { idempotencyKey } = options;
  if (idempotencyKey === undefined) return context;
  checkKey(idempotencyKey);
  return withKey(context, idempotencyKey);
}

function withKey(context: MessageContext | undefined, key: string): MessageContext {
  return { repeats: false, ...context, key };
}

/** What travels with all messages of a stream. */
function inheritedOf(options: StreamOptions): MessageContext | undefined {
  const { cause, passesOn } = options;
  const repeats = options.retry === "repeat";
  // Most messages inherit nothing.
  if (cause === undefined && passesOn === undefined && options.deadlineAtMs === undefined)
    return repeats ? { repeats } : undefined;
  const own = options.deadlineAtMs ?? Number.POSITIVE_INFINITY;
  const deadlineAtMs = Math.min(own, cause?.deadlineAtMs ?? Number.POSITIVE_INFINITY);
  const hasDeadline = Number.isFinite(deadlineAtMs);
  return {
    repeats,
    ...(hasDeadline && { deadlineAtMs }),
    ...(cause && { chain: cause.chain }),
    ...(cause?.trace && { trace: cause.trace }),
    ...(passesOn && { deliveries: passesOn.deliveryCount - 1, key: passesOn.idempotencyKey }),
  };
}
