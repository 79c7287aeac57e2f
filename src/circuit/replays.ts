import type { ByteLink } from "../board/link/link.js";
import type { Replay } from "../record/replay.js";
import type { ReplayLink } from "../record/replay-link.js";

/** The recorded boards of a circuit: it ends when the recordings of all of them are over. */
export class Replays {
  readonly #all = new Set<Replay>();
  readonly #notice: (text: string) => void;
  #running = 0;
  #finish = () => {};
  /** Resolves when there were recorded boards, and all are over. */
  readonly over = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(notice: (text: string) => void) {
    this.#notice = notice;
  }

  /** A board is on this link. */
  add(link: ByteLink): void {
    if (!isReplayed(link) || this.#all.has(link.replay)) return;
    const { replay } = link;
    this.#all.add(replay);
    this.#running++;
    void replay.over.then(() => {
      this.#notice(`the recording ${replay.address} is over`);
      if (--this.#running === 0) this.#finish();
    });
  }

  /** The circuit is stopped before they are over: what it leaves undone is no difference. */
  stop(): void {
    for (const replay of this.#all) replay.stop();
  }

  /** @throws {CircuitError} `REPLAY_DIFFERED` where the circuit did something else than then. */
  check(): void {
    for (const replay of this.#all) replay.check();
  }
}

function isReplayed(link: ByteLink): link is ReplayLink {
  return "replay" in link;
}
