/** Counts the events of a process. */
export class EventTally {
  published = 0;
  /** Events that somebody here listens to. */
  received = 0;
  /** Events that a link did not take because it was full or had ended, once for each link. */
  dropped = 0;
  /** Last events that are kept no more, because later ones of other subjects took their room. */
  forgotten = 0;
}

export type EventCounts = Readonly<Pick<EventTally, "published" | "received" | "dropped" | "forgotten">>;

/** Events of several meshes together. */
export function sumEvents(counts: readonly EventCounts[]): EventCounts {
  const sum = new EventTally();
  for (const { published, received, dropped, forgotten } of counts) {
    sum.published += published;
    sum.received += received;
    sum.dropped += dropped;
    sum.forgotten += forgotten;
  }
  return sum;
}
