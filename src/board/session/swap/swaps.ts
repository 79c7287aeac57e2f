import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { ByteLink } from "../../link/link.js";
import type { SwapOptions } from "../board-session.js";
import type { Parts } from "../parts.js";
import type { Recovery } from "../recovery/recovery.js";
import type { Found } from "../recovery/search.js";
import type { LeftBehind } from "./left-behind.js";
import { swapBoard } from "./swap.js";

export interface SwapsOptions {
  readonly parts: Parts;
  readonly clock: Clock;
  readonly notice: (text: string) => void;
  /** Pins that are to be held, or to be safe. */
  readonly declared: readonly number[];
}

/** The moves of a session from board to board, one at a time, and the boards that are left as long as they are heard. */
export class Swaps {
  readonly #options: SwapsOptions;
  readonly #behind = new Map<ByteLink, LeftBehind>();
  readonly #ending = new AbortController();
  #isUnderWay = false;

  constructor(options: SwapsOptions) {
    this.#options = options;
  }

  /**
   * See `BoardSession.swap()`.
   *
   * @param takeOver Puts the session on the other board's link.
   */
  async move(
    { link, stopLevels = new Map(), signal }: SwapOptions,
    recovery: Recovery,
    takeOver: (found: Found) => void,
  ): Promise<void> {
    if (this.#isUnderWay) {
      throw new CircuitError("PORT_BUSY", `Cannot move to ${link.address}: another move is under way`, {
        hint: "Try again when it has ended.",
      });
    }
    this.#isUnderWay = true;
    const ending = this.#ending.signal;
    const old = this.#options.parts.outbox.wire.link;
    try {
      const context = {
        ...{ ...this.#options, recovery, stopLevels },
        signal: signal ? AbortSignal.any([signal, ending]) : ending,
        takeOver: (found: Found, behind: LeftBehind | undefined) => {
          if (behind) this.#behind.set(old, behind);
          takeOver(found);
        },
      };
      await swapBoard(context, async () => link);
    } finally {
      this.#behind.delete(old);
      this.#isUnderWay = false;
    }
  }

  /** Takes in bytes of a link that is not the session's any more. */
  hear(link: ByteLink, bytes: Uint8Array): void {
    this.#behind.get(link)?.hear(bytes);
  }

  /** The session closes: gives up what has changed nothing yet. */
  stop(): void {
    this.#ending.abort(new CircuitError("LINK_CLOSED", "Cannot move to another board: the session closes"));
  }
}
