import { shorten } from "../describe.js";
import { circle, path, rect } from "../draw/svg.js";
import { BUTTON, BUZZER, LED, RESISTOR } from "../parts.js";
import { LEAD, NAME_PX, PIN_PX, type Shape } from "./shape.js";
import { BLACK, type Sheet } from "./sheet.js";
import type { Node } from "./tree.js";

// Symbols of IEC 60617: 04-01-01 resistor, 05-03-01 and 05-03-02 light emitting diode, 07-07-02 push button, 08-10-11 buzzer.

/** Draws a part whose left terminals end at x, the one that it is entered by at y. */
export function drawSymbol(sheet: Sheet, node: Node, x: number, y: number): void {
  if (node.shape.kind === "strap") drawStrap(sheet, node, x, y);
  else if (node.shape.kind === "pot") drawPotentiometer(sheet, node.shape, x, y);
  else drawBox(sheet, node.shape, x, y);
}

/** Half the width of each symbol's body, and how far it reaches above and below the wire. */
const BODIES: ReadonlyMap<string, { readonly half: number; readonly up: number; readonly down: number }> =
  new Map([
    [RESISTOR, { half: 20, up: 7, down: 7 }],
    [LED, { half: 9, up: 23, down: 9 }],
    [BUTTON, { half: 16, up: 13, down: 3 }],
    [BUZZER, { half: 16, up: 26, down: 0 }],
  ]);

function drawStrap(sheet: Sheet, { part, entry, shape }: Node, x: number, y: number): void {
  const body = BODIES.get(part.type) ?? { half: 20, up: 7, down: 7 };
  const middle = x + shape.width / 2;
  // A buzzer's wires turn up into it.
  const inset = part.type === BUZZER ? 7 : body.half;
  const rise = part.type === BUZZER ? 10 : 0;
  const left = { x: middle - inset, y };
  const right = { x: middle + inset, y };
  sheet.wire({ x, y }, left, ...(rise ? [{ x: left.x, y: y - rise }] : []));
  sheet.wire({ x: x + shape.width, y }, right, ...(rise ? [{ x: right.x, y: y - rise }] : []));
  sheet.body(
    { left: middle - body.half, right: middle + body.half, top: y - body.up, bottom: y - rise + body.down },
    ...linesOf(part.type, middle, y, entry),
  );
  sheet.text(
    shape.note === "" ? shape.name : `${shape.name}  ${shape.note}`,
    middle,
    y - shape.up + NAME_PX,
    NAME_PX,
    { anchor: "middle" },
  );
}

function linesOf(type: string, x: number, y: number, entry: string): readonly string[] {
  if (type === RESISTOR) return [rect(x - 20, y - 7, 40, 14, 0, {})];
  if (type === LED) {
    // The triangle points from anode to cathode.
    const way = entry === "A" ? 1 : -1;
    return [
      path(`M${x - 9 * way} ${y - 9}V${y + 9}L${x + 9 * way} ${y}ZM${x + 9 * way} ${y - 9}V${y + 9}`, {}),
      path(
        `M${x - 3} ${y - 11}l7 -8m-4.5 1l4.5 -1l-0.5 4.5M${x + 4} ${y - 11}l7 -8m-4.5 1l4.5 -1l-0.5 4.5`,
        {},
      ),
    ];
  }
  if (type === BUTTON)
    return [
      circle(x - 13, y, 2.5, {}),
      circle(x + 13, y, 2.5, {}),
      path(`M${x - 16} ${y - 6}H${x + 16}M${x} ${y - 6}V${y - 13}M${x - 5} ${y - 13}H${x + 5}`, {}),
    ];
  return [path(`M${x - 16} ${y - 10}H${x + 16}M${x - 16} ${y - 10}a16 16 0 0 1 32 0`, {})];
}

function drawPotentiometer(sheet: Sheet, { name, note, up }: Shape, x: number, y: number): void {
  const middle = x + 30;
  sheet.wire({ x, y }, { x: middle - 8, y });
  sheet.wire({ x: middle, y: y - up }, { x: middle, y: y - 18 });
  sheet.wire({ x: middle, y: y + up }, { x: middle, y: y + 18 });
  sheet.body(
    { left: middle - 8, right: middle + 7, top: y - 18, bottom: y + 18 },
    rect(middle - 7, y - 18, 14, 36, 0, {}),
    path(`M${middle - 8} ${y}l-7 -3.5v7Z`, { fill: BLACK }),
  );
  sheet.text(name, middle + 14, y - 2, NAME_PX, { bold: true });
  sheet.text(note, middle + 14, y + 12, PIN_PX);
}

function drawBox(sheet: Sheet, shape: Shape, x: number, y: number): void {
  const [left, right] = [x + LEAD, x + shape.width - LEAD];
  const [top, bottom] = [y - shape.up, y + shape.down];
  sheet.body({ left, right, top, bottom }, rect(left, top, right - left, bottom - top, 0, {}));
  sheet.text(shape.name, (left + right) / 2, top + 26, NAME_PX, { anchor: "middle", bold: true });
  sheet.text(shape.note, (left + right) / 2, top + 39, PIN_PX, { anchor: "middle" });
  for (const [pin, offset] of shape.left) {
    sheet.wire({ x, y: y + offset }, { x: left, y: y + offset });
    sheet.text(shorten(pin), left + 5, y + offset + 3.5, PIN_PX);
  }
  for (const [pin, offset] of shape.right) {
    sheet.wire({ x: x + shape.width, y: y + offset }, { x: right, y: y + offset });
    sheet.text(shorten(pin), right - 5, y + offset + 3.5, PIN_PX, { anchor: "end" });
  }
  if (shape.top !== undefined)
    sheet.text(shape.top, (left + right) / 2, top + 11, PIN_PX, { anchor: "middle" });
  if (shape.bottom !== undefined)
    sheet.text(shape.bottom, (left + right) / 2, bottom - 4, PIN_PX, { anchor: "middle" });
}

/** Where the terminals above and below are, from the left terminals' end. */
export function poleOf({ kind, width }: Shape): number {
  return kind === "pot" ? 30 : width / 2;
}
