import { Queue } from "../../core/queue.js";
import { jsonOf, type Payload } from "../payload.js";
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
  received = 0;
  /** It has told of a gap, or of a refusal, and ignores what still comes until the sender has heard. */
  isDeaf = false;
  /** Its sender may not use it: each message is refused. */
  isForbidden = false;
  readonly #kept = new Map<number, KeptAck>();
  #confirmed = 0;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }

  /** Keeps an answer. Returns the bytes that it counts for. */
  keep(sequence: number, ack: KeptAck): number {
    this.#kept.set(sequence, ack);
    return bytesOf(ack);
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

  /** The sender has every ack up to this one. Returns how many that are more than before, and their bytes. */
  confirm(sequence: number): { readonly messages: number; readonly bytes: number } {
    let bytes = 0;
    const before = this.#confirmed;
    while (this.#confirmed < sequence) {
      const ack = this.#kept.get(this.#confirmed + 1);
      if (ack === undefined) break; // it cannot have what there is not
      this.#kept.delete(++this.#confirmed);
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
}

/** What an ack counts for, at most as much as what its sender counts when it arrives. */
function bytesOf(ack: KeptAck): number {
  if ("failure" in ack) return 0; // never long
  const { payload } = ack;
  if (typeof payload === "string" || payload instanceof Uint8Array) return payload.length;
  return typeof payload === "object" ? jsonOf(payload).length : 0;
}
