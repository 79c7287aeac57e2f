import { Pushed } from "../../core/pushed.js";
import type { FlowContext, SourceFunction } from "../source.js";

/** What a subject's event is to a flow. */
export interface EventItem<Data = unknown> {
  readonly subject: string;
  readonly data: Data;
  readonly headers: Readonly<Record<string, string>>;
  /** Events that were dropped before this one, because nobody took them in time. */
  readonly missed: number;
}

/** Where events are heard. A mesh is one. */
export interface EventPlace<Data = unknown> {
  /** Listens until the subscription is closed. */
  subscribe(
    pattern: string,
    handler: (event: Omit<EventItem<Data>, "missed">) => void,
    options?: { readonly queue?: string; readonly last?: boolean },
  ): { close(): void };
}

export interface EventsOptions {
  /** Of those who listen in the name of one queue, one hears each event. */
  readonly queue?: string;
  /** First hears the last event of each subject. */
  readonly last?: boolean;
  /** Events that wait to be taken; 1 024 by default. */
  readonly mostWaiting?: number;
  /** Which goes when one more comes: the oldest that waits (by default), or the one that has come. */
  readonly overflow?: "drop-oldest" | "drop-newest";
}

/** A second of a busy subject. */
const MOST_WAITING = 1_024;

/**
 * The events of a subject, or with `*` and `>` of many. Who publishes does not wait for anybody: what is not taken in
 * time is dropped, counted in the next item's `missed`, and told once for each time that it begins.
 */
export function events<Data>(
  place: EventPlace<Data>,
  pattern: string,
  { mostWaiting = MOST_WAITING, overflow = "drop-oldest", ...options }: EventsOptions = {},
): SourceFunction<EventItem<Data>> {
  return async function* events({ signal, log }: FlowContext): AsyncGenerator<EventItem<Data>, void> {
    const waiting = new Pushed<Omit<EventItem<Data>, "missed">>(mostWaiting);
    let missed = 0;
    const subscription = place.subscribe(
      pattern,
      ({ subject, data, headers }) => {
        if (waiting.isFull) {
          if (missed++ === 0) log(`Drops events of ${pattern}: ${mostWaiting} wait already`);
          if (overflow === "drop-newest") return;
          waiting.dropOldest();
        }
        waiting.push({ subject, data, headers });
      },
      options,
    );
    try {
      for await (const event of waiting.items(signal)) {
        const item = { ...event, missed };
        missed = 0;
        yield item;
      }
    } finally {
      subscription.close();
      const left = missed + waiting.length;
      if (left > 0) log(`${left} events of ${pattern} were dropped: nobody had taken them at the end`);
    }
  };
}
