import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { isThenable } from "../../core/thenable.js";
import type { ReceivedTally } from "../counts.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import { answerOf } from "../text.js";
import { failureOf } from "./failure.js";
import { FailedAck, type InChannel, type KeptAck } from "./in-channel.js";
import type { InDelivery } from "./in-delivery.js";
import type { Failure } from "./records.js";

export interface InRunsOptions {
  readonly handler: Handler;
  /** Messages of one channel that run at the same time. */
  readonly concurrency: number;
  readonly limits: MeshLimits;
  readonly clock: Clock;
  readonly tally: ReceivedTally;
  /** Nothing runs and nothing waits any more. */
  idle(): void;
}

/** Whose messages run. */
export interface InRunsOwner {
  /** Whether there is room for another answer. When there is again, `run()` is to be called. */
  mayRun(): boolean;
  answered(channel: InChannel, sequence: number, ack: KeptAck): void;
}

/** Runs the handler for the messages of one sender: in order within a channel, concurrently across channels. */
export class InRuns {
  readonly #options: InRunsOptions;
  readonly #owner: InRunsOwner;
  #running = 0;
  #waiting = 0;
  #bytes = 0;
  /** The next handler is timed; which one is, and since when. */
  #isTimeDue = false;
  #timed: InDelivery | undefined;
  #startMs = 0;
  #isOver = false;

  constructor(options: InRunsOptions, owner: InRunsOwner) {
    this.#options = options;
    this.#owner = owner;
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

  /** Bytes of messages that have no answer. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Lets the next handler be timed, from now on. Not every one, and one at a time: messages may come quicker than a
   * clock is read.
   */
  timeNext(nowMs: number): void {
    if (this.#timed !== undefined) return;
    this.#isTimeDue = true;
    this.#startMs = nowMs;
  }

  /** Takes a message, and runs it when its turn has come. */
  add(channel: InChannel, delivery: InDelivery): void {
    if (this.#isOver) return;
    const { concurrency } = this.#options;
    this.#bytes += delivery.bytes;
    if (channel.running < concurrency && channel.waiting.length === 0 && this.#owner.mayRun()) {
      this.#begin(channel, delivery);
      return;
    }
    if (channel.running >= concurrency && delivery.isCycle) {
      const reason = `${delivery.node} waits for its own channel "${channel.name}"`;
      this.#fail(channel, delivery, { code: "CALL_CYCLE", reason });
      return;
    }
    channel.waiting.push(delivery);
    this.#waiting++;
  }

  /** Runs what waits, as far as may run. */
  run(channel: InChannel): void {
    const { concurrency } = this.#options;
    while (channel.waiting.length > 0 && channel.running < concurrency && this.#owner.mayRun()) {
      const delivery = channel.waiting.shift();
      if (delivery === undefined) return;
      this.#waiting--;
      // It has waited since its frame came.
      this.timeNext(this.#options.clock.now());
      this.#begin(channel, delivery);
    }
  }

  /** Takes back what has not begun. Returns the number of the first such message, if there is one. */
  giveBack(channel: InChannel): number | undefined {
    const given = channel.giveBack();
    this.#waiting -= given.length;
    for (const { bytes } of given) this.#bytes -= bytes;
    return given[0]?.sequence;
  }

  /** What waits is not run; what runs is told. Both are answered all the same: the sender counts. */
  cancel(channel: InChannel, sequence: number): void {
    const reason = new CircuitError("NOT_RUN", "Cannot go on: the sender does not wait any more");
    for (const delivery of channel.pending) if (delivery.sequence === sequence) delivery.cancel(reason);
    if (channel.waiting.length === 0) return;
    let cancelled: InDelivery | undefined;
    for (const delivery of channel.waiting.drain()) {
      if (delivery.sequence === sequence) cancelled = delivery;
      else channel.waiting.push(delivery);
    }
    if (cancelled === undefined) return;
    this.#waiting--;
    this.#fail(channel, cancelled, { code: "CANCELLED", reason: "its sender took it back" });
  }

  /** Runs nothing more, and tells what runs that nobody waits. */
  stop(channels: Iterable<InChannel>): void {
    this.#isOver = true;
    for (const channel of channels) {
      channel.waiting.clear();
      for (const delivery of channel.pending) delivery.cancel(nobodyWaits());
    }
    this.#waiting = 0;
  }

  #begin(channel: InChannel, delivery: InDelivery): void {
    if (delivery.isLate) {
      const reason = "the time of whoever waits for it was over before its turn came";
      this.#fail(channel, delivery, { code: "DEADLINE", reason });
      return;
    }
    channel.running++;
    this.#running++;
    if (this.#isTimeDue) {
      this.#isTimeDue = false;
      this.#timed = delivery;
    }
    let ack: KeptAck;
    try {
      const answer = this.#options.handler(delivery);
      if (isThenable(answer)) {
        this.#await(channel, delivery, answer);
        return;
      }
      ack = answerOf(answer, this.#options.limits);
    } catch (thrown) {
      ack = failed(thrown);
    }
    this.#finish(channel, delivery, ack);
  }

  #await(channel: InChannel, delivery: InDelivery, answer: PromiseLike<unknown>): void {
    channel.await(delivery);
    if (this.#isOver) delivery.cancel(nobodyWaits()); // ended by the handler itself
    Promise.resolve(answer).then(
      (value) => this.#answeredLater(channel, delivery, value),
      (thrown: unknown) => this.#settle(channel, delivery, failed(thrown)),
    );
  }

  #answeredLater(channel: InChannel, delivery: InDelivery, value: unknown): void {
    let ack: KeptAck;
    try {
      ack = answerOf(value, this.#options.limits);
    } catch (thrown) {
      ack = failed(thrown);
    }
    this.#settle(channel, delivery, ack);
  }

  #settle(channel: InChannel, delivery: InDelivery, ack: KeptAck): void {
    channel.awaited(delivery);
    this.#finish(channel, delivery, ack);
    if (!this.#isOver) this.run(channel);
    if (this.isIdle) this.#options.idle();
  }

  #finish(channel: InChannel, delivery: InDelivery, ack: KeptAck): void {
    channel.running--;
    this.#running--;
    this.#bytes -= delivery.bytes;
    if (delivery === this.#timed) this.#timeIsUp();
    if (!this.#isOver) this.#owner.answered(channel, delivery.sequence, ack);
  }

  #timeIsUp(): void {
    this.#timed = undefined;
    this.#options.tally.handlerMs.add(this.#options.clock.now() - this.#startMs);
  }

  #fail(channel: InChannel, delivery: InDelivery, failure: Failure): void {
    this.#bytes -= delivery.bytes;
    this.#owner.answered(channel, delivery.sequence, new FailedAck(failure));
  }
}

function failed(thrown: unknown): FailedAck {
  return new FailedAck(failureOf(thrown));
}

function nobodyWaits(): CircuitError {
  return new CircuitError("PEER_LOST", "Cannot answer: the sender has gone away, or the node is closing");
}
