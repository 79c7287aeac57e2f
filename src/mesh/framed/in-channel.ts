import type { Clock } from "../../core/clock.js";
import { Queue } from "../../core/queue.js";
import { jsonOf, type Payload } from "../payload.js";
import { calledBy, type DeliveryPlace, type InDelivery } from "./in-delivery.js";
import type { Failure } from "./records.js";

/** An answer that the sender may not have yet. */
export type KeptAck = Payload | FailedAck;

/** The answer to a message that failed. */
export class FailedAck {
  readonly failure: Failure;

  constructor(failure: Failure) {
    this.failure = failure;
  }
}

/** Acks that a ring begins with room for, and the ring of a channel that keeps none. */
const FIRST_RING = 4;
const NO_ACKS: undefined[] = [];

/** Whose channel it is. */
export interface InChannelOwner {
  readonly node: string;
  readonly clock: Clock;
  /** Identifies the session among all of its receiver's. */
  readonly id: string;
  /** Name of the sender's node; empty where it gave none. */
  readonly from: string;
  /** Whether its sender has proved its name. */
  readonly isProven: boolean;
}

/**
 * A channel as its receiver sees it: what arrived, what runs, and the acks that the sender may not have. It is
 * the place of messages that no handler waits for; thousands of channels are idle, so that what few ask for is made when
 * it is asked for.
 */
export class InChannel implements DeliveryPlace {
  readonly id: number;
  readonly name: string;
  readonly isCycle = false;
  readonly #owner: InChannelOwner;
  /** The place of messages that handlers wait for. */
  #called: DeliveryPlace | undefined;
  #callersUnits = 0;
  #chain: readonly string[] | undefined;
  readonly waiting = new Queue<InDelivery>();
  /** Messages that run, and those of them whose handlers have not returned an answer at once. */
  running = 0;
  /** One of the latter, mostly the only one, and the others. */
  #one: InDelivery | undefined;
  #others: Set<InDelivery> | undefined;
  /** Last sequence number that arrived. */
  received = 0;
  /** It has told of a gap, or of a refusal, and ignores what still comes until the sender has heard. */
  isDeaf = false;
  /** Its sender may not use it: each message is refused. */
  isForbidden = false;
  /** Acks by sequence number, of those after `#confirmed`: a ring, because a window of them comes and goes. */
  #ring: (KeptAck | undefined)[] = NO_ACKS;
  #confirmed = 0;

  constructor(id: number, name: string, owner: InChannelOwner) {
    this.id = id;
    this.name = name;
    this.#owner = owner;
  }

  get node(): string {
    return this.#owner.node;
  }

  get clock(): Clock {
    return this.#owner.clock;
  }

  get from(): string {
    return this.#owner.from;
  }

  get isProven(): boolean {
    return this.#owner.isProven;
  }

  get key(): string {
    return `${this.#owner.id}/${this.id}`;
  }

  get chain(): readonly string[] {
    this.#chain ??= [`${this.node}/${this.name}`];
    return this.#chain;
  }

  /** Where the messages that arrive now are. */
  get place(): DeliveryPlace {
    return this.#called ?? this;
  }

  /** Says which handlers wait for the messages that arrive from now on. Returns the units of those before. */
  setCallers(callers: readonly string[], units: number): number {
    const before = this.#callersUnits;
    this.#callersUnits = units;
    this.#called = callers.length > 0 ? calledBy(this, callers) : undefined;
    return before;
  }

  /** Messages whose handlers have not returned an answer at once. */
  get pending(): readonly InDelivery[] {
    return [...(this.#one ? [this.#one] : []), ...(this.#others ?? [])];
  }

  await(delivery: InDelivery): void {
    if (this.#one === undefined) this.#one = delivery;
    else this.#others = (this.#others ?? new Set()).add(delivery);
  }

  awaited(delivery: InDelivery): void {
    if (this.#one === delivery) this.#one = undefined;
    else this.#others?.delete(delivery);
  }

  /** Keeps an answer. Returns the bytes that it counts for. */
  keep(sequence: number, ack: KeptAck): number {
    while (sequence - this.#confirmed > this.#ring.length) this.#grow();
    this.#ring[sequence & (this.#ring.length - 1)] = ack;
    return bytesOf(ack);
  }

  find(sequence: number): KeptAck | undefined {
    if (sequence <= this.#confirmed || sequence - this.#confirmed > this.#ring.length) return undefined;
    return this.#ring[sequence & (this.#ring.length - 1)];
  }

  /** Acks from a sequence number on, in order. */
  *keptFrom(first: number): Generator<readonly [sequence: number, ack: KeptAck]> {
    for (let sequence = Math.max(first, this.#confirmed + 1); sequence <= this.received; sequence++) {
      const ack = this.find(sequence);
      if (ack !== undefined) yield [sequence, ack];
    }
  }

  /** The sender has every ack up to this one. Returns how many that are more than before, and their bytes. */
  confirm(sequence: number): { readonly messages: number; readonly bytes: number } {
    let bytes = 0;
    const before = this.#confirmed;
    while (this.#confirmed < sequence) {
      const ack = this.find(this.#confirmed + 1);
      if (ack === undefined) break; // it cannot have what there is not
      this.#ring[++this.#confirmed & (this.#ring.length - 1)] = undefined;
      bytes += bytesOf(ack);
    }
    if (this.#confirmed === this.received && this.#ring.length === FIRST_RING) this.#ring = NO_ACKS;
    return { messages: this.#confirmed - before, bytes };
  }

  /** Gives back what has arrived and not begun, in order. */
  giveBack(): readonly InDelivery[] {
    const given = this.waiting.drain();
    if (given[0]) this.received = given[0].sequence - 1;
    return given;
  }

  #grow(): void {
    const before = this.#ring;
    const length = Math.max(FIRST_RING, before.length * 2);
    const mask = length - 1;
    this.#ring = new Array(length).fill(undefined);
    for (let offset = 1; offset <= before.length; offset++) {
      const sequence = this.#confirmed + offset;
      this.#ring[sequence & mask] = before[sequence & (before.length - 1)];
    }
  }
}

/** What an ack counts for, at most as much as what its sender counts when it arrives. */
function bytesOf(ack: KeptAck): number {
  if (typeof ack === "string" || ack instanceof Uint8Array) return ack.length;
  if (ack instanceof FailedAck) return 0; // never long
  return typeof ack === "object" ? jsonOf(ack).length : 0;
}
