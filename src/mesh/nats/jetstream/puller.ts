import { createInbox, type Msg, type NatsConnection, type Subscription } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import { KeptMessage } from "./kept-message.js";

/** How long the server keeps a request for messages, in milliseconds. */
const REQUEST_MS = 30_000;

/** How often the server says that it still has a request, in milliseconds. */
const HEARTBEAT_MS = 2_000;

/** Silence after which our requests are lost, with the server of a cluster that had them. */
const SILENCE_MS = 2.5 * HEARTBEAT_MS;

/** Wait after a refusal, in milliseconds: as many messages are out as may be. */
const REFUSED_MS = 100;

export interface PullerOptions {
  readonly client: NatsConnection;
  readonly clock: Clock;
  readonly stream: string;
  readonly consumer: string;
  readonly take: (message: KeptMessage) => void;
  /** A request has ended, so that there is room for another. */
  readonly ended: () => void;
  /** The consumer is gone, or the server that led it: nothing comes any more. */
  readonly lost: (why?: unknown) => void;
}

/** Asks a consumer for messages: ADR-37 and the pull protocol of https://docs.nats.io/reference/reference-protocols/nats_api_reference */
export class Puller {
  readonly #options: PullerOptions;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  /** Messages that the requests together may still bring: those that come say not of which request they are. */
  #wanted = 0;
  #isAlive = true;
  #isClosed = false;
  #stopWatching = () => {};
  #stopWaiting = () => {};

  constructor(options: PullerOptions) {
    this.#options = options;
    const { client } = options;
    this.#subscription = client.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error) this.#lose(error);
        else this.#hear(message);
      },
    });
    this.#watch();
  }

  /** Messages that were asked for and have not come. */
  get requested(): number {
    return this.#wanted;
  }

  /** Asks for more. */
  request(count: number): void {
    if (this.#isClosed) return;
    const { client, stream, consumer } = this.#options;
    this.#wanted += count;
    this.#isAlive = true;
    const request = { batch: count, expires: REQUEST_MS * 1e6, idle_heartbeat: HEARTBEAT_MS * 1e6 };
    try {
      client.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
        reply: this.#inbox,
      });
    } catch (error) {
      this.#lose(error); // the client is closed for good, and that has not been told yet
    }
  }

  /** Asks for nothing more, and resolves when what was on its way has come. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopWatching();
    this.#stopWaiting();
    if (!this.#subscription.isClosed()) await this.#subscription.drain().catch(() => {});
  }

  #hear(message: Msg): void {
    this.#isAlive = true;
    const code = message.headers?.code ?? 0;
    if (code === 100) return; // a heartbeat
    if (code > 0) {
      this.#end(code, message);
      return;
    }
    this.#wanted = Math.max(0, this.#wanted - 1);
    const kept = KeptMessage.find(message);
    if (kept) this.#options.take(kept);
  }

  #end(code: number, { headers }: Msg): void {
    // What it has not brought; where the server does not say, asking for too many only reads ahead.
    const rest = Number(headers?.get("Nats-Pending-Messages") || this.#wanted);
    this.#wanted = Math.max(0, this.#wanted - rest);
    const description = headers?.description ?? "";
    if (this.#isClosed) return;
    if (code === 503 || /deleted|push based/i.test(description)) this.#lose();
    else if (code === 408) this.#options.ended();
    else this.#wait();
  }

  /** Asks again a moment later, once for all that was refused. */
  #wait(): void {
    this.#stopWaiting();
    this.#stopWaiting = this.#options.clock.after(REFUSED_MS, () => this.#options.ended());
  }

  #watch(): void {
    this.#stopWatching = this.#options.clock.after(SILENCE_MS, () => {
      if (!this.#isAlive && this.#wanted > 0) {
        this.#lose();
        return;
      }
      this.#isAlive = false;
      this.#watch();
    });
  }

  #lose(why?: unknown): void {
    if (!this.#isClosed) this.#options.lost(why);
  }
}
