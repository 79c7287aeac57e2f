import type { Msg } from "@nats-io/transport-node";
import { backoff } from "../../core/backoff.js";
import type { Clock } from "../../core/clock.js";
import { messageOf } from "../../core/error.js";
import { Queue } from "../../core/queue.js";
import { encodeChannel } from "../channel.js";
import { DEFAULT_DEADLINE_MS } from "../framed/records.js";
import type { MeshLimits } from "../limits.js";
import type { Link, LinkEvents } from "../link.js";
import { type ConnectionTap, type FrameTap, tapOf } from "../tap.js";
import type { TraceContext } from "../trace.js";
import type { Connection } from "./connection.js";
import { describeMissing, isNobody } from "./missing.js";
import { requestSubject } from "./subjects.js";
import { headersOf } from "./trace-headers.js";

export interface PlainLinkOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tap?: FrameTap | undefined;
}

/**
 * Time after which a link that nothing went by ends, in milliseconds, and at most twice that. There is no connection to
 * break: nothing else would tell that a node of another kind has come in the place of this one.
 */
const UNUSED_MS = 10_000;

/**
 * The way to a channel of a node that is no circuit's, by single requests: the next goes when the one before it is
 * answered, because members of a queue group would otherwise run them in any order. See `Connect`.
 *
 * @returns Cancels it; nothing is told afterwards.
 */
export function openPlainLink(
  { node, channel }: { readonly node: string; readonly channel: string },
  events: LinkEvents,
  options: PlainLinkOptions,
): () => void {
  const tap = tapOf(options.tap, `${node}${encodeChannel(channel)}`);
  const link = new PlainLink(node, requestSubject(node, channel), { events, options, tap });
  queueMicrotask(() => link.open());
  return () => link.close();
}

interface Asking {
  readonly text: string;
  readonly trace: TraceContext | undefined;
}

class PlainLink implements Link {
  readonly #node: string;
  readonly #subject: string;
  readonly #events: LinkEvents;
  readonly #options: PlainLinkOptions;
  readonly #tap: ConnectionTap | undefined;
  readonly #waiting = new Queue<Asking>();
  #isAsking = false;
  #isOver = false;
  /** Something was sent since the last look. */
  #isUsed = true;
  #stopWaiting = () => {};
  #stopLooking = () => {};

  constructor(
    node: string,
    subject: string,
    {
      events,
      options,
      tap,
    }: {
      readonly events: LinkEvents;
      readonly options: PlainLinkOptions;
      readonly tap: ConnectionTap | undefined;
    },
  ) {
    this.#tap = tap;
    this.#node = node;
    this.#subject = subject;
    this.#events = events;
    this.#options = options;
  }

  open(): void {
    if (this.#isOver) return;
    this.#lookLater();
    this.#events.opened(this);
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#options.limits.outstanding;
  }

  send(text: string, trace?: TraceContext): void {
    if (this.#isOver) return;
    this.#isUsed = true;
    this.#waiting.push({ text, trace });
    if (!this.#isAsking) void this.#askAll();
  }

  close(): void {
    this.#isOver = true;
    this.#stopWaiting();
    this.#stopLooking();
    this.#waiting.clear();
  }

  #lookLater(): void {
    this.#stopLooking = this.#options.clock.after(UNUSED_MS, () => {
      if (!this.#isUsed && !this.#isAsking) {
        this.#end({ kind: "lost", reason: "nothing was sent" });
        return;
      }
      this.#isUsed = false;
      this.#lookLater();
    });
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    for (let asking = this.#waiting.shift(); asking !== undefined; asking = this.#waiting.shift()) {
      this.#tap?.("out", Buffer.from(asking.text));
      const answer = await this.#ask(asking);
      if (this.#isOver) return;
      if (answer === undefined) break;
      const refusal = answer.headers?.get("Nats-Service-Error");
      if (refusal) {
        this.#end({ kind: "refused", reason: refusal });
        return;
      }
      this.#tap?.("in", answer.data);
      this.#events.ack(answer.string());
      this.#events.room();
    }
    this.#isAsking = false;
  }

  /** Asks until somebody is there to answer; a request that nobody was there for has not been run. */
  async #ask({ text, trace }: Asking): Promise<Msg | undefined> {
    const { connection, clock } = this.#options;
    const waits = backoff();
    while (!this.#isOver) {
      try {
        const { client } = connection;
        if (client === undefined) throw connection.problem ?? new Error("there is no server");
        return await client.request(this.#subject, text, {
          timeout: DEFAULT_DEADLINE_MS,
          ...(trace && { headers: headersOf(trace) }),
        });
      } catch (error) {
        if (this.#isOver) return undefined;
        if (connection.client && !isNobody(error)) {
          this.#end({ kind: "lost", reason: messageOf(error) });
          return undefined;
        }
        this.#events.missing(this.#subject, describeMissing(this.#node, error));
        await new Promise<void>((resolve) => {
          this.#stopWaiting = clock.after(waits.next().value, resolve);
        });
      }
    }
    return undefined;
  }

  #end(end: Parameters<LinkEvents["ended"]>[0]): void {
    if (this.#isOver) return;
    this.close();
    this.#events.ended(end);
  }
}
