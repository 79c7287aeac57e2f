import type { EventHeaders, PublishOptions } from "../event.js";
import { jsonOf, type Payload } from "../payload.js";

/** Subjects whose last event is kept: a sensor each of a thousand. Those that were published longest ago are left out. */
const MOST_SUBJECTS = 1_024;

/** Characters and bytes of what is kept: sixteen of the longest events, or a kilobyte for each subject. */
const MOST_KEPT = 1_048_576;

/** What was published last on a subject. */
export class LastEvent {
  readonly subject: string;
  headers: EventHeaders | undefined;
  /** Name that it was published in, where one was given. */
  from: string | undefined;
  /** Which event of its process it is. */
  sequence = 0;
  /** Characters and bytes that it takes. */
  size = 0;
  #data: Payload = null;
  #isJson = false;

  constructor(subject: string) {
    this.subject = subject;
  }

  /** What was published, as it was; objects and bytes are the caller's. */
  get data(): Payload {
    // The cast: what JSON.parse() gives of a payload's JSON is a payload.
    if (this.#isJson) return JSON.parse(String(this.#data)) as Payload;
    return this.#data instanceof Uint8Array ? new Uint8Array(this.#data) : this.#data;
  }

  set(data: Payload, { headers, from }: PublishOptions, sequence: number): void {
    this.#isJson = typeof data === "object" && data !== null && !(data instanceof Uint8Array);
    if (this.#isJson) this.#data = jsonOf(data);
    else this.#data = data instanceof Uint8Array ? new Uint8Array(data) : data;
    this.headers = headers && { ...headers };
    this.from = from;
    this.sequence = sequence;
    this.size = this.subject.length + lengthOf(this.#data) + (headers ? JSON.stringify(headers).length : 0);
  }
}

/** Keeps the last event of each subject that a process publishes. */
export class LastEvents {
  readonly #forgotten: () => void;
  /** In the order in which they were published. */
  readonly #events = new Map<string, LastEvent>();
  #latest: LastEvent | undefined;
  #size = 0;

  /** @param forgotten Told of each that is kept no more. */
  constructor(forgotten: () => void) {
    this.#forgotten = forgotten;
  }

  keep(subject: string, data: Payload, options: PublishOptions, sequence: number): void {
    let event = this.#latest;
    if (event === undefined || event.subject !== subject) {
      event = this.#events.get(subject) ?? new LastEvent(subject);
      this.#events.delete(subject);
      this.#events.set(subject, event);
      this.#latest = event;
    }
    this.#size -= event.size;
    event.set(data, options, sequence);
    this.#size += event.size;
    if (this.#size > MOST_KEPT || this.#events.size > MOST_SUBJECTS) this.#makeRoom();
  }

  /** Those that are kept, in the order in which they were published. */
  [Symbol.iterator](): Iterator<LastEvent> {
    return this.#events.values();
  }

  #makeRoom(): void {
    for (const event of this.#events.values()) {
      if (this.#size <= MOST_KEPT && this.#events.size <= MOST_SUBJECTS) return;
      this.#events.delete(event.subject);
      this.#size -= event.size;
      this.#forgotten();
    }
  }
}

function lengthOf(data: Payload): number {
  return typeof data === "string" || data instanceof Uint8Array ? data.length : 8;
}
