import { titleOf, wrapPicture } from "../draw/page.js";
import { textWidth } from "../draw/svg.js";
import type { Wiring } from "../wiring.js";
import { placeTree } from "./place.js";
import { Sheet } from "./sheet.js";
import { treeOf } from "./tree.js";

const TITLE_PX = 15;
const MARGIN_PX = 20;

/**
 * Draws a wiring's schematic as one SVG picture that stands alone, in black on white: parts by their symbols, supplies and
 * ground by theirs, no wire across another. The same wiring gives the same text.
 */
export function drawSchematic(wiring: Wiring): string {
  const sheet = new Sheet();
  placeTree(treeOf(wiring), sheet);
  const title = titleOf(wiring.source);
  const { left, top, right, bottom } = sheet.box;
  sheet.text(title, left, top - MARGIN_PX, TITLE_PX, { bold: true });
  const width = Math.max(right - left, textWidth(title, TITLE_PX));
  return wrapPicture(`Schematic: ${title}`, {
    box: { left, top: top - MARGIN_PX - TITLE_PX, right: left + width, bottom },
    marginPx: MARGIN_PX,
    paper: "#fff",
    lines: sheet.svg,
  });
}
