import { toldFailureOf } from "./framed/failure.js";
import type { Payload } from "./payload.js";

/** What became of a message elsewhere, for the sender that it is passed on for: its ack, or its failure as it was told. */
export async function passOn(ack: Promise<Payload>): Promise<Payload> {
  try {
    return await ack;
  } catch (problem) {
    throw toldFailureOf(problem);
  }
}
