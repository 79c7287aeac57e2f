import type { Clock } from "../../../core/clock.js";
import { messageOf } from "../../../core/error.js";
import { PIN_MODE } from "../../../firmata/protocol.js";
import { encodeToBoard } from "../../../firmata/to-board.js";
import type { StopLevel } from "../board-session.js";
import { stopFrames } from "../memory/pin-frames.js";
import { markerFor } from "../outbox/probe.js";
import type { Parts } from "../parts.js";
import { isWithinDrain } from "../patience.js";
import type { Recovery } from "../recovery/recovery.js";
import { type Found, linkBoard, type Relink } from "../recovery/search.js";
import { type Sounding, type ToneDriver, toneKindOf } from "../tones/tone.js";
import { LeftBehind } from "./left-behind.js";
import { checkFit } from "./swap-fit.js";

export interface SwapContext {
  readonly parts: Parts;
  readonly recovery: Recovery;
  readonly clock: Clock;
  readonly stopLevels: ReadonlyMap<number, StopLevel>;
  /** Gives up, as long as nothing has changed. */
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
  /** Pins that are to be held, or to be safe. */
  readonly declared: readonly number[];
  /** Puts the session on another link; from then on who is left behind hears what comes from the old one. */
  takeOver(found: Found, behind: LeftBehind | undefined): void;
}

/**
 * Moves all that a session has to another board: modes, values, reports, what sounds. The board until now is left as at
 * a clean stop, before the other is told anything.
 *
 * @throws {CircuitError} `SWAP_REFUSED` for a board that cannot do the same; what opening it throws; the signal's own reason:
 *   then nothing has changed. `PIN_UNCONFIRMED` for one that is not as it was told to be.
 */
export async function swapBoard(context: SwapContext, find: Relink): Promise<void> {
  const { parts, recovery, clock, signal, notice } = context;
  const { outbox, memory, tones } = parts;
  const check = (found: Pick<Found, "identity" | "wire">) => {
    const { address, bytesPerSecond } = found.wire.link;
    const hasTones = found.identity.isOurs || Number.isFinite(bytesPerSecond);
    const use = { ...parts, tonePins: tones?.pins ?? new Set<number>(), declared: context.declared };
    checkFit(use, { address, identity: found.identity, hasTones });
  };
  const found = await linkBoard({ relink: find, clock, signal, check: () => {} });
  try {
    check(found);
    if (!recovery.isAway) await isWithinDrain(outbox.emptied(), clock);
    signal.throwIfAborted();
    // Sketches have gone on meanwhile.
    check(found);
  } catch (problem) {
    await found.wire.link.close();
    throw problem;
  }
  const old = outbox.wire;
  const { address } = found.wire.link;
  const isOther = parts.toneKind !== toneKindOf(found.identity, found.wire.link);
  const sounding = (isOther && tones?.sounding()) || [];
  for (const { pin } of sounding) tones?.stop(pin);
  if (isOther) tones?.close();
  const frames = [...stopFrames(memory, context.stopLevels, { all: true }), ...parts.line.lastFrames];
  const behind = recovery.isAway ? undefined : new LeftBehind(old, clock);
  const moved = recovery.move({
    from: old.link.address,
    to: address,
    handOver: () => {
      behind?.tell(frames);
      parts.identity.take(found.identity);
      if (!parts.identity.isOurs) withoutTones(parts);
      context.takeOver(found, behind);
      outbox.start(markerFor(parts.identity));
      if (isOther) tones?.follow(parts.makeTones());
    },
    // It may have been running for somebody else.
    first: [encodeToBoard({ type: "reset" })],
    told: () => goOnSounding(sounding, tones, notice),
  });
  const [isLeft] = await Promise.all([behind?.close(), moved]);
  if (isLeft === false)
    notice(`The board on ${old.link.address} has not answered: its pins may not be as they should be left`);
}

/** What sounded on the board before sounds on, as far as the other can. */
function goOnSounding(
  sounding: readonly Sounding[],
  tones: ToneDriver | undefined,
  notice: (text: string) => void,
): void {
  for (const { pin, frequencyHz, leftMs } of sounding) {
    try {
      tones?.start(pin, frequencyHz, leftMs);
    } catch (problem) {
      notice(`A tone ends: ${messageOf(problem)}`);
    }
  }
}

/** Without our firmware there is no mode for tones: the host toggles an output. */
function withoutTones({ memory, settings }: Parts): void {
  for (const { pin, mode } of [...memory.pins]) {
    if (mode !== PIN_MODE.tone) continue;
    const frame = encodeToBoard({ type: "pinMode", pin, mode: PIN_MODE.output });
    memory.remember(frame);
    settings.remember(frame);
  }
}
