import { CircuitError } from "../../core/error.js";
import type { EventHeaders } from "../event.js";
import type { EventInput, EventOutput, EventPeer } from "../framed/event-exchange.js";
import { type Interest, RECORD } from "../framed/records.js";
import type { Payload } from "../payload.js";
import { findPatternProblem } from "../subject.js";

/** Patterns of one process: a hundred for each of ten sketches. A list of the longest fits into a frame thrice. */
export const MOST_PATTERNS = 1_024;

/** What a link needs of whoever it belongs to. */
export interface EventLinkOwner {
  /** The other end listens to something else than before. */
  interested(link: EventLink, came: readonly string[], went: readonly string[]): void;
  arrived(
    link: EventLink,
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
  ): void;
  ended(link: EventLink): void;
}

/** A link on which events travel both ways. There are thousands of idle ones. */
export class EventLink implements EventInput {
  /** What is at its other end. */
  readonly peer: EventPeer;
  /** Names whom the links are known to lead to that tell us of the same events. */
  readonly origin: string;
  readonly #output: EventOutput;
  readonly #owner: EventLinkOwner;
  /** What the other end listens to. */
  #patterns: ReadonlySet<string> = NOTHING;
  /** Who waits for the answer to a ping, by its token. */
  #waiting: Map<number, () => void> | undefined;
  #isOver = false;

  constructor(
    output: EventOutput,
    { peer, origin }: { readonly peer: EventPeer; readonly origin: string },
    owner: EventLinkOwner,
  ) {
    this.#output = output;
    this.peer = peer;
    this.origin = origin;
    this.#owner = owner;
  }

  get patterns(): ReadonlySet<string> {
    return this.#patterns;
  }

  /** Hands encoded events over. @returns Whether the link took them. */
  send(records: Uint8Array): boolean {
    if (this.#isOver || this.#output.isFull) return false;
    this.#output.record.records(records);
    return true;
  }

  /** Tells the other end that this process takes part, and all that is listened to here. */
  tell(interest: Interest): void {
    if (!this.#isOver) this.#output.record.interest(interest);
  }

  /** Resolves when the other end has read what was written before, and what it wrote before has been read. */
  settle(token: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    this.#output.record.numbers(RECORD.ping, token);
    return new Promise((resolve) => {
      this.#waiting ??= new Map();
      this.#waiting.set(token, resolve);
    });
  }

  interest(patterns: readonly string[]): void {
    if (patterns.length > MOST_PATTERNS)
      throw unexpected(`${patterns.length} patterns of at most ${MOST_PATTERNS}`);
    const before = this.#patterns;
    const now = new Set(patterns);
    const came = [...now].filter((pattern) => !before.has(pattern));
    for (const pattern of came) {
      const problem = findPatternProblem(pattern);
      if (problem !== undefined) throw unexpected(`a pattern that is none: ${problem}`);
    }
    this.#patterns = now;
    this.#owner.interested(
      this,
      came,
      [...before].filter((pattern) => !now.has(pattern)),
    );
  }

  event(subject: string, data: Payload, headers: EventHeaders | undefined, bytes: number): void {
    this.#owner.arrived(this, subject, data, headers, bytes);
  }

  pong(token: number): void {
    this.#waiting?.get(token)?.();
    this.#waiting?.delete(token);
  }

  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const resolve of this.#waiting?.values() ?? []) resolve();
    this.#waiting = undefined;
    this.#owner.ended(this);
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** A peer does what it may not: it loses its link. */
export function unexpected(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot go on with this peer: it sends ${what}`);
}
