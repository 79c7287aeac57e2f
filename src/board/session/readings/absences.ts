import type { EventEmitter } from "node:events";
import { CircuitError } from "../../../core/error.js";
import type { PinAbsence } from "../../../core/pin-readings.js";
import type { five } from "../johnny-five.js";

/** Who hears that a board reports nothing more, and whether it is gone for good. */
interface Listeners {
  readonly all: Set<PinAbsence>;
  readonly gone: AbortSignal;
}

const boards = new WeakMap<object, Listeners>();

/**
 * From now on those who read the board hear of its absences.
 *
 * @param gone Aborts when the board is gone for good, or its session is closed.
 */
export function registerAbsences(board: five.Board, gone: AbortSignal): void {
  const all = new Set<PinAbsence>();
  boards.set(board, { all, gone });
  // The cast: a board of Johnny-Five's is an emitter, which its types do not say.
  (board as unknown as EventEmitter).on("lost", (cause: unknown) => {
    for (const absence of all) absence.away(cause);
  });
  (board as unknown as EventEmitter).on("moved", () => {
    for (const absence of all) absence.moved();
  });
  const end = () => {
    for (const absence of all) absence.gone(...causeOf(gone));
  };
  gone.addEventListener("abort", end, { once: true });
}

/** Tells of a board's absences, at once where it is gone already. @returns Stops it. */
export function onAbsence(board: object, absence: PinAbsence): () => void {
  const listeners = boards.get(board);
  if (listeners?.gone.aborted) absence.gone(...causeOf(listeners.gone));
  listeners?.all.add(absence);
  return () => listeners?.all.delete(absence);
}

/** A session that was closed has come to its end, and nothing has failed. */
function causeOf({ reason }: AbortSignal): [] | [unknown] {
  return reason instanceof CircuitError && reason.code === "LINK_CLOSED" ? [] : [reason];
}
