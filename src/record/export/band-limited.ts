/** Samples over which a step is spread, and places between two samples at which it may be: 0.35 µs at 44.1 kHz. */
const TAPS = 32;
const PHASES = 64;

/** A step keeps what is below so much of half the sample rate: 19.8 kHz at 44.1 kHz, beyond what is heard. */
const CUTOFF = 0.9;

/** What is not sounded is gone by this factor a sample: a high pass of 14 Hz at 44.1 kHz, as a piezo's capacity is one. */
const DECAY = 0.998;

/** Steps that one ring holds, in samples; a power of 2. */
const RING = 1_024;

const KERNELS = Array.from({ length: PHASES }, (_, phase) => kernel(phase / PHASES));

/**
 * Samples of a signal that jumps, without frequencies that samples cannot carry: each jump is a band-limited step at its
 * own place between two samples.
 */
export class BandLimited {
  readonly #ring = new Float64Array(RING);
  /** The next sample to be read. */
  #at = 0;
  #value = 0;

  /** How far ahead of what was read a jump may be, in samples. */
  static readonly room = RING - TAPS;

  /** Samples by which a jump comes later than asked, half of its width. */
  static readonly delay = TAPS / 2;

  /** The signal jumps by so much at this place, in samples since the beginning; not before what has been read. */
  jump(at: number, by: number): void {
    const place = Math.max(at, this.#at);
    let first = Math.floor(place);
    let phase = Math.round((place - first) * PHASES);
    if (phase === PHASES) {
      phase = 0;
      first++;
    }
    const shape = KERNELS[phase] ?? [];
    for (let tap = 0; tap < TAPS; tap++) {
      const index = (first + tap) % RING;
      this.#ring[index] = (this.#ring[index] ?? 0) + by * (shape[tap] ?? 0);
    }
  }

  /** The next sample. */
  next(): number {
    const index = this.#at % RING;
    this.#value = this.#value * DECAY + (this.#ring[index] ?? 0);
    this.#ring[index] = 0;
    this.#at++;
    return this.#value;
  }
}

/** A band-limited impulse, by a sinc under a Blackman window, that sums up to 1. */
function kernel(fraction: number): readonly number[] {
  const taps = Array.from({ length: TAPS }, (_, tap) => {
    const x = tap - TAPS / 2 + 1 - fraction;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * CUTOFF * x) / (Math.PI * CUTOFF * x);
    const turn = (2 * Math.PI * (x + TAPS / 2)) / TAPS;
    return sinc * (0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}
