import type { EventHeaders } from "../event.js";
import type { Payload } from "../payload.js";
import type { EventRecipient, Failure, Headers, Interest } from "./records.js";

/** Takes what a frame says, record by record. What a method throws ends the reading. */
export interface FrameSink {
  json(type: number, value: unknown): void;
  open(channel: number, name: string): void;
  chain(channel: number, callers: readonly string[]): void;
  /** @param bytes Of the item, headers included. */
  message(
    channel: number,
    sequence: number,
    payload: Payload,
    headers: Headers | undefined,
    bytes: number,
  ): void;
  ack(channel: number, sequence: number, payload: Payload, bytes: number): void;
  failure(channel: number, sequence: number, failure: Failure): void;
  /** `cancel`, `confirm`, `resume`, `ping`, `pong`, `refuse` and `soFar`, with their numbers; a missing one is 0. */
  numbers(type: number, first: number, second: number, third: number): void;
  /** Without it, and the next one, such a record is none that may come here. */
  interest?(interest: Interest): void;
  /**
   * @param bytes Of the data and the headers.
   * @param to Who is to hear of it; all who listen where it is left out.
   */
  event?(
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
    to: EventRecipient | undefined,
  ): void;
}
