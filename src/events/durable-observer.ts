import { CircuitError, messageOf } from "../core/error.js";
import { type Consumer, type DurableEvent, type DurableEvents, GiveUp, HandBack } from "../mesh/durable.js";
import type { ObserverHost } from "./host.js";
import type { RunningObserver } from "./observer.js";
import type { ObserverDefinition } from "./on.js";
import { Reaction, tooSlow } from "./reaction.js";
import type { ObserverTally } from "./tallies.js";

/** Calls after one that failed, where nothing else is said: five in all, as an engine tries by itself. */
const DEFAULT_RETRIES = 4;

/** Lead that the handler's time has on the engine's, in milliseconds: it knows better what took too long. */
const LATE_FIRST_MS = 1_000;

/** Reacts to events that an engine keeps: each is acknowledged when the handler has reacted, and until then comes again. */
export class DurableObserver implements RunningObserver {
  readonly pattern: string;
  readonly ready: Promise<void>;
  readonly done: Promise<void>;
  readonly #reaction: Reaction;
  readonly #consumer: Promise<Consumer>;
  readonly #mostHandled: number;
  /** Aborts when the grace is over, and before that where the engine has not answered yet. */
  readonly #stopping = new AbortController();
  #handled = 0;
  #isReady = false;
  #isClosed = false;
  #isDone: () => void = () => {};
  #leaving: Promise<void> | undefined;

  /** @throws {CircuitError} `USAGE` where nothing keeps events; the signal's own reason. */
  constructor(definition: ObserverDefinition, host: ObserverHost, tally: ObserverTally) {
    const { pattern, options } = definition;
    options.signal?.throwIfAborted();
    this.pattern = pattern;
    this.#reaction = new Reaction(definition, host, tally);
    this.#mostHandled = options.count ?? Number.POSITIVE_INFINITY;
    this.done = new Promise((resolve) => {
      this.#isDone = () => {
        options.signal?.removeEventListener("abort", this.#close);
        this.#reaction.end();
        resolve();
      };
    });
    this.#consumer = this.#consume(findDurable(definition, host));
    this.ready = this.#consumer.then(() => {
      this.#isReady = true;
    });
    // Who does not wait for it is told all the same.
    this.ready.catch((problem: unknown) => {
      if (!this.#stopping.signal.aborted) host.notice(`${host.node}: on ${pattern}: ${messageOf(problem)}`);
      this.#isDone();
    });
    options.signal?.addEventListener("abort", this.#close, { once: true });
  }

  close(): void {
    this.#close();
  }

  async finish(graceMs: number): Promise<void> {
    this.#isClosed = true;
    const stop = () => {
      const reason = tooSlow(this.pattern, graceMs);
      this.#stopping.abort(reason);
      this.#reaction.stop(reason);
      // An engine whose server is away may have no end.
      this.#isDone();
    };
    if (!this.#isReady) stop();
    const cancel = this.#reaction.host.clock.after(graceMs, stop);
    void this.#leave(graceMs);
    await this.done;
    cancel();
  }

  readonly #close = (): void => {
    this.#isClosed = true;
    void this.#leave();
  };

  /** Hears nothing new, and lets what runs be acknowledged. */
  #leave(graceMs?: number): Promise<void> {
    this.#leaving ??= this.#consumer
      .then((consumer) => consumer.drain(graceMs))
      .then(this.#isDone, this.#isDone);
    return this.#leaving;
  }

  #consume(durable: DurableEvents): Promise<Consumer> {
    const { host, definition, timeoutMs } = this.#reaction;
    const { durable: name = "", count, concurrency = 1, retries = DEFAULT_RETRIES } = definition.options;
    return durable.consume(this.pattern, (event, signal) => this.#take(event, signal), {
      name,
      // What is handed out beyond the count would have to be given back, which costs it a delivery.
      concurrency: count === undefined ? concurrency : 1,
      exact: count !== undefined,
      deliveries: retries + 1,
      handlerMs: timeoutMs + LATE_FIRST_MS,
      signal: this.#stopping.signal,
      ...(host.keeping && { keeping: host.keeping }),
      onError: (problem) => host.notice(`${host.node}: on ${this.pattern}: ${messageOf(problem)}`),
      onDead: (event, cause) => this.#died(event, cause),
    });
  }

  /** What it resolves is acknowledged; what it rejects comes again, or is given up. */
  async #take(event: DurableEvent, signal: AbortSignal): Promise<void> {
    // With it, the engine can be told in time that this was the last.
    await this.#consumer;
    if (this.#isOver) throw new HandBack();
    try {
      await this.#react(event, signal);
    } catch (cause) {
      // What was stopped has not failed.
      throw this.#stopping.signal.aborted ? new HandBack() : cause;
    }
  }

  async #react(event: DurableEvent, signal: AbortSignal): Promise<void> {
    const { id, deliveryCount } = event;
    const sifted = await this.#reaction.sift(event, this.#reaction.timeOf(event));
    if (sifted.is === "other") return;
    if (sifted.is === "unsaid") throw sifted.problem;
    if (sifted.is === "misfit") throw new GiveUp(sifted.problem);
    if (this.#isOver) throw new HandBack();
    await this.#reaction.call(sifted.event, deliveryCount, { id, signal });
    this.#reaction.tally.handled++;
    this.#count();
  }

  /** An event was given up: its data does not fit, or its handler failed as often as it may. */
  #died(event: DurableEvent, thrown: unknown): void {
    const at = this.#reaction.timeOf(event);
    if (thrown instanceof GiveUp) {
      this.#reaction.fail(event, at, { cause: thrown.cause, attempts: 0 });
      return;
    }
    this.#reaction.fail(event, at, { cause: thrown, attempts: event.deliveryCount });
    this.#count();
  }

  get #isOver(): boolean {
    return this.#isClosed || this.#handled >= this.#mostHandled;
  }

  #count(): void {
    if (++this.#handled === this.#mostHandled) void this.#leave();
  }
}

function findDurable({ pattern }: ObserverDefinition, { mesh }: ObserverHost): DurableEvents {
  if (mesh.durable) return mesh.durable;
  throw new CircuitError("USAGE", `Cannot observe ${pattern} durably: nothing here keeps events`, {
    hint: "Give --mesh nats://… of a server with JetStream, or leave `durable` out.",
  });
}
