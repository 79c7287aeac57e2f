import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { ByteLink, LinkEvents } from "../link/link.js";

/** How long what was sent may take to leave when the session closes, in milliseconds: 5 kB at 57 600 baud. */
const DRAIN_TIMEOUT_MS = 1_000;

/** How long a board may take to tell of its pins, in milliseconds: 70 pins of a Mega are 80 ms of answers. */
const ANSWERS_MS = 1_000;

export interface OpenWithinOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Opens a link, or gives it up: the system would try to reach a machine that is switched off for minutes.
 *
 * @throws {CircuitError} What `ByteLink.open()` throws, and `PORT_MISSING` when the time is over.
 */
export async function openWithin(
  link: ByteLink,
  events: LinkEvents,
  { clock, signal, timeoutMs }: OpenWithinOptions,
): Promise<void> {
  const late = new AbortController();
  const cancel = clock.after(timeoutMs, () => late.abort(unreachable(link.address, timeoutMs)));
  try {
    await link.open(events, { signal: AbortSignal.any([signal, late.signal]) });
  } finally {
    cancel();
  }
}

/**
 * Waits for a board's answers.
 *
 * @throws {CircuitError} `BOARD_SILENT` when the time is over.
 */
export async function answersWithin<T>(answers: Promise<T>, address: string, clock: Clock): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(ANSWERS_MS, over.signal).then(() => {
    throw new CircuitError(
      "BOARD_SILENT",
      `Cannot learn what the pins of the board on ${address} are: it has not told within ${ANSWERS_MS} ms`,
      { hint: "Press the board's reset button." },
    );
  });
  try {
    return await Promise.race([answers, late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}

/** Waits until something has left, but not for a board that takes nothing more. @returns Whether it has left. */
export async function isWithinDrain(left: Promise<void>, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  const late = clock.sleep(DRAIN_TIMEOUT_MS, over.signal).then(
    () => false,
    () => true,
  );
  const isInTime = await Promise.race([left.then(() => true), late]);
  over.abort();
  return isInTime;
}

function unreachable(address: string, timeoutMs: number): CircuitError {
  return new CircuitError(
    "PORT_MISSING",
    `Cannot open ${address}: no answer within ${(timeoutMs / 1_000).toFixed(1)} s`,
    { hint: "Check the board's address, its power, and that it is on this network." },
  );
}
