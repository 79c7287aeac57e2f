import { five } from "./johnny-five.js";
import type { ToneDriver, ToneLimits } from "./tones/tone.js";

const boards = new WeakMap<object, ToneDriver | ToneLimits>();

/** From now on, piezos on this board sound by the driver, or by Johnny-Five's own way within the limits. */
export function registerTones(board: five.Board, tones: ToneDriver | ToneLimits): void {
  boards.set(board, tones);
}

/** Has piezos on a board that stands for another sound as on that one, as long as they may. */
export function lendTones(board: object, lent: object, may: () => boolean): void {
  const tones = boards.get(board);
  if (tones === undefined) return;
  if (!isDriver(tones)) {
    boards.set(lent, tones);
    return;
  }
  boards.set(lent, {
    check: (...tone) => tones.check(...tone),
    prepare: (pin) => void (may() && tones.prepare(pin)),
    start: (...tone) => void (may() && tones.start(...tone)),
    stop: (pin) => void (may() && tones.stop(pin)),
    sounding: () => tones.sounding(),
    close: () => {},
  } satisfies ToneDriver);
}

interface PiezoOptions {
  readonly pin: number;
  readonly board?: five.Board;
  readonly controller?: unknown;
}

type Note = string | number | null | readonly [pitch: string | number | null, beats?: number];
type Tune = string | number | { readonly song?: string | Note | readonly Note[]; readonly beats?: number };

interface PiezoInside {
  readonly pin: number;
  tone(halfPeriodUs: number, durationMs: number): unknown;
  play(tune: Tune, played?: () => void): unknown;
}

/** What Johnny-Five's own types leave out: `mount()`, and how `Piezo` reads notes. */
interface FiveInside {
  readonly Board: { mount(options: unknown): object | null };
  Piezo: {
    new (options: number | PiezoOptions): PiezoInside;
    readonly Parsers: { hzFromInput(note: Note): number | null };
    ToSong(song: string, beats?: number): Note[];
  };
}

/**
 * Makes `new five.Piezo({ pin, board })` sound by the board's driver where there is one: Johnny-Five takes an
 * object of property descriptors as `controller`, which then overrides its own way.
 */
function installPiezo(inside: FiveInside): void {
  const Original = inside.Piezo;

  class Piezo extends Original {
    readonly #limits: ToneLimits | undefined;

    constructor(given: number | PiezoOptions) {
      const options = typeof given === "object" ? given : { pin: given };
      const board = inside.Board.mount(options);
      const tones = board && options.controller === undefined ? boards.get(board) : undefined;
      const driver = tones && isDriver(tones) ? tones : undefined;
      super(driver ? { ...options, controller: controllerOf(driver) } : options);
      this.#limits = tones;
      if (tones && !driver) this.#checkOwnTones(tones);
    }

    /** Johnny-Five's own way sounds every pitch by `tone()`, and takes any: what the wire cannot carry, wrongly. */
    #checkOwnTones(limits: ToneLimits): void {
      const own = this.tone;
      this.tone = (halfPeriodUs, durationMs) => {
        limits.check(this.pin, 500_000 / halfPeriodUs, durationMs);
        return own.call(this, halfPeriodUs, durationMs);
      };
    }

    /** Refuses a tune with a pitch out of range before its first note: later notes start from a timer. */
    override play(tune: Tune, played?: () => void): unknown {
      for (const note of notesOf(tune, Original.ToSong)) {
        const frequencyHz = Original.Parsers.hzFromInput(note);
        if (frequencyHz !== null) this.#limits?.check(this.pin, frequencyHz, 1);
      }
      return super.play(tune, played);
    }
  }

  inside.Piezo = Piezo;
}

function isDriver(tones: ToneDriver | ToneLimits): tones is ToneDriver {
  return "start" in tones;
}

function notesOf(tune: Tune, toSong: FiveInside["Piezo"]["ToSong"]): readonly Note[] {
  const { song, beats } = typeof tune === "object" ? tune : { song: tune, beats: undefined };
  if (song === undefined || song === null) return [];
  if (typeof song === "string") return toSong(song, beats);
  // The cast: an array is a song of notes here, as it is to Johnny-Five, never one note with its beats.
  return Array.isArray(song) ? (song as readonly Note[]) : [song as Note];
}

function controllerOf(driver: ToneDriver): PropertyDescriptorMap & ThisType<{ readonly pin: number }> {
  return {
    initialize: {
      value() {
        driver.prepare(this.pin);
      },
    },
    frequency: {
      value(frequencyHz: number, durationMs: number) {
        driver.start(this.pin, frequencyHz, durationMs);
        return this;
      },
    },
    tone: {
      value(halfPeriodUs: number, durationMs: number) {
        driver.start(this.pin, 500_000 / halfPeriodUs, durationMs);
        return this;
      },
    },
    noTone: {
      value() {
        driver.stop(this.pin);
        return this;
      },
    },
  };
}

// Johnny-Five's module object is ours alone (it is bundled), so replacing its Piezo reaches only those who
// import it from here. The cast names what its types leave out.
installPiezo(five as unknown as FiveInside);

export { five };
