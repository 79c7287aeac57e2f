import { label, path, round, type Svg } from "../../../wiring/draw/svg.js";
import type { GraphEdge } from "./graph.js";
import type { Way } from "./layers.js";
import { type Box, SMALL_PX } from "./layout.js";

/** Of an arrow, in pixels. */
const TIP_LENGTH = 9;
const TIP_HALF = 4.5;

/** How far an edge that goes back stays from its parts, and its corners, in pixels. */
const AWAY = 20;
const CORNER = 10;

/**
 * Where an edge's words stand, as shares of its first layer: past its middle, where those that leave the same part have
 * drawn apart. It is the point of its curve at 0.62.
 */
const WORDS_SHARE = { x: 0.59, y: 0.68 };

/** An edge and its words, which are drawn above all edges. */
export interface DrawnEdge {
  readonly line: Svg;
  readonly words: Svg;
}

/** Draws an edge. @param lane Height at which one goes back that closes a cycle. */
export function drawEdge(edge: GraphEdge, way: Way, boxes: readonly Box[], lane: number): DrawnEdge {
  const places = way.slots.flatMap((slot) => boxes[slot] ?? []);
  const { d, at, tip } = way.isBack ? goBack(places, lane) : goOn(places);
  const kind = edge.isDurable ? " durable" : edge.drops ? " drops" : "";
  return {
    line: path(d, { class: `edge${kind}` }) + path(tip, { class: "tip" }),
    words:
      edge.label === ""
        ? ""
        : label(edge.label, at.x, at.y + 4, {
            ...{ class: "halo faint", "text-anchor": "middle", "font-size": SMALL_PX },
          }),
  };
}

interface Drawn {
  readonly d: string;
  /** Middle of its words. */
  readonly at: { readonly x: number; readonly y: number };
  readonly tip: string;
}

/** From the right side of one, past what lies between, to the left side of the other. */
function goOn(boxes: readonly Box[]): Drawn {
  const points = boxes.map(({ x, y, width }, index) => ({
    y,
    left: index === 0 ? x + width / 2 : x - width / 2,
    right: x + width / 2,
  }));
  const last = points.length - 1;
  let d = "";
  let at = { x: 0, y: 0 };
  for (const [index, to] of points.entries()) {
    const from = points[index - 1];
    if (from === undefined) continue;
    const endX = index === last ? to.left - TIP_LENGTH : to.left;
    const bend = (endX - from.right) / 2;
    if (d === "") {
      d = `M${round(from.right)} ${round(from.y)}`;
      at = {
        x: from.right + (endX - from.right) * WORDS_SHARE.x,
        y: from.y + (to.y - from.y) * WORDS_SHARE.y,
      };
    } else d += `H${round(from.right)}`;
    d += `C${round(from.right + bend)} ${round(from.y)} ${round(endX - bend)} ${round(to.y)} ${round(endX)} ${round(to.y)}`;
  }
  const end = points[last] ?? { left: 0, y: 0 };
  return { d, at, tip: tipAt(end.left, end.y) };
}

/** From the right side of one, below everything, to the left side of the other. */
function goBack([from, to = from]: readonly Box[], lane: number): Drawn {
  if (from === undefined || to === undefined) return { d: "", at: { x: 0, y: 0 }, tip: "" };
  const right = from.x + from.width / 2;
  const left = to.x - to.width / 2;
  const [outX, inX] = [right + AWAY, left - AWAY];
  const d = [
    `M${round(right)} ${round(from.y)}H${round(outX - CORNER)}`,
    `Q${round(outX)} ${round(from.y)} ${round(outX)} ${round(from.y + CORNER)}`,
    `V${round(lane - CORNER)}Q${round(outX)} ${round(lane)} ${round(outX - CORNER)} ${round(lane)}`,
    `H${round(inX + CORNER)}Q${round(inX)} ${round(lane)} ${round(inX)} ${round(lane - CORNER)}`,
    `V${round(to.y + CORNER)}Q${round(inX)} ${round(to.y)} ${round(inX + CORNER)} ${round(to.y)}`,
    `H${round(left - TIP_LENGTH)}`,
  ].join("");
  return { d, at: { x: (outX + inX) / 2, y: lane }, tip: tipAt(left, to.y) };
}

function tipAt(x: number, y: number): string {
  return `M${round(x)} ${round(y)}L${round(x - TIP_LENGTH)} ${round(y - TIP_HALF)}V${round(y + TIP_HALF)}Z`;
}
