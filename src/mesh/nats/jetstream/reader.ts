import { createInbox, type Msg, type NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import type { JetStreamApi } from "./api.js";
import { KeptMessage } from "./kept-message.js";

/** How often the server says that it is there while nothing comes, in milliseconds. */
const HEARTBEAT_MS = 2_000;

/** Silence after which it is not. */
const SILENCE_MS = 2.5 * HEARTBEAT_MS;

export interface ReaderOptions {
  readonly client: NatsConnection;
  readonly api: JetStreamApi;
  readonly clock: Clock;
  readonly stream: string;
  readonly pattern: string;
  /** See `ReaderConfig`. */
  readonly from: number | undefined;
  readonly take: (message: KeptMessage) => void;
  /** One is missing, or nothing comes any more: a new reader has to go on after what was taken last. */
  readonly lost: (why?: unknown) => void;
  /** Ends it. */
  readonly life: AbortSignal;
}

/**
 * Reads a stream in order, as ADR-17 has it: whatever is missing ends it.
 * https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-17.md
 *
 * @returns How many messages were there at once.
 */
export async function read(options: ReaderOptions): Promise<number> {
  const { client, api, clock, stream, pattern, from, life } = options;
  const inbox = createInbox();
  let expected = 1;
  let isAlive = true;
  const lose = (why?: unknown) => {
    if (!life.aborted) options.lost(why);
  };
  const hear = (message: Msg) => {
    isAlive = true;
    if ((message.headers?.code ?? 0) > 0) {
      answerStatus(client, message, expected, lose);
      return;
    }
    const kept = KeptMessage.find(message);
    if (kept === undefined || life.aborted) return;
    if (kept.consumerSequence === expected++) options.take(kept);
    else lose();
  };
  const subscription = client.subscribe(inbox, {
    callback: (error, message) => {
      if (error) lose(error);
      else hear(message);
    },
  });
  let stopWatching = () => {};
  const watch = () => {
    stopWatching = clock.after(SILENCE_MS, () => {
      if (!isAlive) lose();
      isAlive = false;
      if (!life.aborted) watch();
    });
  };
  const end = () => {
    stopWatching();
    if (!subscription.isClosed()) subscription.unsubscribe();
  };
  try {
    const count = await api.putReader(stream, { inbox, pattern, from, heartbeatMs: HEARTBEAT_MS });
    life.throwIfAborted();
    life.addEventListener("abort", end, { once: true });
    watch();
    return count;
  } catch (error) {
    end();
    throw error;
  }
}

/** The server asks whether we keep up, or says what it has sent last. */
function answerStatus(client: NatsConnection, message: Msg, expected: number, lose: () => void): void {
  const { headers } = message;
  if (headers?.code !== 100) {
    lose();
    return;
  }
  if (message.reply) {
    message.respond();
    return;
  }
  // What it asked for did not reach it, or our answer did not.
  const stalled = headers.get("Nats-Consumer-Stalled");
  if (stalled) client.publish(stalled);
  const last = headers.get("Nats-Last-Consumer");
  if (last && Number(last) !== expected - 1) lose();
}
