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

/** A channel as its receiver sees it: what arrived, what runs, and the acks that the sender may not have. */
export class InChannel {
  readonly id: number;
  #place: DeliveryPlace;
  readonly waiting = new Queue<InDelivery>();
  /** Messages that run, and those of them whose handlers have not returned an answer at once. */
  running = 0;
  readonly pending = new Set<InDelivery>();
  /** Last sequence number that arrived. */
  received = 0;
  /** It has told of a gap, or of a refusal, and ignores what still comes until the sender has heard. */
  isDeaf = false;
  /** Acks by sequence number, of those after `#confirmed`: a ring, because a window of them comes and goes. */
  #ring: (KeptAck | undefined)[] = [undefined, undefined, undefined, undefined];
  #confirmed = 0;

  constructor(id: number, place: Omit<DeliveryPlace, "chain" | "isCycle">) {
    this.id = id;
    this.#place = calledBy(place, []);
  }

  get name(): string {
    return this.#place.name;
  }

  /** Where the messages that arrive now are. */
  get place(): DeliveryPlace {
    return this.#place;
  }

  /** Says which handlers wait for the messages that arrive from now on. */
  setCallers(callers: readonly string[]): void {
    this.#place = calledBy(this.#place, callers);
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
    for (let sequence = first; sequence <= this.received; sequence++) {
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
    return { messages: this.#confirmed - before, bytes };
  }

  /** Gives back what has arrived and not begun. Returns the first of it, if there is any. */
  giveBack(): number | undefined {
    const first = this.waiting.drain()[0];
    if (first === undefined) return undefined;
    this.received = first.sequence - 1;
    return first.sequence;
  }

  #grow(): void {
    const before = this.#ring;
    const mask = before.length * 2 - 1;
    this.#ring = new Array(before.length * 2).fill(undefined);
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
