import type { Msg } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import type { DurableEvent } from "../../durable.js";
import { decodeData, decodeHeaders, FOR_HEADER } from "../event-wire.js";

/** Holds an event's id: NATS's own name for it. */
export const ID_HEADER = "Nats-Msg-Id";

/** The id that an event had before it was given up. */
export const FORMER_ID_HEADER = "Circuit-Id";

/** A message that a stream has handed out. */
export class KeptMessage {
  readonly message: Msg;
  readonly stream: string;
  readonly consumer: string;
  readonly deliveryCount: number;
  readonly sequence: number;
  /** Its number among those that were handed out to this consumer. */
  readonly consumerSequence: number;
  /** When the stream took it, in nanoseconds of the Unix epoch. */
  readonly takenAtNs: string;
  /** The same for each time that it is handed out, and of no other message of the stream, were that made anew. */
  readonly key: string;
  /** What its publisher called it, for knowing it again; not of one that somebody has handed to us anew on purpose. */
  readonly publishedId: string | undefined;
  /** The listener that it is meant for, where it is for one only. */
  readonly wanted: string | undefined;
  readonly #givenId: string | undefined;

  private constructor(message: Msg, tokens: readonly string[]) {
    const [stream = "", consumer = "", deliveries, sequence, consumerSequence, takenAtNs = ""] = tokens;
    this.message = message;
    this.stream = stream;
    this.consumer = consumer;
    this.deliveryCount = Number(deliveries);
    this.sequence = Number(sequence);
    this.consumerSequence = Number(consumerSequence);
    this.takenAtNs = takenAtNs;
    this.key = `${sequence}.${takenAtNs}`;
    const { headers } = message;
    if (headers === undefined) return;
    let id = "";
    let formerId = "";
    let wanted = "";
    // In one go: to ask for each takes as long as to read all.
    for (const [name, [value = ""]] of headers) {
      if (name === ID_HEADER) id = value;
      else if (name === FORMER_ID_HEADER) formerId = value;
      else if (name === FOR_HEADER) wanted = value;
    }
    this.#givenId = formerId || id || undefined;
    this.wanted = wanted || undefined;
    this.publishedId = this.wanted === undefined ? this.#givenId : undefined;
  }

  /**
   * Reads `$JS.ACK.⟨stream⟩.⟨consumer⟩.⟨deliveries⟩.⟨sequence⟩.⟨its sequence⟩.⟨time⟩.⟨pending⟩`, and the newer form that has
   * a domain and an account before the stream: ADR-15,
   * https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
   */
  static find(message: Msg): KeptMessage | undefined {
    const tokens = (message.reply ?? "").split(".");
    if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || tokens.length < 9) return undefined;
    return new KeptMessage(message, tokens.slice(tokens.length === 9 ? 2 : 4));
  }

  get takenAtMs(): number {
    return Number(this.takenAtNs) / 1e6;
  }

  get id(): string {
    return this.#givenId ?? `${this.stream}:${String(this.sequence)}`;
  }

  /** It was handled. What is said to a server that is away is lost, and it is handed out again. */
  ack(): void {
    this.#answer("+ACK");
  }

  /** It is to be handed out again, after so long. */
  retryAfter(delayMs: number): void {
    this.#answer(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: Math.round(delayMs * 1e6) })}` : "-NAK");
  }

  /** It is not to be handed out again, although nobody has handled it. */
  end(): void {
    this.#answer("+TERM");
  }

  /** It is being worked on: the time until it is handed out again begins anew. */
  working(): void {
    this.#answer("+WPI");
  }

  #answer(text: string): void {
    try {
      this.message.respond(text);
    } catch {
      // The client is closed: it is handed out again, to another.
    }
  }

  event(clock: Clock): DurableEvent {
    const { subject, data, headers } = this.message;
    return {
      id: this.id,
      stream: this.stream,
      sequence: this.sequence,
      storedAt: this.takenAtMs,
      deliveryCount: this.deliveryCount,
      subject,
      data: decodeData(data, headers),
      headers: decodeHeaders(headers),
      from: undefined,
      at: onClock(clock, this.takenAtMs),
    };
  }
}

/** A time of the Unix epoch on a mesh's clock. */
export function onClock(clock: Clock, epochMs: number): number {
  return clock.now() - (Date.now() - epochMs);
}
