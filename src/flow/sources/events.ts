import type { FlowContext, SourceFunction } from "../source.js";
import { Untaken, type UntakenOptions } from "./untaken.js";

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

export interface EventsOptions extends UntakenOptions {
  /** Of those who listen in the name of one queue, one hears each event. */
  readonly queue?: string;
  /** First hears the last event of each subject. */
  readonly last?: boolean;
}

/**
 * The events of a subject, or with `*` and `>` of many. Who publishes does not wait for anybody: what is not taken in
 * time is dropped, counted in the next item's `missed` and in the flow's status, and told.
 */
export function events<Data>(
  place: EventPlace<Data>,
  pattern: string,
  { mostWaiting, overflow, ...options }: EventsOptions = {},
): SourceFunction<EventItem<Data>> {
  return async function* events(context: FlowContext): AsyncGenerator<EventItem<Data>, void> {
    const waiting = new Untaken<Omit<EventItem<Data>, "missed">>(
      `events of ${pattern}`,
      { ...(mostWaiting !== undefined && { mostWaiting }), ...(overflow !== undefined && { overflow }) },
      context,
    );
    const subscription = place.subscribe(
      pattern,
      ({ subject, data, headers }) => waiting.push({ subject, data, headers }),
      options,
    );
    try {
      for await (const { item, missed } of waiting.taken(context.signal)) yield { ...item, missed };
    } finally {
      subscription.close();
      waiting.leave();
    }
  };
}
