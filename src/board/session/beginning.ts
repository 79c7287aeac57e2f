import type { Clock } from "../../core/clock.js";
import { encodeToBoard } from "../../firmata/to-board.js";
import type { Parts } from "./parts.js";
import { answersWithin } from "./patience.js";
import { freshFrames, heldStates } from "./running-board.js";

/**
 * Makes a board, which may have been running for somebody else, as one that has just started, but for outputs that are held:
 * those are taken over as they are.
 *
 * @throws {CircuitError} As `answersWithin()` does.
 */
export async function beginAfresh(
  { identity, johnnyFive, memory, outbox, sender }: Parts,
  held: ReadonlySet<number>,
  clock: Clock,
): Promise<void> {
  if (held.size === 0) {
    sender.transmit(encodeToBoard({ type: "reset" }));
    return;
  }
  const states = await answersWithin(johnnyFive.pinStates(), outbox.wire.link.address, clock);
  const kept = heldStates(states, held);
  for (const frame of freshFrames(states, kept)) sender.transmit(frame);
  // Whoever was there before may have wished for it, and died.
  if (identity.hasPings) sender.transmit(encodeToBoard({ type: "safe", silenceMs: 0, pins: [] }));
  johnnyFive.adopt(kept);
  for (const state of kept) memory.adopt(state);
}
