import type { Clock } from "../../core/clock.js";
import type { EventHandler, EventHeaders, PublishOptions, SubscribeOptions, Subscription } from "../event.js";
import { checkHeaders, MOST_HEADERS_BYTES } from "../event-headers.js";
import { EventTally } from "../event-tally.js";
import type { EventExchange, EventInput, EventOutput, EventPeer } from "../framed/event-exchange.js";
import type { EventRecipient } from "../framed/records.js";
import type { MeshLimits } from "../limits.js";
import { LocalSubscription } from "../local-subscription.js";
import { checkPayload, copyOf, type Payload } from "../payload.js";
import { checkPattern, checkSubject, matches } from "../subject.js";
import { EventBatch } from "./event-batch.js";
import { EventLink, type EventLinkOwner, type Listening, unexpected } from "./event-link.js";
import { Letters } from "./letters.js";
import { Origins } from "./origins.js";
import { OwnInterest } from "./own-interest.js";
import { OwnLast } from "./own-last.js";
import { Past, Pasts } from "./past.js";
import { linksOf, type Route, Routes } from "./routes.js";
import { ToQueues } from "./to-queues.js";

export interface EventHubOptions {
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  /** Whether nodes prove their names, and each publishes in its own. False by default. */
  readonly isByName?: boolean | undefined;
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
  readonly #interest = new OwnInterest();
  readonly #pasts = new Pasts();
  readonly #last: OwnLast;
  readonly #toQueues: ToQueues;
  /** Links by origin, the oldest first. */
  readonly #links = new Map<string, EventLink[]>();
  readonly #subscriptions = new Set<LocalSubscription>();
  readonly #batch: EventBatch;
  readonly #letters: Letters;
  #hasBegun = false;
  #willTell = false;
  #pings = 0;
  /** Links that ended, since that was asked last, before their other ends had said that they had read all. */
  #endedUnsure = 0;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#origins = new Origins(options.isByName === true);
    this.#batch = new EventBatch(options.schedule, this.tally);
    this.#letters = new Letters(options, this.tally);
    this.#last = new OwnLast(this.#origins.isByName, this.tally);
    this.#toQueues = new ToQueues(this.#batch, this.#origins.isByName, this.tally);
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
  publishOwn(subject: string, data: Payload, options: PublishOptions = {}): number {
    const { headers, from } = options;
    checkPayload(data, this.#options.limits);
    if (headers) checkHeaders(headers);
    this.begin();
    const sequence = ++this.tally.published;
    const route = this.#routes.find(subject);
    const links = this.#origins.isByName ? linksOf(route, from ?? "") : route.links;
    if (links.length > 0) this.#batch.add(links, subject, data, headers, sequence);
    this.#last.of(from).keep(subject, data, options, sequence);
    const [chosen, linksChosen] = this.#toQueues.publish(route, subject, data, options);
    const here = chosen.length > 0 ? [...route.here, ...chosen] : route.here;
    if (here.length > 0)
      this.#letters.post(here, { subject, data: copyOf(data), headers: headers && { ...headers }, from });
    return here.length + links.length + linksChosen;
  }

  /** See `Mesh.subscribe()`. */
  subscribe(pattern: string, handler: EventHandler, options: SubscribeOptions = {}): Subscription {
    checkPattern(pattern);
    options.signal?.throwIfAborted();
    this.#interest.check(pattern, options);
    const ask = options.last ? this.#interest.nextAsk() : 0;
    const closed = (subscription: LocalSubscription) => this.#closed(subscription);
    const subscription = new LocalSubscription(pattern, handler, options, closed, ask);
    this.#subscriptions.add(subscription);
    this.#routes.add(pattern, subscription);
    this.begin();
    if (this.#interest.add(subscription)) this.#tellLater();
    if (options.last) for (const event of this.#last.find(pattern)) this.#letters.post([subscription], event);
    return subscription;
  }

  /** Takes part in events from now on: tells the other ends of all links. Idempotent. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const link of [...this.#links.values()].flat()) this.#introduce(link);
  }

  /**
   * Resolves when the other ends of all links know what is listened to here, and this process what is there, and have read
   * what was published to them, or have not answered in the time for a greeting.
   *
   * @returns Links whose other ends listened, and may not have read all: they did not answer, or ended without a word since
   *   this was asked last.
   */
  async settle(): Promise<number> {
    // The question goes with what it asks about, or who leaves after that could not answer.
    this.#batch.flush();
    this.begin();
    this.#tell();
    const token = ++this.#pings;
    const { clock, limits } = this.#options;
    const links = [...this.#links.values()].flat();
    let stopWaiting = () => {};
    const late = new Promise<void>((resolve) => {
      stopWaiting = clock.after(limits.handshakeMs, resolve);
    });
    await Promise.race([Promise.all(links.map((link) => link.settle(token))), late]);
    stopWaiting();
    const unsure = links.filter((link) => link.answered < token && link.isUnsure).length + this.#endedUnsure;
    this.#endedUnsure = 0;
    return unsure;
  }

  /** Closes every subscription. Idempotent. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) subscription.close();
  }

  /** See `EventExchange`. */
  join(output: EventOutput, peer: EventPeer): EventInput | undefined {
    if (this.#origins.isOwn(peer.process)) return undefined;
    const origin = this.#origins.of(peer);
    const links = this.#links.get(origin);
    const past = links?.[0]?.past ?? this.#pasts.find(origin) ?? new Past();
    const link = new EventLink(output, { peer, origin, past }, this);
    if (links) links.push(link);
    else this.#links.set(origin, [link]);
    if (this.#hasBegun) this.#introduce(link);
    return link;
  }

  /** See `EventLinkOwner`, also for those that follow. */
  interested(link: EventLink, came: readonly Listening[], went: readonly Listening[]): void {
    for (const [pattern, listener] of went) this.#routes.delete(pattern, listener);
    for (const [pattern, listener] of came) this.#routes.add(pattern, listener);
    if (link.isAsked) this.room(link);
  }

  /** Answers who wants last events, as far as the link takes them; what was published before goes first. */
  room(link: EventLink): void {
    this.#batch.flush();
    link.answer(this.#last.of(link.peer.own), this.tally.published);
  }

  soFar({ origin, past }: EventLink, sequence: number, ask: number): void {
    past.soFar(sequence, ask);
    this.#pasts.keep(origin, past);
  }

  /** Everything that other processes publish comes through here: the place to refuse what they may not. */
  arrived(
    link: EventLink,
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
    to: EventRecipient | undefined,
  ): void {
    if (bytes > this.#options.limits.frameBytes + MOST_HEADERS_BYTES)
      throw unexpected(`an event of ${bytes} bytes`);
    const route = this.#routes.find(subject);
    const here = to === undefined ? route.here : this.#findRecipients(route, subject, to);
    if (here.length === 0) return;
    this.tally.received++;
    const event = this.#letters.eventOf({ subject, data, headers, from: link.peer.node });
    // Who waits for last events hears nothing else before.
    for (const subscription of here)
      if (to !== undefined || subscription.ask <= link.past.answered) subscription.deliver(event);
  }

  #findRecipients({ groups }: Route, subject: string, to: EventRecipient): LocalSubscription[] {
    const found =
      "queue" in to
        ? groups.find(({ queue }) => queue === to.queue)?.takeHere()
        : this.#interest.findAsker(to.ask);
    return found !== undefined && matches(found.pattern, subject) ? [found] : [];
  }

  ended(link: EventLink): void {
    if (link.isUnsure) this.#endedUnsure++;
    for (const [pattern, listener] of link.listening) this.#routes.delete(pattern, listener);
    const { origin } = link;
    const links = this.#links.get(origin) ?? [];
    const [oldest, next] = links;
    if (links.length <= 1) this.#links.delete(origin);
    else links.splice(links.indexOf(link), 1);
    if (oldest === link && next && !this.#interest.isEmpty) this.#introduce(next);
  }

  #closed(subscription: LocalSubscription): void {
    this.#subscriptions.delete(subscription);
    this.#routes.delete(subscription.pattern, subscription);
    if (this.#interest.delete(subscription)) this.#tellLater();
  }

  /** Tells the other end of a link what is listened to on it. */
  #introduce(link: EventLink): void {
    const isListenedOn = this.#links.get(link.origin)?.[0] === link;
    const process = this.processOf(link.peer.own);
    if (!isListenedOn) link.tell({ process, patterns: [], last: [] });
    else link.tell({ process, ...this.#interest.tellTo(link.past) });
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
