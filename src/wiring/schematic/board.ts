import { rect } from "../draw/svg.js";
import type { Netlist, Supply } from "../netlist.js";
import { drawFlag } from "./flags.js";
import { NAME_PX, PIN_PX } from "./shape.js";
import type { Sheet } from "./sheet.js";

const WIDTH = 132;
const PIN_LEAD = 18;
/** Where the board's pins end. */
export const PIN_TIP = WIDTH + PIN_LEAD;
/** Above its first pin: its supplies' names, its own, and what it is; below its last, its ground. */
const HEAD = 66;
const FOOT = 30;
const SUPPLY_STEP = 40;

/** The board, of whose pins those are shown that lead somewhere, each at its height. */
export function drawBoard(
  sheet: Sheet,
  netlist: Netlist,
  pins: readonly { readonly name: string; readonly y: number }[],
): void {
  const ys = pins.map(({ y }) => y);
  const top = Math.min(0, ...ys.map((y) => y - HEAD));
  const bottom = Math.max(top + HEAD + FOOT, ...ys.map((y) => y + FOOT));
  sheet.body({ left: 0, right: WIDTH, top, bottom }, rect(0, top, WIDTH, bottom - top, 0, {}));
  sheet.text("Arduino Uno R3", WIDTH / 2, top + 34, NAME_PX, { anchor: "middle", bold: true });
  for (const { name, y } of pins) {
    sheet.wire({ x: WIDTH, y }, { x: PIN_TIP, y });
    sheet.text(name, WIDTH - 6, y + 3.5, PIN_PX, { anchor: "end" });
  }
  const used = (supply: Supply) =>
    netlist.nets.some(({ supplies, ends }) => supplies.includes(supply) && ends.length > 0);
  const feeds = (["5V", "3.3V", "VIN"] as const).filter(used);
  for (const [index, text] of feeds.entries()) {
    const x = WIDTH / 2 + (index - (feeds.length - 1) / 2) * SUPPLY_STEP;
    drawFlag(sheet, { x, y: top }, "up", { kind: "supply", text });
    sheet.text(text, x, top + 12, PIN_PX, { anchor: "middle" });
  }
  if (!used("GND")) return;
  drawFlag(sheet, { x: WIDTH / 2, y: bottom }, "down", { kind: "ground" });
  sheet.text("GND", WIDTH / 2, bottom - 5, PIN_PX, { anchor: "middle" });
}
