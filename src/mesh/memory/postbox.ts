import { Queue } from "../../core/queue.js";

const soon = Promise.resolve();

/** Node's own, kept before virtual time replaces it. */
const turn = setImmediate;

/**
 * Deliveries after which the event loop gets a turn. Nodes that answer each other at once would otherwise never let
 * it have one, and no timer, socket or Ctrl-C would be heard; at 1 000 a turn costs nothing that could be measured.
 */
const DELIVERIES_BEFORE_TURN = 1_000;

/** Hands items on, in order, a microtask later: no timer, so faked time neither drives it nor holds it up. */
export class Postbox<Item extends NonNullable<unknown>> {
  readonly #items = new Queue<Item>();
  readonly #receive: (item: Item) => void;
  #isScheduled = false;
  #deliveries = 0;

  constructor(receive: (item: Item) => void) {
    this.#receive = receive;
  }

  post(item: Item): void {
    this.#items.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#deliveries++;
    if (this.#deliveries % DELIVERIES_BEFORE_TURN === 0) turn(this.#deliver);
    else void soon.then(this.#deliver);
  }

  readonly #deliver = (): void => {
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) this.#receive(item);
    this.#isScheduled = false;
  };
}
