import type { Clock } from "../core/clock.js";
import type { Breath } from "./breath.js";
import type { BatchedConnectionOptions } from "./connection.js";
import { Inbox, type InboxHost } from "./inbox.js";
import type { Stage } from "./stage.js";
import type { ConnectionTally } from "./tally.js";

/** To wait for it is to have a turn soon; `queueMicrotask()` takes ten times as long. */
const SOON = Promise.resolve();

/** What a pump asks of the life that it is part of. */
export interface PumpHost {
  readonly clock: Clock;
  readonly breath: Breath;
  readonly isDraining: boolean;
  readonly isOver: boolean;
  /** A pump has nothing to do. */
  idle(): void;
}

/** Takes items out of the inboxes of a processor, in turn, and has them handled, as many at a time as it may. */
export class Pump implements InboxHost {
  readonly stage: Stage;
  readonly #host: PumpHost;
  readonly #inboxes: Inbox[] = [];
  /** The one inbox there is, as most often, where it makes no batches: the quick way. */
  #only: Inbox | undefined;
  readonly #parallel: number;
  readonly #ordered: boolean;
  #running = 0;
  #turn = 0;
  #isScheduled = false;
  /** The last that was begun, where what comes after it has to wait. */
  #last: Promise<void> | undefined;

  constructor(stage: Stage, host: PumpHost) {
    const { parallel = 1, ordered = true } = stage.part.options;
    this.stage = stage;
    this.#host = host;
    this.#parallel = parallel;
    this.#ordered = ordered && parallel > 1;
    stage.tally.countWaiting = () => this.#inboxes.reduce((sum, { length }) => sum + length, 0);
  }

  /** An inbox for one more connection. */
  open(options: Partial<BatchedConnectionOptions>, tally: ConnectionTally): Inbox {
    const inbox = new Inbox(this.stage, options, tally, this);
    this.#inboxes.push(inbox);
    this.#only = this.#inboxes.length === 1 && options.batch === undefined ? inbox : undefined;
    return inbox;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  get isDraining(): boolean {
    return this.#host.isDraining;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#inboxes.every(({ length }) => length === 0);
  }

  wake(): void {
    if (this.#isScheduled || this.#running >= this.#parallel) return;
    this.#isScheduled = true;
    void SOON.then(this.#run);
  }

  /** Gives up what waits, and whatever comes. */
  abandon(): void {
    for (const inbox of this.#inboxes) inbox.abandon();
  }

  readonly #run = (): void => {
    this.#isScheduled = false;
    const { breath } = this.#host;
    while (this.#handle(breath.items)) {
      if (!breath.look()) continue;
      this.#isScheduled = true;
      void breath.takeLong().then(this.#run);
      return;
    }
    if (this.#running === 0) this.#host.idle();
  };

  /** Handles so many items; whether there were as many, and nobody had to be waited for before. */
  #handle(count: number): boolean {
    const only = this.#only;
    const { stage } = this;
    for (let item = 0; item < count; item++) {
      if (this.#running >= this.#parallel) return false;
      if (only === undefined || this.#last !== undefined) {
        if (!this.#handleNext()) return false;
        continue;
      }
      const next = only.takeItem();
      if (next === undefined) return false;
      const work = stage.process(next, 1);
      if (work !== undefined) this.#wait(work);
    }
    return true;
  }

  /** Whether there was something. */
  #handleNext(): boolean {
    if (this.#only !== undefined) {
      const item = this.#only.takeItem();
      if (item === undefined) return false;
      this.#begin(item, 1);
      return true;
    }
    for (let tries = 0; tries < this.#inboxes.length; tries++) {
      const taken = this.#inboxes[this.#turn++ % this.#inboxes.length]?.take();
      if (taken === undefined) continue;
      this.#begin(taken.item, taken.weight);
      return true;
    }
    return false;
  }

  #begin(item: unknown, weight: number): void {
    const work =
      this.#last !== undefined
        ? this.stage.processAfter(this.#last, item, weight)
        : this.stage.process(item, weight);
    if (work !== undefined) this.#wait(work);
  }

  #wait(work: Promise<void>): void {
    this.#running++;
    if (this.#ordered) this.#last = work;
    void work.then(() => this.#ended(work));
  }

  #ended(work: Promise<void>): void {
    this.#running--;
    if (this.#last === work) this.#last = undefined;
    if (!this.#isScheduled) this.#run();
  }
}
