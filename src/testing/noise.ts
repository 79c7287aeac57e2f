import { type Random, seededRandom } from "../core/random.js";

export interface NoiseOptions {
  /** One byte in so many is changed, in either direction. 20 by default. */
  readonly oneByteIn?: number;
  /** How long, in milliseconds of virtual time. 100 by default; the call resolves when it is over. */
  readonly forMs?: number;
}

const ONE_BYTE_IN = 20;
const BITS = 8;

/** Noise on a serial line: a bit of a byte here and there is the other one. The same seed garbles the same bytes. */
export class Noise {
  readonly #random: Random;
  #oneByteIn = Infinity;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  start(oneByteIn = ONE_BYTE_IN): void {
    this.#oneByteIn = oneByteIn;
  }

  stop(): void {
    this.#oneByteIn = Infinity;
  }

  /** What arrives of what was sent. */
  garble(bytes: Uint8Array): Uint8Array {
    if (this.#oneByteIn === Infinity) return bytes;
    return bytes.map((byte) => {
      const isHit = this.#random() * this.#oneByteIn < 1;
      return isHit ? byte ^ (1 << Math.floor(this.#random() * BITS)) : byte;
    });
  }
}
