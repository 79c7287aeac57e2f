import type { Export, Wired, Write } from "./export.js";
import type { KnownLevel, LevelHappening } from "./happening.js";
import type { Survey } from "./survey.js";

export interface VcdOptions {
  readonly survey: Survey;
  readonly wired: Wired;
  readonly write: Write;
  /** When the recording began, and what made it, where that is known. */
  readonly beganAt?: string | undefined;
  readonly version?: string | undefined;
}

const NS_PER_MS = 1e6;

/** Identifier codes are of the printable characters of ASCII, from `!` on (IEEE 1364-2005, 18.2.1). */
const FIRST_CODE = 33;
const CODES = 94;

interface Wire {
  readonly code: string;
  readonly name: string;
  readonly first: KnownLevel;
}

/** Value change dump by IEEE 1364-2005, clause 18: a module for each board, a wire for each pin, in nanoseconds. */
export class Vcd implements Export {
  readonly #options: VcdOptions;
  readonly #modules = new Map<string, ReadonlyMap<number, Wire>>();
  #atNs = 0;
  #wires = 0;
  #changes = 0;

  constructor(options: VcdOptions) {
    this.#options = options;
    const { boards } = options.survey;
    for (const board of boards.keys()) {
      const wires = this.#wiresOf(board);
      if (wires.size > 0) this.#modules.set(board, wires);
    }
  }

  begin(): void {
    const { write, beganAt, version } = this.#options;
    if (beganAt !== undefined) write(`$date ${beganAt} $end\n`);
    write(`$version circuit${version === undefined ? "" : ` ${version}`} $end\n$timescale 1 ns $end\n`);
    const names = new Set<string>();
    for (const [board, wires] of this.#modules) {
      write(`$scope module ${unique(identifier(board), names)} $end\n`);
      for (const { code, name } of wires.values()) write(`$var wire 1 ${code} ${name} $end\n`);
      write("$upscope $end\n");
    }
    write("$enddefinitions $end\n#0\n$dumpvars\n");
    for (const wires of this.#modules.values())
      for (const { code, first } of wires.values()) write(`${signOf(first)}${code}\n`);
    write("$end\n");
  }

  level({ board, pin, level }: LevelHappening, atMs: number): void {
    const wire = this.#modules.get(board)?.get(pin);
    if (!wire) return;
    this.#passTo(atMs);
    this.#changes++;
    this.#options.write(`${signOf(level)}${wire.code}\n`);
  }

  end(atMs: number): void {
    this.#passTo(atMs);
  }

  summary(): string {
    return `${this.#wires} pins, ${this.#changes} changes`;
  }

  emptiness(): string | undefined {
    return this.#wires === 0 ? "no pin of a board" : undefined;
  }

  #passTo(atMs: number): void {
    const atNs = Math.round(atMs * NS_PER_MS);
    if (atNs <= this.#atNs) return;
    this.#atNs = atNs;
    this.#options.write(`#${atNs}\n`);
  }

  /** Pins of which anything is known, and those with parts. */
  #wiresOf(board: string): ReadonlyMap<number, Wire> {
    const { survey, wired } = this.#options;
    const { firstLevels, channels, showsPins } = survey.boards.get(board) ?? {};
    const pins = new Set([...(firstLevels?.keys() ?? []), ...wired.parts.keys()]);
    const wires = [...pins]
      .sort((a, b) => a - b)
      .map((pin): [number, Wire] => {
        const channel = channels?.get(pin);
        const label = channel === undefined ? `pin${pin}` : `A${channel}`;
        const name = [label, ...(wired.parts.get(pin) ?? [])].map(identifier).join("_");
        // An edge is a change; what was before the first message on a wire is not known.
        const first = showsPins && firstLevels?.get(pin) === 1 ? 0 : "unknown";
        return [pin, { code: codeOf(this.#wires++), name, first }];
      });
    return new Map(wires);
  }
}

function signOf(level: KnownLevel): string {
  return level === "unknown" ? "x" : `${level}`;
}

function codeOf(index: number): string {
  const sign = String.fromCharCode(FIRST_CODE + (index % CODES));
  return index < CODES ? sign : codeOf(Math.floor(index / CODES) - 1) + sign;
}

/** A name as every reader takes it: letters, digits and `_`, no digit first. */
function identifier(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
}

function unique(name: string, taken: Set<string>): string {
  let [one, count] = [name, 1];
  while (taken.has(one)) one = `${name}_${++count}`;
  taken.add(one);
  return one;
}
