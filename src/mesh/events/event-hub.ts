import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type {
  EventHandler,
  EventHeaders,
  MeshEvent,
  PublishOptions,
  SubscribeOptions,
  Subscription,
} from "../event.js";
import type { EventExchange, EventInput, EventOutput, EventPeer } from "../framed/event-exchange.js";
import type { MeshLimits } from "../limits.js";
import { Postbox } from "../memory/postbox.js";
import { checkPayload, copyOf, type Payload } from "../payload.js";
import { checkPattern, checkSubject } from "../subject.js";
import { EventBatch } from "./event-batch.js";
import { EventLink, type EventLinkOwner, MOST_PATTERNS, unexpected } from "./event-link.js";
import { EventTally } from "./event-tally.js";
import { checkHeaders, MOST_HEADERS_BYTES, NO_HEADERS } from "./headers.js";
import { LocalSubscription } from "./local-subscription.js";
import { Origins } from "./origins.js";
import { linksOf, Routes } from "./routes.js";

export interface EventHubOptions {
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  /** Whether nodes prove their names, and each publishes in its own. False by default. */
  readonly isByName?: boolean | undefined;
}

interface Letter {
  readonly event: MeshEvent;
  readonly to: readonly LocalSubscription[];
}

/**
 * The events of one process: those who listen here, and the links to others, whichever end made them.
 *
 * Two processes may have several links. A process tells its interest on one of them only, the oldest, and on the next
 * when that has ended and nothing is heard on it any more: so nothing comes twice, and what one process publishes keeps
 * its order. Where nodes prove their names, each is as a process in this: what it publishes goes over links of its own.
 */
export class EventHub implements EventExchange, EventLinkOwner {
  readonly tally = new EventTally();
  readonly #options: EventHubOptions;
  readonly #origins: Origins;
  readonly #routes = new Routes();
  /** When what is being read has arrived; `undefined` before the next is. */
  #nowMs: number | undefined;
  /** What is listened to here, and by how many. */
  readonly #patterns = new Map<string, number>();
  /** Links by origin, the oldest first. */
  readonly #links = new Map<string, EventLink[]>();
  readonly #subscriptions = new Set<LocalSubscription>();
  readonly #batch: EventBatch;
  readonly #letters = new Postbox<Letter>((letter) => this.#open(letter));
  #waiting = 0;
  #hasBegun = false;
  #willTell = false;
  #pings = 0;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#origins = new Origins(options.isByName === true);
    this.#batch = new EventBatch(options.schedule, this.tally);
  }

  /** See `EventExchange`. */
  processOf(node: string): string {
    return this.#origins.processOf(node);
  }

  /** See `Mesh.publish()`. Where nodes prove their names, nobody else hears of what is published in no name. */
  publish(subject: string, data: Payload, options?: PublishOptions): number {
    checkSubject(subject);
    return this.publishOwn(subject, data, options);
  }

  /** See `Mesh.publishOwn()`. */
  publishOwn(subject: string, data: Payload, { headers, from }: PublishOptions = {}): number {
    checkPayload(data, this.#options.limits);
    if (headers) checkHeaders(headers);
    this.begin();
    this.tally.published++;
    const route = this.#routes.find(subject);
    const { here } = route;
    const links = this.#origins.isByName ? linksOf(route, from ?? "") : route.links;
    if (links.length > 0) this.#batch.add(links, subject, data, headers);
    if (here.length > 0)
      this.#post(here, this.#eventOf(subject, copyOf(data), headers && { ...headers }, from));
    return here.length + links.length;
  }

  /** See `Mesh.subscribe()`. */
  subscribe(pattern: string, handler: EventHandler, options: SubscribeOptions = {}): Subscription {
    checkPattern(pattern);
    options.signal?.throwIfAborted();
    const listeners = this.#patterns.get(pattern) ?? 0;
    if (listeners === 0 && this.#patterns.size >= MOST_PATTERNS) throw tooManyPatterns(pattern);
    const subscription = new LocalSubscription(pattern, handler, options, (closed) => this.#closed(closed));
    this.#subscriptions.add(subscription);
    this.#routes.add([pattern], subscription);
    this.#patterns.set(pattern, listeners + 1);
    this.begin();
    if (listeners === 0) this.#tellLater();
    return subscription;
  }

  /** Takes part in events from now on: tells the other ends of all links. Idempotent. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const link of [...this.#links.values()].flat()) this.#introduce(link);
  }

  /**
   * Resolves when the other ends of all links know what is listened to here, and this process what is there, or have not
   * answered in the time for a greeting.
   */
  settle(): Promise<void> {
    this.begin();
    this.#tell();
    const token = ++this.#pings;
    const { clock, limits } = this.#options;
    return new Promise((resolve) => {
      const stopWaiting = clock.after(limits.handshakeMs, resolve);
      void Promise.all([...this.#links.values()].flat().map((link) => link.settle(token))).then(() => {
        stopWaiting();
        resolve();
      });
    });
  }

  /** Closes every subscription. Idempotent. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) subscription.close();
  }

  /** See `EventExchange`. */
  join(output: EventOutput, peer: EventPeer): EventInput | undefined {
    if (this.#origins.isOwn(peer.process)) return undefined;
    const origin = this.#origins.of(peer);
    const link = new EventLink(output, { peer, origin }, this);
    const links = this.#links.get(origin);
    if (links) links.push(link);
    else this.#links.set(origin, [link]);
    if (this.#hasBegun) this.#introduce(link);
    return link;
  }

  /** See `EventLinkOwner`, also for those that follow. */
  interested(link: EventLink, came: readonly string[], went: readonly string[]): void {
    this.#routes.add(came, link);
    this.#routes.delete(went, link);
  }

  /** Everything that other processes publish comes through here: the place to refuse what they may not. */
  arrived(
    link: EventLink,
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
  ): void {
    if (bytes > this.#options.limits.frameBytes + MOST_HEADERS_BYTES)
      throw unexpected(`an event of ${bytes} bytes`);
    const { here } = this.#routes.find(subject);
    if (here.length === 0) return;
    this.tally.received++;
    const event = this.#eventOf(subject, data, headers, link.peer.node);
    for (const subscription of here) subscription.deliver(event);
  }

  ended(link: EventLink): void {
    if (link.patterns.size > 0) this.#routes.delete(link.patterns, link);
    const { origin } = link;
    const links = this.#links.get(origin) ?? [];
    const [oldest, next] = links;
    if (links.length <= 1) this.#links.delete(origin);
    else links.splice(links.indexOf(link), 1);
    if (oldest === link && next && this.#patterns.size > 0) this.#introduce(next);
  }

  #closed(subscription: LocalSubscription): void {
    const { pattern } = subscription;
    this.#subscriptions.delete(subscription);
    this.#routes.delete([pattern], subscription);
    const listeners = (this.#patterns.get(pattern) ?? 1) - 1;
    if (listeners > 0) {
      this.#patterns.set(pattern, listeners);
    } else {
      this.#patterns.delete(pattern);
      this.#tellLater();
    }
  }

  #eventOf(
    subject: string,
    data: Payload,
    headers: EventHeaders = NO_HEADERS,
    from: string | undefined,
  ): MeshEvent {
    if (this.#nowMs === undefined) {
      this.#nowMs = this.#options.clock.now();
      queueMicrotask(this.#timeGoesOn);
    }
    return { subject, data, headers, from, at: this.#nowMs };
  }

  readonly #timeGoesOn = (): void => {
    this.#nowMs = undefined;
  };

  /** Those of this process hear a moment later too, so that no handler runs inside another. */
  #post(to: readonly LocalSubscription[], event: MeshEvent): void {
    if (this.#waiting >= this.#options.limits.queued) {
      this.tally.dropped += to.length;
      return;
    }
    this.#waiting++;
    this.#letters.post({ event, to });
  }

  #open({ event, to }: Letter): void {
    this.#waiting--;
    this.tally.received++;
    for (const subscription of to) subscription.deliver(event);
  }

  /** Tells the other end of a link what is listened to on it. */
  #introduce(link: EventLink): void {
    const isListenedOn = this.#links.get(link.origin)?.[0] === link;
    const process = this.processOf(link.peer.own);
    link.tell({ process, patterns: isListenedOn ? [...this.#patterns.keys()] : [] });
  }

  #tellLater(): void {
    if (this.#willTell || this.#links.size === 0) return;
    this.#willTell = true;
    this.#options.schedule(() => this.#tell());
  }

  /** Tells what is listened to here, if that has changed since. */
  #tell(): void {
    if (!this.#willTell) return;
    this.#willTell = false;
    for (const [link] of this.#links.values()) if (link) this.#introduce(link);
  }
}

function tooManyPatterns(pattern: string): CircuitError {
  return new CircuitError(
    "MESSAGE_INVALID",
    `Cannot listen to ${pattern}: this process listens to ${MOST_PATTERNS} patterns, as many as it may`,
    { hint: "Choose fewer with wildcards, for example sensor.>." },
  );
}
