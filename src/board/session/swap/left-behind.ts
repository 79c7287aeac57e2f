import type { Clock } from "../../../core/clock.js";
import { FrameSplitter } from "../../../firmata/frames.js";
import { encodeToBoard } from "../../../firmata/to-board.js";
import { decodeToHost } from "../../../firmata/to-host.js";
import { isWithinDrain } from "../patience.js";
import type { Wire } from "../wire.js";

/** A board that another has taken the place of: what it is left as, and the end of its link. */
export class LeftBehind {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #answered: Promise<void>;
  #answer = () => {};
  readonly #splitter = new FrameSplitter("toHost", {
    frame: (frame) => {
      if (decodeToHost(frame).type === "version") this.#answer();
    },
    discard: () => {},
  });

  constructor(wire: Wire, clock: Clock) {
    this.#wire = wire;
    this.#clock = clock;
    this.#answered = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Takes in bytes of the board's. */
  hear(bytes: Uint8Array): void {
    this.#splitter.push(bytes);
  }

  /** Tells it, at once, what its pins are left as. */
  tell(frames: readonly Uint8Array[]): void {
    for (const frame of [...frames, encodeToBoard({ type: "queryVersion" })]) this.#wire.send(frame);
  }

  /** Closes its link, when it has executed that, or has not answered within the drain limit. @returns Whether it has. */
  async close(): Promise<boolean> {
    const hasAnswered = await isWithinDrain(this.#answered, this.#clock);
    await isWithinDrain(this.#wire.link.drain(), this.#clock);
    await this.#wire.link.close();
    return hasAnswered;
  }
}
