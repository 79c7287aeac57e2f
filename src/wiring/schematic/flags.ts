import { pinName } from "../check/subject.js";
import { shorten } from "../describe.js";
import { path } from "../draw/svg.js";
import { isWired, type Net } from "../netlist.js";
import type { Point } from "../parts.js";
import { PIN_PX } from "./shape.js";
import type { Sheet } from "./sheet.js";

/** What stands at a terminal that no wire of the sheet leads away from. */
export type Flag =
  | { readonly kind: "ground" }
  | { readonly kind: "open" }
  | { readonly kind: "supply"; readonly text: string }
  | { readonly kind: "name"; readonly text: string };

/** Which way a terminal looks. */
export type Facing = "left" | "right" | "up" | "down";

/** A ground's symbol with its wire, and a supply's with its name, in pixels from the terminal. */
export const GROUND_DOWN = 30;
export const SUPPLY_UP = 28;

/** What a terminal's net is shown by. */
export function flagOf(net: Net, part: string): Flag {
  const [supply, ...more] = net.supplies;
  if (supply !== undefined && more.length > 0) return { kind: "name", text: net.supplies.join(" = ") };
  if (supply === "GND") return { kind: "ground" };
  if (supply !== undefined) return { kind: "supply", text: supply };
  return isWired(net, part) ? { kind: "name", text: nameOfNet(net) } : { kind: "open" };
}

/** A net's name, the same wherever it is written: its pin, or the first of the terminals on it. */
export function nameOfNet({ pins: [pin], others: [other], ends: [end] }: Net): string {
  if (pin !== undefined) return `pin ${pinName(pin)}`;
  return other ?? (end ? shorten(`${end.part}.${end.pin}`) : "");
}

/** How far a flag at a terminal that looks to a side reaches above and below it, in pixels. */
export function roomOf(flag: Flag, isAlone: boolean): { readonly up: number; readonly down: number } {
  if (!isAlone) return { up: 10, down: 10 };
  if (flag.kind === "ground") return { up: 6, down: GROUND_DOWN };
  return flag.kind === "supply" ? { up: SUPPLY_UP, down: 6 } : { up: 8, down: 8 };
}

/**
 * Draws a flag at a terminal's end.
 *
 * @param isAlone Whether there is room above and below; otherwise ground and supply lie on their side.
 */
export function drawFlag(sheet: Sheet, at: Point, facing: Facing, flag: Flag, isAlone = true): void {
  const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[facing] as [number, number];
  const isSideways = dx !== 0;
  if (flag.kind === "open") drawOpen(sheet, at);
  else if (flag.kind === "name") drawName(sheet, at, [dx, dy], flag.text);
  else if (!isSideways || !isAlone) drawEnd(sheet, at, [dx, dy], flag);
  else {
    const corner = { x: at.x + dx * 16, y: at.y };
    const turn: readonly [number, number] = flag.kind === "ground" ? [0, 1] : [0, -1];
    sheet.wire(at, corner, { x: corner.x, y: corner.y + turn[1] * 6 });
    drawEnd(sheet, { x: corner.x, y: corner.y + turn[1] * 6 }, turn, flag);
  }
}

/** A ground's bars, or a supply's bar and its name, at the end of a short wire in this direction. */
function drawEnd(sheet: Sheet, at: Point, [dx, dy]: readonly [number, number], flag: Flag): void {
  const end = { x: at.x + dx * 8, y: at.y + dy * 8 };
  sheet.wire(at, end);
  const bars = flag.kind === "ground" ? [9, 6, 3] : [9];
  const d = bars.map((half, index) => {
    const [x, y] = [end.x + dx * index * 4, end.y + dy * index * 4];
    return `M${x - half * dy} ${y - half * dx}L${x + half * dy} ${y + half * dx}`;
  });
  const depth = (bars.length - 1) * 4 + 1;
  sheet.body(
    {
      left: Math.min(end.x, end.x + dx * depth) - Math.abs(dy) * 9,
      right: Math.max(end.x, end.x + dx * depth) + Math.abs(dy) * 9,
      top: Math.min(end.y, end.y + dy * depth) - Math.abs(dx) * 9,
      bottom: Math.max(end.y, end.y + dy * depth) + Math.abs(dx) * 9,
    },
    path(d.join(""), {}),
  );
  if (flag.kind !== "supply") return;
  const anchor = dx === 0 ? "middle" : dx > 0 ? "start" : "end";
  sheet.text(flag.text, end.x + dx * 5, end.y + (dx === 0 ? dy * 5 + (dy > 0 ? 8 : 0) : 3.5), PIN_PX, {
    anchor,
    bold: true,
  });
}

function drawName(sheet: Sheet, at: Point, [dx, dy]: readonly [number, number], text: string): void {
  const end = { x: at.x + dx * 12, y: at.y + dy * 8 };
  sheet.wire(at, end);
  const anchor = dx === 0 ? "middle" : dx > 0 ? "start" : "end";
  sheet.text(text, end.x + dx * 4, end.y + (dx === 0 ? (dy > 0 ? 11 : -4) : 3.5), PIN_PX, { anchor });
}

/** A cross: nothing is to be here. */
function drawOpen(sheet: Sheet, { x, y }: Point): void {
  sheet.mark(path(`M${x - 4} ${y - 4}l8 8M${x - 4} ${y + 4}l8 -8`, {}));
}
