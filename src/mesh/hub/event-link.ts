import { CircuitError } from "../../core/error.js";
import type { EventHeaders } from "../event.js";
import type { EventInput, EventOutput, EventPeer } from "../framed/event-exchange.js";
import {
  type Ask,
  type EventRecipient,
  type Interest,
  type QueueInterest,
  RECORD,
} from "../framed/records.js";
import type { SharedRecords } from "../framed/shared-records.js";
import { checkListenerName } from "../names.js";
import type { Payload } from "../payload.js";
import { findPatternProblem } from "../subject.js";
import { Asks } from "./asks.js";
import type { LastEvent } from "./last-events.js";
import type { Past } from "./past.js";
import { QueueMember } from "./queue-group.js";

/**
 * Patterns of one process: a hundred for each of ten sketches. A list of the longest fits into a frame thrice. As many of
 * them in the name of queues, and as many who want last events.
 */
export const MOST_PATTERNS = 1_024;

/** What a link needs of whoever it belongs to. */
export interface EventLinkOwner {
  /** The other end listens to something else than before, or wants last events. */
  interested(link: EventLink, came: readonly Listening[], went: readonly Listening[]): void;
  arrived(
    link: EventLink,
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
    to: EventRecipient | undefined,
  ): void;
  /** All that the other end has published up to a number is here, and all that was asked for up to another. */
  soFar(link: EventLink, sequence: number, ask: number): void;
  /** The link may have room again for last events, which the other end waits for. */
  room(link: EventLink): void;
  ended(link: EventLink): void;
}

/** What the other end of a link listens to: for itself, or in the name of a queue. */
export type Listening = readonly [pattern: string, listener: EventLink | QueueMember];

/** A link on which events travel both ways. There are thousands of idle ones. */
export class EventLink implements EventInput {
  /** What is at its other end. */
  readonly peer: EventPeer;
  /** Names whom the links are known to lead to that tell us of the same events. */
  readonly origin: string;
  /** What has been heard of it, on this link and on others of the same origin. */
  readonly past: Past;
  readonly #output: EventOutput;
  readonly #owner: EventLinkOwner;
  /** What the other end listens to, and in the name of which queues. */
  #patterns: ReadonlySet<string> = NOTHING;
  #queues: readonly Listening[] = IN_NO_QUEUE;
  #asks: Asks | undefined;
  /** Who waits for the answer to a ping, by its token. */
  #waiting: Map<number, { readonly sent: number; readonly resolve: () => void }> | undefined;
  /** Batches of events that were sent, and as many of them as the other end has said it has read. */
  #sent = 0;
  #read = 0;
  /** Token of the last ping that was answered. */
  #answered = 0;
  #isOver = false;

  constructor(
    output: EventOutput,
    { peer, origin, past }: { readonly peer: EventPeer; readonly origin: string; readonly past: Past },
    owner: EventLinkOwner,
  ) {
    this.#output = output;
    this.peer = peer;
    this.origin = origin;
    this.past = past;
    this.#owner = owner;
  }

  /** All that the other end listens to. */
  get listening(): readonly Listening[] {
    return [...this.#listeningTo(this.#patterns), ...this.#queues];
  }

  /** Token of the last ping that the other end has answered; 0 where there is none. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether the other end listens, and has not said that it has read all that was sent. */
  get isUnsure(): boolean {
    return this.#read < this.#sent && (this.#patterns.size > 0 || this.#queues.length > 0);
  }

  /** Whether the other end waits for last events. */
  get isAsked(): boolean {
    return this.#asks?.isWaiting === true;
  }

  /**
   * Hands encoded events over.
   *
   * @param sequence Number of the last of them; 0 for those of queues.
   * @param isLast Whether the turn publishes nothing after them.
   * @returns Whether the link took them.
   */
  send(events: SharedRecords, sequence: number, isLast = false): boolean {
    if (this.#isOver || this.#output.isFull) return false;
    this.#sent++;
    const asks = sequence > 0 && this.#asks?.isWanted ? this.#asks : undefined;
    if (isLast && asks === undefined) {
      this.#output.share(events);
      return true;
    }
    const { record } = this.#output;
    record.records(events.records);
    // In the same frame, or what was heard before a link broke would be heard again.
    if (asks) record.numbers(RECORD.soFar, sequence, asks.answered);
    return true;
  }

  /**
   * Answers who wants last events, as far as the link takes them now.
   *
   * @param sequence Number of the last event that was published.
   */
  answer(events: Iterable<LastEvent>, sequence: number): void {
    if (this.#asks === undefined || this.#isOver) return;
    const isAnswered = this.#asks.answer(events, (ask, { subject, data, headers }) => {
      if (this.#output.isFull) return false;
      this.#output.record.eventTo({ ask }, subject, data, headers);
      return true;
    });
    if (isAnswered) this.#output.record.numbers(RECORD.soFar, sequence, this.#asks.answered);
  }

  /** Tells the other end that this process takes part, and all that is listened to here. */
  tell(interest: Interest): void {
    if (!this.#isOver) this.#output.record.interest(interest);
  }

  /** Resolves when the other end has read what was written before, and what it wrote before has been read; or at the end. */
  settle(token: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    this.#output.record.numbers(RECORD.ping, token);
    const sent = this.#sent;
    return new Promise((resolve) => {
      this.#waiting ??= new Map();
      this.#waiting.set(token, { sent, resolve });
    });
  }

  interest({ patterns, queues = [], last }: Interest): void {
    for (const list of [patterns, queues, last ?? []])
      if (list.length > MOST_PATTERNS)
        throw unexpected(`${list.length} patterns of at most ${MOST_PATTERNS}`);
    const before = this.#patterns;
    const now = new Set(patterns);
    const came = new Set([...now].filter((pattern) => !before.has(pattern)));
    for (const pattern of came) checkPattern(pattern);
    const queuesBefore = this.#queues;
    const queuesNow = this.#queuesOf(queues);
    if (last) checkAsks(last, now);

    this.#patterns = now;
    this.#queues = queuesNow;
    if (last === undefined) this.past.isUnasked();
    else if (last.length > 0 || this.#asks) {
      this.#asks ??= new Asks();
      this.#asks.tell(last);
    }
    const went = new Set([...before].filter((pattern) => !now.has(pattern)));
    this.#owner.interested(
      this,
      [...this.#listeningTo(came), ...(queuesNow === queuesBefore ? [] : queuesNow)],
      [...this.#listeningTo(went), ...(queuesNow === queuesBefore ? [] : queuesBefore)],
    );
  }

  event(
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
    to: EventRecipient | undefined,
  ): void {
    this.#owner.arrived(this, subject, data, headers, bytes, to);
  }

  soFar(sequence: number, ask: number): void {
    this.#owner.soFar(this, sequence, ask);
  }

  room(): void {
    if (this.isAsked) this.#owner.room(this);
  }

  /** The same object where it is the same as before. */
  #queuesOf(queues: readonly QueueInterest[]): readonly Listening[] {
    const before = this.#queues;
    const isSame = ([pattern, queue]: QueueInterest, at: number) => {
      const [known, member] = before[at] ?? [];
      return known === pattern && member instanceof QueueMember && member.queue === queue;
    };
    if (queues.length === before.length && queues.every(isSame)) return before;
    const members = new Map<string, QueueMember>();
    return queues.map(([pattern, queue]) => {
      checkPattern(pattern);
      checkListenerName("queue", queue);
      let member = members.get(queue);
      if (member === undefined) {
        member = new QueueMember(queue, this);
        members.set(queue, member);
      }
      return [pattern, member];
    });
  }

  #listeningTo(patterns: ReadonlySet<string>): Listening[] {
    return [...patterns].map((pattern) => [pattern, this]);
  }

  pong(token: number): void {
    const asked = this.#waiting?.get(token);
    if (asked === undefined) return;
    this.#waiting?.delete(token);
    this.#read = Math.max(this.#read, asked.sent);
    this.#answered = Math.max(this.#answered, token);
    asked.resolve();
  }

  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { resolve } of this.#waiting?.values() ?? []) resolve();
    this.#waiting = undefined;
    this.#owner.ended(this);
    // It counts once: as ended.
    this.#sent = this.#read;
  }
}

const NOTHING: ReadonlySet<string> = new Set();
const IN_NO_QUEUE: readonly Listening[] = [];

function checkPattern(pattern: string): void {
  const problem = findPatternProblem(pattern);
  if (problem !== undefined) throw unexpected(`a pattern that is none: ${problem}`);
}

function checkAsks(asks: readonly Ask[], patterns: ReadonlySet<string>): void {
  for (const [, pattern] of asks)
    if (!patterns.has(pattern)) throw unexpected("a wish for last events of what it does not listen to");
}

/** A peer does what it may not: it loses its link. */
export function unexpected(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot go on with this peer: it sends ${what}`);
}
