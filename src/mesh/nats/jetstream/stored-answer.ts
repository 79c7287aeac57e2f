import type { Msg } from "@nats-io/transport-node";
import { TryAgain } from "../try-again.js";
import { UNSTORED } from "./problem.js";

/** What is most often answered, without the price of reading all of it. */
const STORED = /^\{"stream":"[^"\\]+", ?"seq":([1-9]\d*)/;

/**
 * What the server says of a message: its number, or an error as its client would throw it; `undefined` where it is no answer of
 * JetStream's.
 */
export function answerOf(message: Msg): number | Error | undefined {
  const text = message.string();
  const [, number] = STORED.exec(text) ?? [];
  if (number !== undefined) return Number(number);
  let answer: { readonly stream?: unknown; readonly seq?: unknown; readonly error?: PubError };
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined; // somebody else has answered, in his own words
  }
  const { error, stream, seq } = Object(answer) as typeof answer;
  if (error !== undefined) {
    const { description = "refused", err_code: code, code: status } = error;
    return Object.assign(new Error(description), { code, status });
  }
  if (typeof stream !== "string" || typeof seq !== "number") return undefined;
  return seq === UNSTORED ? new TryAgain("it was sent before, and is not stored yet") : seq;
}

/** See `io.nats.jetstream.api.v1.pub_ack_response`. */
interface PubError {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}
