import { pinsOf } from "../attachments.js";
import { describePart, shorten } from "../describe.js";
import { Nets } from "../nets.js";
import { RESISTOR, UNO, unoPinName } from "../parts.js";
import type { Part, PinReference, Wiring } from "../wiring.js";
import { FAINT_INK, INK, RULE } from "./colors.js";
import { label, path, type Svg, textWidth } from "./svg.js";

const TEXT_PX = 9;
const ROW_PX = 17;
const COLUMN_GAP_PX = 18;

type Row = readonly string[];

export interface Legend {
  readonly width: number;
  readonly height: number;
  /** The table with its top left at x, y, and rules as long as `width`. */
  draw(x: number, y: number, width: number): Svg;
}

/** The table below a picture: each part, what it is, and where its pins lead. */
export function layOutLegend(wiring: Wiring): Legend {
  const nets = new Nets(wiring);
  const rows: readonly Row[] = wiring.parts
    .filter(({ type }) => type !== UNO)
    .map((part) => [shorten(part.id), describePart(part), describeEnds(wiring, nets, part)]);
  const table: readonly Row[] = [["Part", "What it is", "Wired to"], ...rows];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...table.map((row) => textWidth(row[column] ?? "", TEXT_PX)), 0),
  );
  return {
    width: widths.reduce((sum, width) => sum + width, 0) + 2 * COLUMN_GAP_PX,
    height: table.length * ROW_PX,
    draw: (x, y, width) =>
      table.map((row, index) => drawRow(row, widths, x, y + index * ROW_PX, width, index === 0)).join(""),
  };
}

function drawRow(
  row: Row,
  widths: readonly number[],
  x: number,
  y: number,
  width: number,
  head: boolean,
): Svg {
  let left = x;
  const cells = row.map((text, column) => {
    const cell = label(text, left, y + ROW_PX - 5.5, {
      "font-size": TEXT_PX,
      fill: head ? FAINT_INK : INK,
      "font-weight": !head && column === 0 ? 700 : undefined,
    });
    left += (widths[column] ?? 0) + COLUMN_GAP_PX;
    return cell;
  });
  return (
    cells.join("") + path(`M${x} ${y + ROW_PX}h${width}`, { stroke: RULE, "stroke-width": head ? 1.2 : 0.6 })
  );
}

function describeEnds(wiring: Wiring, nets: Nets, part: Part): string {
  const ends = pinsOf(wiring, part).flatMap((pin): string[] => {
    const here: PinReference = { part: part.id, pin };
    const { unoPins, through } = nets.reach(here);
    const names = [...new Set(unoPins.map(unoPinName))].join(", ");
    if (part.type === RESISTOR)
      return [through.length === 0 && names ? names : describeNeighbours(wiring, here)];
    if (names === "") return [];
    return [`${pin} to ${names}${through.length > 0 ? ` through ${through.join(", ")}` : ""}`];
  });
  return shortenLine(part.type === RESISTOR ? ends.join(" to ") : ends.join(", "));
}

function describeNeighbours({ wires }: Wiring, { part, pin }: PinReference): string {
  const others = wires.flatMap(({ from, to }) => {
    if (from.part === part && from.pin === pin) return [to];
    return to.part === part && to.pin === pin ? [from] : [];
  });
  return others.map((other) => `${other.part} ${other.pin}`).join(", ") || "nothing";
}

/** A table that is wider than its picture helps nobody, in characters. */
const MAX_LINE = 60;

function shortenLine(text: string): string {
  return text.length <= MAX_LINE ? text : `${text.slice(0, MAX_LINE - 1)}…`;
}
