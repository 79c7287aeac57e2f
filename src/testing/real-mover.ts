import { systemClock } from "../core/clock.js";
import type { Mover } from "./mover.js";

/** Real time, which passes by itself. */
export class RealMover implements Mover {
  readonly #startMs = systemClock.now();

  get nowMs(): number {
    return systemClock.now() - this.#startMs;
  }

  async advance(ms: number): Promise<void> {
    await systemClock.sleep(ms);
  }

  settles(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = systemClock.after(limitMs, () => resolve(false));
      const settled = () => {
        cancel();
        resolve(true);
      };
      promise.then(settled, settled);
    });
  }
}
