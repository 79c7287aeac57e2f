import type { Clock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";
import { randomId } from "../core/random-id.js";
import type { EventHandler, EventHeaders, PublishOptions, Subscription } from "../mesh/event.js";
import { checkHeaders } from "../mesh/event-headers.js";
import type { EventExchange, EventInput, EventOutput } from "../mesh/framed/event-exchange.js";
import { RECORD } from "../mesh/framed/records.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";
import { checkPayload, type Payload } from "../mesh/payload.js";
import { checkPattern, checkSubject, matches } from "../mesh/subject.js";

interface Listener {
  readonly pattern: string;
  readonly handler: EventHandler;
}

/** What a page publishes and listens to: on its one link for events, whose other end tells all others. */
export class PageEvents implements EventExchange {
  readonly #process = randomId();
  readonly #clock: Clock;
  readonly #notice: (text: string) => void;
  readonly #listeners = new Set<Listener>();
  #output: EventOutput | undefined;
  #pings = 0;
  readonly #waiting = new Map<number, () => void>();
  #nowLinked = () => {};
  /** Resolves when there is a link for the first time. */
  readonly linked = new Promise<void>((resolve) => {
    this.#nowLinked = resolve;
  });

  constructor(clock: Clock, notice: (text: string) => void) {
    this.#clock = clock;
    this.#notice = notice;
  }

  processOf(): string {
    return this.#process;
  }

  /** See `Mesh.publish()`. What is published while there is no link reaches this page only. */
  publish(subject: string, data: Payload, from: string, { headers }: PublishOptions = {}): number {
    checkSubject(subject);
    checkPayload(data, DEFAULT_LIMITS);
    if (headers) checkHeaders(headers);
    const isSent = this.#output?.isFull === false;
    if (isSent) this.#output?.record.event(subject, data, headers);
    return this.#tell(subject, data, headers, from) + (isSent ? 1 : 0);
  }

  /** See `Mesh.subscribe()`. */
  on(pattern: string, handler: EventHandler): Subscription {
    checkPattern(pattern);
    const listener = { pattern, handler };
    this.#listeners.add(listener);
    this.#tellInterest();
    return {
      pattern,
      close: () => {
        if (this.#listeners.delete(listener)) this.#tellInterest();
      },
    };
  }

  /** Resolves when the other end knows what is listened to here. Rejects where there is no link. */
  settle(): Promise<void> {
    const output = this.#output;
    if (output === undefined)
      return Promise.reject(new CircuitError("PEER_LOST", "Cannot join events: there is no connection"));
    const token = ++this.#pings;
    output.record.numbers(RECORD.ping, token);
    return new Promise((resolve) => {
      this.#waiting.set(token, resolve);
    });
  }

  /** See `EventExchange`. */
  join(output: EventOutput): EventInput {
    this.#output = output;
    this.#nowLinked();
    this.#tellInterest();
    return {
      interest: () => {},
      event: (subject, data, headers) => void this.#tell(subject, data, headers, undefined),
      soFar: () => {},
      room: () => {},
      pong: (token) => {
        this.#waiting.get(token)?.();
        this.#waiting.delete(token);
      },
      ended: () => {
        if (this.#output === output) this.#output = undefined;
        for (const resolve of this.#waiting.values()) resolve();
        this.#waiting.clear();
      },
    };
  }

  #tellInterest(): void {
    const patterns = [...new Set([...this.#listeners].map(({ pattern }) => pattern))];
    this.#output?.record.interest({ process: this.#process, patterns });
  }

  /** @returns How many heard. */
  #tell(subject: string, data: Payload, headers: EventHeaders = {}, from: string | undefined): number {
    const heard = [...this.#listeners].filter(({ pattern }) => matches(pattern, subject));
    const event = { subject, data, headers, from, at: this.#clock.now() };
    for (const { handler } of heard)
      Promise.resolve()
        .then(() => handler(event))
        .catch((error: unknown) => this.#notice(`A handler of ${subject} failed: ${messageOf(error)}`));
    return heard.length;
  }
}
