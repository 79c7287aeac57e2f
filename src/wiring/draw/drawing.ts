import type { Wire, Wiring } from "../wiring.js";
import { FAINT_INK, INK, PAPER, toColor } from "./colors.js";
import { drawFigure } from "./figures.js";
import { boxAround, cornersOf, findPin, type PlacedPart, placeParts } from "./geometry.js";
import { labelPart, labelPins } from "./labels.js";
import { layOutLegend } from "./legend.js";
import { titleOf, wrapPicture } from "./page.js";
import { routeWire, toPath } from "./routes.js";
import { circle, group, label, path, round, type Svg, textWidth } from "./svg.js";

const MARGIN_PX = 18;
const TITLE_PX = 14;
const TITLE_GAP_PX = 14;
const LEGEND_GAP_PX = 16;
const WIRE_PX = 2.6;
const BEND_PX = 5;

/**
 * Draws a wiring as one SVG picture that stands alone: parts, wires, names, a title and a table of parts.
 * The same wiring gives the same text.
 */
export function drawWiring(wiring: Wiring): string {
  const parts = placeParts(wiring);
  const wires = wiring.wires.flatMap((wire, index) => layWire(wire, parts, index));
  const labels = parts.flatMap((part) => labelPart(part) ?? []);
  const title = titleOf(wiring.source);
  const legend = layOutLegend(wiring);
  const content = boxAround([
    { x: 0, y: 0 },
    ...parts.flatMap(({ box }) => cornersOf(box)),
    ...labels.flatMap(({ box }) => cornersOf(box)),
    ...wires.flatMap(({ points }) => points),
  ]);
  const width = Math.max(content.right - content.left, legend.width, textWidth(title, TITLE_PX));
  const left = content.left - (width - (content.right - content.left)) / 2;
  const top = content.top - TITLE_GAP_PX - TITLE_PX;
  const legendTop = content.bottom + LEGEND_GAP_PX;
  return wrapPicture(`Wiring: ${title}`, {
    box: { left, top, right: left + width, bottom: legendTop + legend.height },
    marginPx: MARGIN_PX,
    paper: PAPER,
    lines: [
      label(title, left, top + TITLE_PX * 0.8, { "font-size": TITLE_PX, "font-weight": 700, fill: INK }),
      ...parts.map((part) => drawPart(part, wiring)),
      ...wires.map(({ svg }) => svg),
      ...parts.map(labelPins).filter((svg) => svg !== ""),
      ...labels.map(({ svg }) => svg),
      legend.draw(left, legendTop, width),
    ],
  });
}

function drawPart({ part, shape }: PlacedPart, wiring: Wiring): Svg {
  const ends = wiring.wires.flatMap(({ from, to }) => [from, to]);
  const wired = new Set(ends.filter((end) => end.part === part.id).map(({ pin }) => pin));
  const turn =
    part.rotate === 0 ? "" : ` rotate(${round(part.rotate)} ${shape.width / 2} ${shape.height / 2})`;
  const transform = `translate(${round(part.left)} ${round(part.top)})${turn}`;
  return group({ transform }, drawFigure({ part, shape, wired }));
}

function layWire({ from, to, color, route }: Wire, parts: readonly PlacedPart[], index: number) {
  const [start, end] = [findPin(parts, from), findPin(parts, to)];
  // An end in a part that is not shown, or a wire that is not.
  if (start === undefined || end === undefined || color === "") return [];
  const points = routeWire(start, end, route, parts, index);
  const d = toPath(points, BEND_PX);
  const stroke = toColor(color, FAINT_INK);
  const dots = [start, end].map(([{ x, y }]) =>
    circle(x, y, 2, { fill: stroke, stroke: INK, "stroke-width": 0.6 }),
  );
  // On paper's colour where it crosses another wire, edged so that a white one is seen on white paper, and
  // in grey where its colour is a name that no viewer knows.
  const svg = group(
    { fill: "none", stroke: FAINT_INK, "stroke-linecap": "round" },
    path(d, { stroke: PAPER, "stroke-width": WIRE_PX + 2 }),
    path(d, { stroke: INK, "stroke-opacity": 0.55, "stroke-width": WIRE_PX + 0.8 }),
    path(d, { stroke, "stroke-width": WIRE_PX }),
    ...dots,
  );
  return [{ points, svg }];
}
