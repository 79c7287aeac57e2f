import { Queue } from "../../core/queue.js";
import { jsonOf, type Payload } from "../payload.js";
import type { InDelivery } from "./in-delivery.js";
import type { Failure } from "./records.js";

/** An answer that the sender may not have yet. */
export type KeptAck = { readonly payload: Payload } | { readonly failure: Failure };

/** Answers that are confirmed are cut off the front at once when there are so many. */
const COMPACT_AT = 1_024;

/** A channel as its receiver sees it: what arrived, what runs, and the acks that the sender may not have. */
export class InChannel {
  readonly id: number;
  readonly name: string;
  readonly waiting = new Queue<InDelivery>();
  /** Last sequence number that arrived. */
  received = 0;
  /** It has told of a gap, or of a refusal, and ignores what still comes until the sender has heard. */
  isDeaf = false;
  /** What runs: mostly one. */
  #one: InDelivery | undefined;
  #others: Set<InDelivery> | undefined;
  /** Answers from `#head` on, that of the first message after `#confirmed` first; gaps where messages still run. */
  #kept: (KeptAck | undefined)[] = [];
  #head = 0;
  #confirmed = 0;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }

  /** Messages that run. */
  get runningCount(): number {
    return (this.#one ? 1 : 0) + (this.#others?.size ?? 0);
  }

  get running(): readonly InDelivery[] {
    return [...(this.#one ? [this.#one] : []), ...(this.#others ?? [])];
  }

  begin(delivery: InDelivery): void {
    if (this.#one === undefined) this.#one = delivery;
    else this.#others = (this.#others ?? new Set()).add(delivery);
  }

  end(delivery: InDelivery): void {
    if (this.#one === delivery) this.#one = undefined;
    else this.#others?.delete(delivery);
  }

  /** Keeps an answer. Returns the bytes that it counts for. */
  keep(sequence: number, ack: KeptAck): number {
    const index = this.#indexOf(sequence);
    while (this.#kept.length < index) this.#kept.push(undefined);
    this.#kept[index] = ack;
    return bytesOf(ack);
  }

  find(sequence: number): KeptAck | undefined {
    return sequence > this.#confirmed ? this.#kept[this.#indexOf(sequence)] : undefined;
  }

  /** Acks from a sequence number on, in order. */
  *keptFrom(first: number): Generator<readonly [sequence: number, ack: KeptAck]> {
    for (let sequence = Math.max(first, this.#confirmed + 1); sequence <= this.received; sequence++) {
      const ack = this.find(sequence);
      if (ack) yield [sequence, ack];
    }
  }

  /** The sender has every ack up to this one. Returns how many that are more than before, and their bytes. */
  confirm(sequence: number): { readonly messages: number; readonly bytes: number } {
    let bytes = 0;
    const before = this.#confirmed;
    while (this.#confirmed < sequence) {
      const ack = this.#kept[this.#head];
      if (ack === undefined) break; // it cannot have what there is not
      this.#kept[this.#head++] = undefined;
      this.#confirmed++;
      bytes += bytesOf(ack);
    }
    if (this.#head === this.#kept.length || this.#head >= COMPACT_AT) {
      this.#kept = this.#kept.slice(this.#head);
      this.#head = 0;
    }
    return { messages: this.#confirmed - before, bytes };
  }

  /** Gives back what has arrived and not begun, in order. */
  giveBack(): readonly InDelivery[] {
    const given = this.waiting.drain();
    if (given[0]) this.received = given[0].sequence - 1;
    return given;
  }

  #indexOf(sequence: number): number {
    return this.#head + sequence - this.#confirmed - 1;
  }
}

/** What an ack counts for, at most as much as what its sender counts when it arrives. */
function bytesOf(ack: KeptAck): number {
  if ("failure" in ack) return 0; // never long
  const { payload } = ack;
  if (typeof payload === "string" || payload instanceof Uint8Array) return payload.length;
  return typeof payload === "object" ? jsonOf(payload).length : 0;
}
