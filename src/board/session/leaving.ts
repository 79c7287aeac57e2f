import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { StopLevel } from "./board-session.js";
import { levelFrames, modeFrames, stopFrames } from "./memory/pin-frames.js";
import type { Parts } from "./parts.js";
import { isWithinDrain } from "./patience.js";

export interface LeavingOptions {
  readonly stopLevels: ReadonlyMap<number, StopLevel>;
  readonly clock: Clock;
  readonly notice: (text: string) => void;
}

/**
 * Leaves a board's pins as they are to be, once what waits has been sent. Where that takes longer than the drain limit, the
 * rest of it is dropped, and the pins are told what they were told last.
 * Never rejects: what is not confirmed is told.
 */
export async function leavePins(
  { confirmations, identity, line, memory, missed, outbox, sender, settings, suspend }: Parts,
  { stopLevels, clock, notice }: LeavingOptions,
): Promise<void> {
  // It has started anew, and is told all again.
  const isForgetful = outbox.isAway;
  const isLate = isForgetful || (outbox.queue.length > 0 && !(await isWithinDrain(outbox.emptied(), clock)));
  if (isLate) {
    const { address } = outbox.wire.link;
    if (!isForgetful)
      suspend(
        new CircuitError("LINK_CLOSED", `Cannot send all to the board on ${address}: its session closes`),
      );
    outbox.resume(outbox.wire);
    for (const frame of [...modeFrames(memory), ...settings.servoFrames(), ...levelFrames(memory)])
      outbox.send(frame);
  }
  for (const frame of stopFrames(memory, stopLevels)) sender.pass(frame);
  for (const frame of line.lastFrames) outbox.send(frame);
  // Who has not asked yet will not ask any more.
  missed.takeFailure();
  const confirmed = isLate ? confirmations.resume(identity.isOurs) : confirmations.confirm();
  await confirmed.catch((error: CircuitError) => notice(error.message));
  await isWithinDrain(outbox.wire.link.drain(), clock);
  await line.farewell();
}
