import { CircuitError } from "../../core/error.js";
import { BandLimited } from "./band-limited.js";
import type { Export, Wired, Write } from "./export.js";
import type { LevelHappening } from "./happening.js";
import type { Survey } from "./survey.js";

export interface WavOptions {
  readonly survey: Survey;
  readonly wired: Wired;
  readonly write: Write;
}

export const SAMPLE_RATE_HZ = 44_100;
const SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1_000;
const BYTES_PER_SAMPLE = 2;
const HEADER_BYTES = 44;
const FULL_SCALE = 32_767;

/** All piezos together: a jump that comes before the one before it has decayed, and what it overshoots, have room above. */
const LOUDNESS = 0.5;

/** Samples that are made at once, where nothing asks for fewer. */
const BLOCK = 4_096;

/** Sizes in a WAV file have 32 bits. */
const MOST_BYTES = 2 ** 32 - 1 - HEADER_BYTES;

/** What the recording's piezos sound, mixed: 44.1 kHz, 16 bits, mono. */
export class Wav implements Export {
  readonly #options: WavOptions;
  /** Piezos by board and pin, and whether each is high. */
  readonly #piezos = new Map<string, boolean>();
  readonly #sound = new BandLimited();
  readonly #samples: number;
  #read = 0;
  #jumps = 0;

  /** @throws {CircuitError} `USAGE` where the recording is too long for a WAV file. */
  constructor(options: WavOptions) {
    this.#options = options;
    const { survey, wired } = options;
    for (const [board, { tonePins, firstLevels }] of survey.boards)
      for (const pin of firstLevels.keys())
        if (wired.piezos.has(pin) || tonePins.has(pin)) this.#piezos.set(`${pin} ${board}`, false);
    this.#samples = this.#piezos.size > 0 ? Math.ceil(survey.endMs * SAMPLES_PER_MS) + BandLimited.delay : 0;
    if (this.#samples * BYTES_PER_SAMPLE > MOST_BYTES) throw tooLong(survey.endMs);
  }

  begin(): void {
    const bytes = this.#samples * BYTES_PER_SAMPLE;
    const header = Buffer.alloc(HEADER_BYTES);
    header.write("RIFF", 0);
    header.writeUInt32LE(HEADER_BYTES - 8 + bytes, 4);
    header.write("WAVEfmt ", 8);
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(1, 20); // PCM
    header.writeUInt16LE(1, 22);
    header.writeUInt32LE(SAMPLE_RATE_HZ, 24);
    header.writeUInt32LE(SAMPLE_RATE_HZ * BYTES_PER_SAMPLE, 28);
    header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
    header.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
    header.write("data", 36);
    header.writeUInt32LE(bytes, 40);
    this.#options.write(header);
  }

  level({ board, pin, level }: LevelHappening, atMs: number): void {
    const piezo = `${pin} ${board}`;
    const [was, is] = [this.#piezos.get(piezo), level === 1];
    if (was === undefined || was === is) return;
    this.#piezos.set(piezo, is);
    const at = atMs * SAMPLES_PER_MS;
    if (at - this.#read >= BandLimited.room) this.#render(Math.floor(at));
    this.#jumps++;
    this.#sound.jump(at, is ? 1 : -1);
  }

  passTo(atMs: number): void {
    const at = Math.floor(atMs * SAMPLES_PER_MS);
    if (at - this.#read >= BLOCK) this.#render(at);
  }

  end(): void {
    this.#render(this.#samples);
  }

  summary(): string {
    const seconds = (this.#samples / SAMPLE_RATE_HZ).toFixed(1);
    return `${seconds} s of ${this.#piezos.size === 1 ? "a piezo" : `${this.#piezos.size} piezos`}`;
  }

  emptiness(): string | undefined {
    if (this.#piezos.size === 0) return "no piezo that a wiring or a tone tells of";
    return this.#jumps === 0 ? "no sound of a piezo" : undefined;
  }

  #render(until: number): void {
    const end = Math.min(until, this.#samples);
    if (end <= this.#read) return;
    const samples = Buffer.alloc((end - this.#read) * BYTES_PER_SAMPLE);
    const scale = (LOUDNESS * FULL_SCALE) / this.#piezos.size;
    for (let at = 0; at < samples.length; at += BYTES_PER_SAMPLE) {
      const sample = Math.round(this.#sound.next() * scale);
      samples.writeInt16LE(Math.max(-FULL_SCALE, Math.min(FULL_SCALE, sample)), at);
    }
    this.#read = end;
    this.#options.write(samples);
  }
}

function tooLong(ms: number): CircuitError {
  const hours = (each: number) => (each / 3_600_000).toFixed(1);
  const mostMs = MOST_BYTES / BYTES_PER_SAMPLE / SAMPLES_PER_MS;
  return new CircuitError(
    "USAGE",
    `Cannot make a WAV file of ${hours(ms)} h: it holds ${hours(mostMs)} h at most`,
    { hint: "Leave --wav out, or record less at a time." },
  );
}
