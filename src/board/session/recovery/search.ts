import { backoff } from "../../../core/backoff.js";
import type { Clock } from "../../../core/clock.js";
import { CircuitError, messageOf } from "../../../core/error.js";
import type { ByteLink } from "../../link/link.js";
import { READY_TIMEOUT_MS } from "../handshake.js";
import type { Identity } from "../identity.js";
import { Interview } from "../interview.js";
import { agreeUnheard } from "../line/linked-speed.js";
import { openWithin } from "../patience.js";
import { Wire } from "../wire.js";

/** Waits between looks for a board, in milliseconds: a person who plugs it in again should not wait for more. */
export const LOOKS = { firstMs: 50, factor: 1.5, longestMs: 500 };

/** Makes a link to the board, wherever it is now, without opening it. It rejects where the board is nowhere. */
export type Relink = () => Promise<ByteLink>;

export interface SearchOptions {
  readonly relink: Relink;
  readonly clock: Clock;
  /** Ends the search. */
  readonly signal: AbortSignal;
  /** What the board was before it went away. */
  readonly known: Identity;
  /** Tells a person, once, what is in the way. */
  readonly notice: (text: string) => void;
}

/** A board that was found: who opened its link hears of it until it is taken over. */
export interface Found {
  readonly wire: Wire;
  /** What it is. */
  readonly identity: Identity;
  /** Code of the speed that its line has. */
  readonly speedCode: number;
  /** From now on its bytes and its end are told to somebody else. */
  handOver(events: { data(bytes: Uint8Array): void; lost(cause: CircuitError): void }): void;
}

/**
 * Looks for a board until it is back, and is what it was.
 *
 * @throws The signal's own reason.
 */
export async function findAgain(options: SearchOptions): Promise<Found> {
  const { clock, signal, notice } = options;
  const waits = backoff(LOOKS);
  const told = new Set<string>();
  for (;;) {
    signal.throwIfAborted();
    try {
      return await lookOnce(options);
    } catch (problem) {
      signal.throwIfAborted();
      const text = messageOf(problem);
      // That it is not there is what the search is for.
      if (!isAbsent(problem) && !told.has(text)) notice(text);
      told.add(text);
    }
    await clock.sleep(waits.next().value, signal);
  }
}

function lookOnce({ relink, clock, signal, known }: SearchOptions): Promise<Found> {
  const check = (identity: Identity, address: string) => {
    if (!identity.isLike(known)) throw another(address, known, identity);
  };
  return linkBoard({ relink, clock, signal, check });
}

export interface LinkBoardOptions extends Pick<SearchOptions, "relink" | "clock" | "signal"> {
  /** Throws to refuse the board. */
  readonly check: (identity: Identity, address: string) => void;
}

/**
 * Opens a link and learns what the board behind it is.
 *
 * @throws {CircuitError} What `ByteLink.open()`, `handshake()` and `check()` throw; the signal's own reason. The link is closed then.
 */
export async function linkBoard({ relink, clock, signal, check }: LinkBoardOptions): Promise<Found> {
  const wire = new Wire(await relink(), clock);
  const interview = new Interview(wire);
  const gone = new AbortController();
  let events = {
    data: (bytes: Uint8Array) => interview.push(bytes),
    lost: (cause: CircuitError) => gone.abort(cause),
  };
  const either = AbortSignal.any([signal, gone.signal]);
  let identity: Identity;
  let speedCode = 0;
  try {
    const forwarded = {
      data: (bytes: Uint8Array) => events.data(bytes),
      lost: (cause: CircuitError) => events.lost(cause),
    };
    await openWithin(wire.link, forwarded, { clock, signal: either, timeoutMs: READY_TIMEOUT_MS });
    const timeoutMs = READY_TIMEOUT_MS;
    identity = await interview.untilDone({ clock, signal: either, timeoutMs });
    check(identity, wire.link.address);
    if (identity.hasPings)
      speedCode = await agreeUnheard(wire, clock, (data) => {
        events = { ...events, data };
      });
    either.throwIfAborted();
  } catch (problem) {
    await wire.link.close();
    throw problem;
  }
  return {
    wire,
    identity,
    speedCode,
    handOver(others) {
      events = others;
      if (gone.signal.aborted) others.lost(gone.signal.reason);
    },
  };
}

function isAbsent(problem: unknown): boolean {
  return (
    problem instanceof CircuitError && (problem.code === "PORT_MISSING" || problem.code === "BOARD_LOST")
  );
}

function another(address: string, known: Identity, found: Identity): CircuitError {
  return new CircuitError(
    "BOARD_CHANGED",
    `Cannot go on with the board on ${address}: it is ${found}, and was ${known}`,
    { hint: "Plug in the board that was there before, or start anew with this one." },
  );
}
