import { shorten } from "../describe.js";
import { RULE } from "./colors.js";
import type { Box } from "./geometry.js";
import { element, escapeText, rect, round, type Svg } from "./svg.js";

const FONTS = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";
/** Pixels of the picture for each of the diagram's, so that a board's lettering can be read. */
const SCALE = 2;

interface PictureOptions {
  /** Around what is drawn. */
  readonly box: Box;
  readonly marginPx: number;
  readonly paper: string;
  /** One drawn thing to a line, so that a change of the wiring is a small change of the picture. */
  readonly lines: readonly Svg[];
}

/** A picture's whole text, on a card of paper. */
export function wrapPicture(name: string, { box, marginPx, paper, lines }: PictureOptions): string {
  const view = {
    x: box.left - marginPx,
    y: box.top - marginPx,
    width: box.right - box.left + 2 * marginPx,
    height: box.bottom - box.top + 2 * marginPx,
  };
  const card = { fill: paper, stroke: RULE };
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: Math.ceil(view.width * SCALE),
      height: Math.ceil(view.height * SCALE),
      viewBox: [view.x, view.y, view.width, view.height].map(round).join(" "),
      role: "img",
      "font-family": FONTS,
    },
    `\n${[
      element("title", {}, escapeText(name)),
      rect(view.x + 0.5, view.y + 0.5, view.width - 1, view.height - 1, 8, card),
      ...lines,
    ].join("\n")}\n`,
  )}\n`;
}

/** A picture's title, from the name of the wiring's file: "clock-pin-buzzer.json" is "Clock pin buzzer". */
export function titleOf(source: string): string {
  const file = source.split(/[\\/]/).at(-1) ?? "";
  const words = file
    .replace(/\.json$/i, "")
    .replace(/[-_]+/g, " ")
    .trim();
  // Wokwi calls every diagram so.
  if (words === "" || words === "diagram") return "Wiring";
  return shorten(words.charAt(0).toUpperCase() + words.slice(1));
}
