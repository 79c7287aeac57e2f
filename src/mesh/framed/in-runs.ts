import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { ReceivedTally } from "../counts.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import { answerOf } from "../text.js";
import { failureOf } from "./failure.js";
import type { InChannel, KeptAck } from "./in-channel.js";
import type { InDelivery } from "./in-delivery.js";

export interface InRunsOptions {
  readonly handler: Handler;
  /** Messages of one channel that run at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tally: ReceivedTally;
  /** Whether there is room for another answer. When there is again, `run()` is to be called. */
  mayRun(): boolean;
  answered(channel: InChannel, sequence: number, ack: KeptAck): void;
  /** Nothing runs and nothing waits any more. */
  idle(): void;
}

/** Runs the handler for the messages of one sender: in order within a channel, concurrently across channels. */
export class InRuns {
  readonly #options: InRunsOptions;
  #running = 0;
  #waiting = 0;
  /** The next handler is timed; which one is, and since when. */
  #isTimeDue = false;
  #timed: InDelivery | undefined;
  #startMs = 0;
  #isOver = false;

  constructor(options: InRunsOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting === 0;
  }

  get running(): number {
    return this.#running;
  }

  /** Messages that have not begun. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lets the next handler be timed. Not every one: messages may come quicker than a clock is read. */
  timeNext(): void {
    this.#isTimeDue = true;
  }

  /** Takes a message, and runs it when its turn has come. */
  add(channel: InChannel, delivery: InDelivery): void {
    if (this.#isOver) return;
    if (delivery.isCycle && channel.running.size >= this.#options.concurrency) {
      const reason = `${delivery.node} waits for its own channel "${channel.name}"`;
      this.#options.answered(channel, delivery.sequence, { failure: { code: "CALL_CYCLE", reason } });
      return;
    }
    channel.waiting.push(delivery);
    this.#waiting++;
    this.run(channel);
  }

  /** Runs what waits, as far as may run. */
  run(channel: InChannel): void {
    const { concurrency, mayRun, answered } = this.#options;
    while (channel.waiting.length > 0 && channel.running.size < concurrency && mayRun()) {
      const delivery = channel.waiting.shift();
      if (delivery === undefined) return;
      this.#waiting--;
      if (delivery.isLate) {
        const reason = "the time of whoever waits for it was over before its turn came";
        answered(channel, delivery.sequence, { failure: { code: "DEADLINE", reason } });
      } else {
        this.#handle(channel, delivery);
      }
    }
  }

  /** Takes back what has not begun. Returns the number of the first such message, if there is one. */
  giveBack(channel: InChannel): number | undefined {
    this.#waiting -= channel.waiting.length;
    return channel.giveBack();
  }

  /** What waits is not run; what runs is told. Both are answered all the same: the sender counts. */
  cancel(channel: InChannel, sequence: number): void {
    const reason = new CircuitError("NOT_RUN", "Cannot go on: the sender does not wait any more");
    for (const delivery of channel.running) if (delivery.sequence === sequence) delivery.cancel(reason);
    if (channel.waiting.length === 0) return;
    const before = channel.waiting.length;
    for (const delivery of channel.waiting.drain())
      if (delivery.sequence !== sequence) channel.waiting.push(delivery);
    if (channel.waiting.length === before) return;
    this.#waiting--;
    const failure = { code: "CANCELLED", reason: "its sender took it back" } as const;
    this.#options.answered(channel, sequence, { failure });
  }

  /** Runs nothing more, and tells what runs that nobody waits. */
  stop(channels: Iterable<InChannel>): void {
    this.#isOver = true;
    const reason = new CircuitError(
      "PEER_LOST",
      "Cannot answer: the sender has gone away, or the node is closing",
    );
    for (const channel of channels) {
      channel.waiting.clear();
      for (const delivery of channel.running) delivery.cancel(reason);
    }
    this.#waiting = 0;
  }

  #handle(channel: InChannel, delivery: InDelivery): void {
    channel.running.add(delivery);
    this.#running++;
    if (this.#isTimeDue) this.#time(delivery);
    try {
      const answer = this.#options.handler(delivery);
      if (isThenable(answer)) {
        Promise.resolve(answer).then(
          (value) => this.#answeredLater(channel, delivery, value),
          (thrown: unknown) => this.#threwLater(channel, delivery, thrown),
        );
      } else {
        this.#finish(channel, delivery, { payload: answerOf(answer, this.#options.limits) });
      }
    } catch (thrown) {
      this.#finish(channel, delivery, { failure: failureOf(thrown) });
    }
  }

  #answeredLater(channel: InChannel, delivery: InDelivery, value: unknown): void {
    let ack: KeptAck;
    try {
      ack = { payload: answerOf(value, this.#options.limits) };
    } catch (thrown) {
      this.#threwLater(channel, delivery, thrown);
      return;
    }
    this.#finish(channel, delivery, ack);
    this.#goOn(channel);
  }

  #threwLater(channel: InChannel, delivery: InDelivery, thrown: unknown): void {
    this.#finish(channel, delivery, { failure: failureOf(thrown) });
    this.#goOn(channel);
  }

  #time(delivery: InDelivery): void {
    this.#isTimeDue = false;
    this.#timed = delivery;
    this.#startMs = this.#options.clock.now();
  }

  #timeIsUp(): void {
    this.#timed = undefined;
    this.#options.tally.handlerMs.add(this.#options.clock.now() - this.#startMs);
  }

  #goOn(channel: InChannel): void {
    this.#isTimeDue = true;
    if (!this.#isOver) this.run(channel);
    if (this.isIdle) this.#options.idle();
  }

  #finish(channel: InChannel, delivery: InDelivery, ack: KeptAck): void {
    channel.running.delete(delivery);
    this.#running--;
    if (delivery === this.#timed) this.#timeIsUp();
    if (!this.#isOver) this.#options.answered(channel, delivery.sequence, ack);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
