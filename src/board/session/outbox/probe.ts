import { encodeToBoard } from "../../../firmata/to-board.js";
import type { ToHost } from "../../../firmata/to-host.js";
import type { Identity } from "../identity.js";

/** A question that changes nothing on a board, and whose answer shows that what was sent before it has been taken. */
export interface Probe {
  /** The question with this number, from 0 to 127. */
  ask(number: number): Uint8Array;

  /** Whether a message answers the question with this number. */
  isAnswer(message: ToHost, number: number): boolean;
}

/** Any Firmata's: a byte, answered with three. Answers have no number, and come in order. */
export const versionProbe: Probe = {
  ask: () => encodeToBoard({ type: "queryVersion" }),
  isAnswer: (message) => message.type === "version",
};

/** Our firmware's, from 1.1 on: five bytes, answered alike. Nothing else that a board says can be taken for its answer. */
export const pingProbe: Probe = {
  ask: (number) => encodeToBoard({ type: "ping", number }),
  isAnswer: (message, number) => message.type === "pong" && message.number === number,
};

/** What a board is asked where somebody relies on the answer. */
export function markerFor(identity: Identity): Probe {
  return identity.hasPings ? pingProbe : versionProbe;
}
