import {
  element,
  escapeText,
  group,
  label,
  path,
  rect,
  round,
  type Svg,
  textWidth,
} from "../../../wiring/draw/svg.js";
import { drawEdge } from "./draw-edge.js";
import type { GraphPart, PipelineGraph } from "./graph.js";
import { type Box, type Layout, layOut, NAME_PX, SMALL_PX } from "./layout.js";

/** Around all, and between pipelines, in pixels. */
const MARGIN = 28;
const TITLE_HEIGHT = 34;
const CAPTION_HEIGHT = 30;
const PIPELINE_GAP = 30;
const LEGEND_HEIGHT = 26;
const TITLE_PX = 18;

/** Room for an edge that goes back below a pipeline. */
const LANE_HEIGHT = 26;

/**
 * Colours by what they are for, and those of a dark page. Kinds of parts differ in their shape, too: not everybody sees
 * the colours.
 */
const STYLE = `
svg { --paper: #fdfdfb; --ink: #1f2933; --faint: #5b6774; --rule: #d5dbe1;
  --source: #dff3e4; --source-edge: #2f855a; --processor: #e4ecfb; --processor-edge: #3b62b5;
  --output: #fdeccd; --output-edge: #b7791f; }
@media (prefers-color-scheme: dark) { svg { --paper: #14181d; --ink: #e6eaee; --faint: #9aa7b4; --rule: #333c46;
  --source: #16352a; --source-edge: #5bbd8b; --processor: #1b2b4d; --processor-edge: #86a8ef;
  --output: #3f2e10; --output-edge: #e0b15c; } }
text { font-family: ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--ink); }
.faint { fill: var(--faint); }
.halo { stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; paint-order: stroke; }
.edge { fill: none; stroke: var(--faint); stroke-width: 1.6px; }
.drops { stroke-dasharray: 6 4; }
.durable { stroke-width: 3.4px; }
.tip { fill: var(--faint); }
.source { fill: var(--source); stroke: var(--source-edge); stroke-width: 1.5px; }
.processor { fill: var(--processor); stroke: var(--processor-edge); stroke-width: 1.5px; }
.output { fill: var(--output); stroke: var(--output-edge); stroke-width: 1.5px; }
`;

/** The pipelines of a flow as a picture, which is the same for the same flow, and readable on light and dark pages. */
export function drawFlow(name: string, pipelines: readonly PipelineGraph[]): string {
  const laid = pipelines.map((graph) => ({ graph, layout: layOut(graph), lanes: lanesOf(layOut(graph)) }));
  const legend = drawLegend(pipelines);
  const width =
    Math.max(textWidth(name, TITLE_PX), legend.width, ...laid.map(({ layout }) => layout.width)) + 2 * MARGIN;
  const drawn: Svg[] = [];
  let top = MARGIN + TITLE_HEIGHT;
  for (const { graph, layout, lanes } of laid) {
    drawn.push(drawPipeline(graph, layout, { x: MARGIN, y: top }));
    top += CAPTION_HEIGHT + layout.height + lanes * LANE_HEIGHT + PIPELINE_GAP;
  }
  const height = top + LEGEND_HEIGHT;
  return `${element(
    "svg",
    {
      ...{ xmlns: "http://www.w3.org/2000/svg", role: "img", width, height },
      viewBox: `0 0 ${round(width)} ${round(height)}`,
    },
    `\n${element("title", {}, escapeText(`Flow: ${name}`))}`,
    `\n${element("style", {}, STYLE)}\n`,
    `${element("rect", { width, height, rx: 10, style: "fill: var(--paper)" })}\n`,
    `${label(name, MARGIN, MARGIN + TITLE_PX - 4, { "font-size": TITLE_PX, "font-weight": 600 })}\n`,
    ...drawn.map((pipeline) => `${pipeline}\n`),
    `${group({ transform: `translate(${MARGIN} ${round(top + LEGEND_HEIGHT - MARGIN)})` }, legend.svg)}\n`,
  )}\n`;
}

function lanesOf({ layers }: Layout): number {
  return layers.ways.filter(({ isBack }) => isBack).length;
}

function drawPipeline(
  graph: PipelineGraph,
  layout: Layout,
  at: { readonly x: number; readonly y: number },
): Svg {
  const caption = `${graph.name}, ${graph.protocol}`;
  let lane = layout.height;
  const edges = layout.layers.ways.map((way) => {
    const edge = graph.edges[way.edge];
    if (edge === undefined) return { line: "", words: "" };
    if (way.isBack) lane += LANE_HEIGHT;
    return drawEdge(edge, way, layout.boxes, lane);
  });
  return group(
    { transform: `translate(${at.x} ${round(at.y)})` },
    label(caption, 0, SMALL_PX, { class: "faint", "font-size": SMALL_PX + 1 }),
    group(
      { transform: `translate(0 ${CAPTION_HEIGHT})` },
      ...edges.map(({ line }) => line),
      ...graph.parts.map((part, place) => drawPart(part, layout.boxes[place])),
      // Above all lines: a word that a line goes through cannot be read.
      ...edges.map(({ words }) => words),
    ),
  );
}

function drawPart(part: GraphPart, box: Box | undefined): Svg {
  if (box === undefined) return "";
  const { x, y } = box;
  const middle = { "text-anchor": "middle" };
  const name = label(part.name, x, y + (part.note === "" ? 5 : -2), { ...middle, "font-size": NAME_PX });
  const note =
    part.note === "" ? "" : label(part.note, x, y + 15, { ...middle, class: "faint", "font-size": SMALL_PX });
  return group({}, drawShape(part.kind, box), name, note);
}

/** A pill where items begin, a box where they are handled, an arrow where they leave. */
function drawShape(kind: GraphPart["kind"], { x, y, width, height }: Box): Svg {
  const [left, top] = [x - width / 2, y - height / 2];
  if (kind !== "output")
    return rect(left, top, width, height, kind === "source" ? height / 2 : 6, { class: kind });
  const [right, bottom] = [left + width, top + height];
  const tip = 11;
  const points = [
    [left, top],
    [right - tip, top],
    [right, y],
    [right - tip, bottom],
    [left, bottom],
  ];
  const d = points.map(([px = 0, py = 0], index) => `${index === 0 ? "M" : "L"}${round(px)} ${round(py)}`);
  return path(`${d.join("")}Z`, { class: kind, "stroke-linejoin": "round" });
}

/** What the shapes and lines mean, of those that are there. */
function drawLegend(pipelines: readonly PipelineGraph[]): { readonly svg: Svg; readonly width: number } {
  const kinds = new Set(pipelines.flatMap(({ parts }) => parts.map(({ kind }) => kind)));
  const edges = pipelines.flatMap(({ edges }) => edges);
  const entries: readonly (readonly [boolean, string, Svg])[] = [
    ...(["source", "processor", "output"] as const).map(
      (kind) => [kinds.has(kind), kind, drawShape(kind, { x: 12, y: 0, width: 24, height: 14 })] as const,
    ),
    [edges.some(({ drops }) => drops), "may drop items", path("M0 0H24", { class: "edge drops" })],
    [edges.some(({ isDurable }) => isDurable), "durable", path("M0 0H24", { class: "edge durable" })],
  ];
  let x = 0;
  const drawn = entries
    .filter(([isThere]) => isThere)
    .map(([, words, sign]) => {
      const text = label(words, 32, 4, { class: "faint", "font-size": SMALL_PX });
      const entry = group({ transform: `translate(${round(x)} 0)` }, sign, text);
      x += 32 + textWidth(words, SMALL_PX) + 18;
      return entry;
    });
  return { svg: drawn.join(""), width: x };
}
