import { statfs } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { Sketch } from "circuit-five";

/** Time between two measurements, in milliseconds. */
const INTERVAL_MS = 1_000;

/** Measures this machine, and publishes what is too high, once each time that it becomes so. It knows of nobody who listens. */
export class Monitor extends Sketch {
  usesBoard = false;

  /** Shares of what there is, 0 to 1, from which a measurement is too high, by name. */
  #limits;
  #high = new Set();

  constructor(limits) {
    super();
    this.#limits = limits;
  }

  async run() {
    for (;;) {
      for (const [name, share] of Object.entries(await measure())) this.#compare(name, share);
      await this.clock.sleep(INTERVAL_MS, this.signal);
    }
  }

  #compare(name, share) {
    if (share < this.#limits[name]) {
      this.#high.delete(name);
    } else if (!this.#high.has(name)) {
      this.#high.add(name);
      this.publish(`high.${name}`, { share, limit: this.#limits[name] });
      this.out(`${name} is high: ${(share * 100).toFixed(0)} %`);
    }
  }
}

/** What is used of the processors, over the last minute, and of the disk of this folder: shares from 0. */
async function measure() {
  const [perMinute] = loadavg();
  const { blocks, bavail } = await statfs(".");
  return { load: perMinute / availableParallelism(), disk: 1 - bavail / blocks };
}
