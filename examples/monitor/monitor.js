import { statfs } from "node:fs/promises";
import { cpus } from "node:os";
import { Sketch } from "circuit-five";

/** Time between two measurements, in milliseconds. */
const INTERVAL_MS = 1_000;

/** Measures this machine, and publishes what is too high, once each time that it becomes so. It knows of nobody who listens. */
export class Monitor extends Sketch {
  usesBoard = false;

  /** Shares of what there is, 0 to 1, from which a measurement is too high, by name. */
  #limits;
  #high = new Set();
  #times = processorTimes();

  constructor(limits) {
    super();
    this.#limits = limits;
  }

  async run() {
    for (;;) {
      await this.clock.sleep(INTERVAL_MS, this.signal);
      for (const [name, share] of Object.entries(await this.#measure())) this.#compare(name, share);
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

  /** What is used of the processors, since the last time, and of the disk of this folder: shares from 0 to 1. */
  async #measure() {
    const before = this.#times;
    this.#times = processorTimes();
    const idle = (this.#times.idle - before.idle) / (this.#times.all - before.all);
    const { blocks, bavail } = await statfs(".");
    return { load: 1 - idle, disk: 1 - bavail / blocks };
  }
}

/** What all processors have done so far, in milliseconds each. */
function processorTimes() {
  const times = cpus().map((processor) => processor.times);
  const all = times.flatMap(Object.values).reduce((sum, ms) => sum + ms, 0);
  return { idle: times.reduce((sum, { idle }) => sum + idle, 0), all };
}
