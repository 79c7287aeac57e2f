import type { Angle } from "./angles.js";
import type { TapeEdge } from "./tape.js";
import type { Tone } from "./tones.js";

/** A line of a diagram: a pin's level, what a piezo sounded, or where a servo was told to be. */
export type DiagramRow =
  | { readonly label: string; readonly firstLevel: 0 | 1; readonly edges: readonly TapeEdge[] }
  | { readonly label: string; readonly tones: readonly Tone[] }
  | { readonly label: string; readonly angles: readonly Angle[] };

export interface Diagram {
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: readonly DiagramRow[];
}

/** Columns of a terminal, and of a CI's log. */
export const COLUMNS = 80;

/** A label that is longer loses its end. */
const LONGEST_LABEL = 16;

/** Columns between two marks of the axis, at least: the longest number and a gap. */
const MARK_COLUMNS = 10;

/** Above so many milliseconds the axis counts in seconds. */
const LONG_MS = 100_000;

const LOW = "▁";
const HIGH = "█";
const BOTH = "▒";
const REST = "·";
const SOUND = "♪";

/** An eighth of half a turn each. */
const ANGLES = "▁▂▃▄▅▆▇█";
const HALF_TURN_DEGREES = 180;

/**
 * Draws a timing diagram in 80 columns: an axis in milliseconds of virtual time, a line for each pin.
 *
 * A column shows the level at its end, or that there were several changes within it.
 */
export function drawDiagram({ fromMs, toMs, rows }: Diagram): string {
  const labelColumns = Math.min(LONGEST_LABEL, Math.max(2, ...rows.map(({ label }) => label.length)));
  const scale = new Scale(fromMs, toMs, COLUMNS - labelColumns - 1);
  const line = (label: string, text: string) =>
    `${label.slice(0, LONGEST_LABEL).padStart(labelColumns)} ${text}`.trimEnd();
  const drawn = rows.map((row) => line(row.label, drawRow(row, scale)));
  // A servo's signs are those of levels, too.
  const used = drawn.filter((_, index) => !isAngles(rows[index])).join("");
  const legend = [
    [HIGH, "high"],
    [LOW, "low"],
    [BOTH, "several changes"],
    [SOUND, "sound"],
    [REST, "silence"],
  ].flatMap(([sign = "", meaning = ""]) => (used.includes(sign) ? [`${sign} ${meaning}`] : []));
  if (rows.some(isAngles)) legend.push(`${ANGLES} 0° to ${HALF_TURN_DEGREES}°`);
  return [line(scale.unit, scale.axis()), ...drawn, line("", legend.join("  "))].join("\n");
}

function isAngles(row: DiagramRow | undefined): boolean {
  return row !== undefined && "angles" in row;
}

function drawRow(row: DiagramRow, scale: Scale): string {
  if ("tones" in row) return tones(row.tones, scale);
  if ("angles" in row) return angles(row.angles, scale);
  return levels(row.edges, row.firstLevel, scale);
}

/** From moments to columns. */
class Scale {
  readonly columns: number;
  readonly #fromMs: number;
  readonly #columnMs: number;
  readonly #isLong: boolean;

  constructor(fromMs: number, toMs: number, columns: number) {
    this.columns = columns;
    this.#fromMs = fromMs;
    this.#columnMs = Math.max(toMs - fromMs, 1) / columns;
    this.#isLong = toMs - fromMs > LONG_MS;
  }

  get unit(): string {
    return this.#isLong ? "s" : "ms";
  }

  columnOf(atMs: number): number {
    return Math.floor((atMs - this.#fromMs) / this.#columnMs);
  }

  axis(): string {
    const leastMs = MARK_COLUMNS * this.#columnMs;
    const tenMs = 10 ** Math.floor(Math.log10(leastMs));
    const stepMs = [1, 2, 5, 10].map((factor) => factor * tenMs).find((each) => each >= leastMs) ?? leastMs;
    const cells = new Array<string>(this.columns).fill(" ");
    for (let mark = Math.ceil(this.#fromMs / stepMs); ; mark++) {
      const at = this.columnOf(mark * stepMs);
      const text = `|${Number((mark * stepMs * (this.#isLong ? 0.001 : 1)).toPrecision(12))}`;
      if (at + text.length > this.columns) return cells.join("");
      cells.splice(at, text.length, ...text);
    }
  }
}

function levels(edges: readonly TapeEdge[], firstLevel: 0 | 1, scale: Scale): string {
  const changes = new Map<number, { count: number; level: 0 | 1 }>();
  for (const { atMs, level } of edges) {
    const column = scale.columnOf(atMs);
    changes.set(column, { count: (changes.get(column)?.count ?? 0) + 1, level });
  }
  let level = firstLevel;
  return Array.from({ length: scale.columns }, (_, column) => {
    const change = changes.get(column);
    if (change) level = change.level;
    if (change && change.count > 1) return BOTH;
    return level ? HIGH : LOW;
  }).join("");
}

function angles(told: readonly Angle[], scale: Scale): string {
  const byColumn = new Map(told.map(({ atMs, degrees }) => [scale.columnOf(atMs), degrees]));
  let last: number | undefined;
  return Array.from({ length: scale.columns }, (_, column) => {
    last = byColumn.get(column) ?? last;
    if (last === undefined) return " ";
    const eighth = Math.floor((last / HALF_TURN_DEGREES) * ANGLES.length);
    return ANGLES[Math.min(Math.max(eighth, 0), ANGLES.length - 1)];
  }).join("");
}

function tones(sounded: readonly Tone[], scale: Scale): string {
  const cells = new Array<string>(scale.columns).fill(REST);
  for (const { frequencyHz, fromMs, toMs } of sounded) {
    const from = Math.max(0, scale.columnOf(fromMs));
    const columns = Math.max(1, Math.min(scale.columnOf(toMs), scale.columns - 1) - from + 1);
    const hz = Math.round(frequencyHz);
    const name = [`${SOUND}${hz} Hz`, `${SOUND}${hz}`].find((each) => each.length < columns) ?? "";
    cells.splice(from, columns, ...name.padEnd(columns, SOUND));
  }
  return cells.join("");
}
