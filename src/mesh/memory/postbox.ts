import { Queue } from "../../core/queue.js";

const soon = Promise.resolve();

/** Hands items on, in order, a microtask later: no timer, so faked time neither drives it nor holds it up. */
export class Postbox<Item extends NonNullable<unknown>> {
  readonly #items = new Queue<Item>();
  readonly #receive: (item: Item) => void;
  #isScheduled = false;

  constructor(receive: (item: Item) => void) {
    this.#receive = receive;
  }

  post(item: Item): void {
    this.#items.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void soon.then(this.#deliver);
  }

  readonly #deliver = (): void => {
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) this.#receive(item);
    this.#isScheduled = false;
  };
}
