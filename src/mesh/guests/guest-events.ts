import type { EventHandler, EventHeaders, MeshEvent, PublishOptions, Subscription } from "../event.js";
import type { EventExchange, EventInput, EventOutput } from "../framed/event-exchange.js";
import type { EventRecipient, Interest } from "../framed/records.js";
import { MOST_PATTERNS, unexpected } from "../hub/event-link.js";
import { errorSubjectOf } from "../own-subjects.js";
import type { Payload } from "../payload.js";

/** The events of the mesh that looks after guests. */
export interface GuestMesh {
  publish(subject: string, data: Payload, options: PublishOptions): unknown;
  publishOwn(subject: string, data: Payload, options: PublishOptions): void;
  subscribe(pattern: string, handler: EventHandler): Subscription;
}

/** All that a guest publishes is taken, to be published in its name. */
const EVERYTHING = [">", "circuit.>"];

/** Publishes in the name of a guest, and tells it what it listens to: it has one link, and all others know none of it. */
export class GuestEvents implements EventExchange {
  readonly #guest: string;
  readonly #process: string;
  readonly #mesh: GuestMesh;

  /** @param process What the guest knows this process by. */
  constructor(guest: string, process: string, mesh: GuestMesh) {
    this.#guest = guest;
    this.#process = process;
    this.#mesh = mesh;
  }

  processOf(): string {
    return this.#process;
  }

  join(output: EventOutput): EventInput {
    output.record.interest({ process: this.#process, patterns: EVERYTHING });
    return new GuestLink(this.#guest, this.#mesh, output);
  }
}

class GuestLink implements EventInput {
  readonly #guest: string;
  readonly #mesh: GuestMesh;
  readonly #output: EventOutput;
  readonly #subscriptions = new Map<string, Subscription>();
  /** What was told last: an event that several patterns take in is heard here several times. */
  #told: MeshEvent | undefined;

  constructor(guest: string, mesh: GuestMesh, output: EventOutput) {
    this.#guest = guest;
    this.#mesh = mesh;
    this.#output = output;
  }

  interest({ patterns, queues = [], last = [] }: Interest): void {
    if (queues.length + last.length > 0) throw unexpected("queues or last events, which guests have not");
    const wanted = new Set(patterns);
    if (wanted.size > MOST_PATTERNS) throw unexpected(`${wanted.size} patterns of at most ${MOST_PATTERNS}`);
    for (const [pattern, subscription] of [...this.#subscriptions])
      if (!wanted.has(pattern)) {
        subscription.close();
        this.#subscriptions.delete(pattern);
      }
    for (const pattern of wanted)
      if (!this.#subscriptions.has(pattern))
        this.#subscriptions.set(
          pattern,
          this.#mesh.subscribe(pattern, (event) => this.#tell(event)),
        );
  }

  event(
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    _bytes: number,
    to: EventRecipient | undefined,
  ): void {
    if (to !== undefined) throw unexpected("an event for a few");
    const options = { from: this.#guest, ...(headers && { headers }) };
    if (subject === errorSubjectOf(this.#guest)) this.#mesh.publishOwn(subject, data, options);
    else this.#mesh.publish(subject, data, options);
  }

  ended(): void {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
  }

  soFar(): void {}

  room(): void {}

  pong(): void {}

  /** What the guest has published itself it has heard itself. */
  #tell(event: MeshEvent): void {
    if (event.from === this.#guest || event === this.#told || this.#output.isFull) return;
    this.#told = event;
    const { subject, data, headers } = event;
    this.#output.record.event(subject, data, Object.keys(headers).length > 0 ? headers : undefined);
  }
}
