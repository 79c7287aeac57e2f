import type { EventHeaders } from "../event.js";
import type { EventTally } from "../event-tally.js";
import { FrameWriter } from "../framed/frame-writer.js";
import type { EventRecipient } from "../framed/records.js";
import { SharedRecords } from "../framed/shared-records.js";
import type { Payload } from "../payload.js";
import type { EventLink } from "./event-link.js";

/** Bytes of events that are handed to the links together: a quarter of the longest frame that a link's writer makes. */
const MOST_BYTES = 16_384;

/**
 * Events on their way to the same links. Each is encoded once, and all that a turn of the event loop publishes to them is
 * handed over at once: a thousand links are gone through once a turn, and not once an event.
 */
export class EventBatch {
  readonly #writer = new FrameWriter();
  readonly #schedule: (callback: () => void) => void;
  readonly #tally: EventTally;
  #links: readonly EventLink[] = [];
  #events = 0;
  /** Number of the event that was added last. */
  #sequence = 0;
  #isScheduled = false;

  constructor(schedule: (callback: () => void) => void, tally: EventTally) {
    this.#schedule = schedule;
    this.#tally = tally;
  }

  /** Adds an event. Those to other links go first. */
  add(
    links: readonly EventLink[],
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    sequence: number,
  ): void {
    if (links !== this.#links || this.#writer.length >= MOST_BYTES) this.flush();
    this.#links = links;
    this.#sequence = sequence;
    this.#writer.event(subject, data, headers);
    this.#events++;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(this.#turnOver);
  }

  /** An event for a few, encoded; what was added before it has been handed over. */
  encode(
    to: EventRecipient,
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
  ): SharedRecords {
    this.flush();
    this.#writer.eventTo(to, subject, data, headers);
    return new SharedRecords(this.#writer.take());
  }

  /** Hands over what was added. */
  flush(isLast = false): void {
    if (this.#events === 0) return;
    const records = new SharedRecords(this.#writer.take());
    for (const link of this.#links)
      if (!link.send(records, this.#sequence, isLast)) this.#tally.dropped += this.#events;
    this.#events = 0;
    this.#links = [];
  }

  readonly #turnOver = (): void => {
    this.#isScheduled = false;
    this.flush(true);
  };
}
