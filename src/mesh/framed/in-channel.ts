import { Queue } from "../../core/queue.js";
import type { Payload } from "../payload.js";
import type { InDelivery } from "./in-delivery.js";
import type { Failure } from "./records.js";

/** An answer that the sender may not have yet. */
export type KeptAck = { readonly payload: Payload } | { readonly failure: Failure };

/** A channel as its receiver sees it: what arrived, what runs, and the acks that the sender may not have. */
export class InChannel {
  readonly id: number;
  readonly name: string;
  readonly waiting = new Queue<InDelivery>();
  readonly running = new Set<InDelivery>();
  /** Last sequence number that arrived. */
  received: number;
  /** It has told of a gap, or of a refusal, and ignores what still comes until the sender has heard. */
  isDeaf = false;
  readonly #kept = new Map<number, KeptAck>();
  #confirmed: number;

  /** @param received Last sequence number that is taken for received already. */
  constructor(id: number, name: string, received: number) {
    this.id = id;
    this.name = name;
    this.received = received;
    this.#confirmed = received;
  }

  /** Acks that are kept. */
  get keptCount(): number {
    return this.#kept.size;
  }

  keep(sequence: number, ack: KeptAck): void {
    this.#kept.set(sequence, ack);
  }

  find(sequence: number): KeptAck | undefined {
    return this.#kept.get(sequence);
  }

  /** Acks from a sequence number on, in order. */
  *keptFrom(first: number): Generator<readonly [sequence: number, ack: KeptAck]> {
    for (let sequence = first; sequence <= this.received; sequence++) {
      const ack = this.#kept.get(sequence);
      if (ack) yield [sequence, ack];
    }
  }

  /** The sender has every ack up to this one. */
  confirm(sequence: number): void {
    const last = Math.min(sequence, this.received);
    while (this.#confirmed < last) this.#kept.delete(++this.#confirmed);
  }

  /** Gives back what has arrived and not begun. Returns the first of it, if there is any. */
  giveBack(): number | undefined {
    const first = this.waiting.drain()[0];
    if (first === undefined) return undefined;
    this.received = first.sequence - 1;
    return first.sequence;
  }
}
