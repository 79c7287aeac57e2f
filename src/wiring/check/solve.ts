import type { Net } from "../netlist.js";
import type { Element } from "./elements.js";
import type { Walk } from "./walk.js";

/** What an LED, a closed switch and a wire have of a resistance, in ohms: enough that no equation divides by nothing. */
const LEAST_OHMS = 0.1;
/** Rounds in which LEDs are found to conduct or not; circuits of a few settle in two or three. */
const MOST_ROUNDS = 50;
/** Nets of one circuit that are solved together; beyond them the time, which goes with the third power, is felt. */
const MOST_NETS = 150;

/**
 * The direct current out of a net into the elements on it, in milliamperes; negative where it flows in.
 *
 * @param voltsOf What nets are held at; `undefined` for those that take what the circuit gives them.
 */
export function currentFrom(source: Net, walk: Walk, voltsOf: (net: Net) => number | undefined): number {
  const { free, elements } = circuitAround(source, walk, voltsOf);
  if (free.length > MOST_NETS) return 0;
  const index = new Map(free.map((net, at) => [net, at]));
  let conducting = new Set(elements.filter(({ kind }) => kind === "led"));
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const volts = solve(elements, conducting, index, voltsOf);
    const at = (net: Net) => voltsOf(net) ?? volts[index.get(net) ?? -1] ?? 0;
    const next = new Set(
      elements.filter((led) => led.kind === "led" && at(led.from) - at(led.to) > led.volts),
    );
    const isSettled = next.size === conducting.size && [...next].every((led) => conducting.has(led));
    if (isSettled || round === MOST_ROUNDS - 1) return sumFrom(source, elements, conducting, at);
    conducting = next;
  }
  return 0;
}

/** Nets that the source's current may pass, and all that leads it. */
function circuitAround(source: Net, walk: Walk, voltsOf: (net: Net) => number | undefined) {
  const free = new Set<Net>();
  const elements = new Set<Element>();
  const waiting = [source];
  for (let net = waiting.pop(); net !== undefined; net = waiting.pop()) {
    for (const element of walk.at(net)) {
      elements.add(element);
      for (const end of [element.from, element.to]) {
        if (voltsOf(end) !== undefined || free.has(end)) continue;
        free.add(end);
        waiting.push(end);
      }
    }
  }
  return { free: [...free], elements: [...elements].filter(({ from, to }) => from !== to) };
}

/** Voltages of the free nets, by Kirchhoff's first law: what flows into each flows out again. */
function solve(
  elements: readonly Element[],
  conducting: ReadonlySet<Element>,
  index: ReadonlyMap<Net, number>,
  voltsOf: (net: Net) => number | undefined,
): readonly number[] {
  const size = index.size;
  // A very great resistance to ground keeps what floats from having no voltage at all.
  const rows = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size + 1 }, (_, column) => (row === column ? 1e-12 : 0)),
  );
  for (const element of elements) {
    if (element.kind === "led" && !conducting.has(element)) continue;
    const siemens = 1 / Math.max(element.ohms, LEAST_OHMS);
    for (const [net, other, volts] of [
      [element.from, element.to, element.volts],
      [element.to, element.from, -element.volts],
    ] as const) {
      const row = rows[index.get(net) ?? -1];
      if (row === undefined) continue;
      add(row, index.get(net) ?? 0, siemens);
      add(row, size, siemens * volts);
      const column = index.get(other);
      if (column !== undefined) add(row, column, -siemens);
      else add(row, size, siemens * (voltsOf(other) ?? 0));
    }
  }
  return eliminate(rows);
}

/** Gauss's elimination, with the greatest of each column as its pivot. */
function eliminate(rows: number[][]): readonly number[] {
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let best = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(valueAt(rows, row, column)) > Math.abs(valueAt(rows, best, column))) best = row;
    const [pivot, here] = [rows[best] ?? [], rows[column] ?? []];
    [rows[column], rows[best]] = [pivot, here];
    const divisor = pivot[column] || 1;
    for (let row = 0; row < size; row++) {
      const factor = row === column ? 0 : valueAt(rows, row, column) / divisor;
      if (factor === 0) continue;
      const target = rows[row] ?? [];
      for (let at = column; at <= size; at++) add(target, at, -factor * (pivot[at] ?? 0));
    }
  }
  return rows.map((row, at) => (row[size] ?? 0) / (row[at] || 1));
}

function sumFrom(
  source: Net,
  elements: readonly Element[],
  conducting: ReadonlySet<Element>,
  at: (net: Net) => number,
): number {
  let amperes = 0;
  for (const element of elements) {
    if (element.from !== source && element.to !== source) continue;
    if (element.kind === "led" && !conducting.has(element)) continue;
    const forward = (at(element.from) - at(element.to) - element.volts) / Math.max(element.ohms, LEAST_OHMS);
    amperes += element.from === source ? forward : -forward;
  }
  return amperes * 1_000;
}

function valueAt(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? 0;
}

function add(row: number[], column: number, value: number): void {
  row[column] = (row[column] ?? 0) + value;
}
