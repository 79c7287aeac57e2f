import { textWidth } from "../../../wiring/draw/svg.js";
import type { PipelineGraph } from "./graph.js";
import { type Layers, layersOf, type Neighbours, neighboursOf } from "./layers.js";

/** Heights of the letters, in pixels. */
export const NAME_PX = 14;
export const SMALL_PX = 11;

/** Room of a part around its name, and the least that one has, in pixels. */
const PART_PAD = 18;
const LEAST_WIDTH = 84;
const PART_HEIGHT = 40;
const NOTED_HEIGHT = 54;
/** Room of an edge that passes a layer. */
const PASSING_HEIGHT = 16;
/** Between two in a layer, and between two layers, in pixels. */
const ROW_GAP = 26;
const LAYER_GAP = 56;
/** Around a label on an edge, in pixels, and of the gap that it stands in, the share that it may take. */
const LABEL_PAD = 28;
const LABEL_SHARE = 0.8;

/** Rounds in which slots are drawn to what they are joined with. */
const ROUNDS = 16;

/** Where a part stands: its middle and its size, in pixels from the pipeline's top left. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** A box of each part, in the graph's order; then one of each place that an edge passes. */
  readonly boxes: readonly Box[];
  readonly layers: Layers;
  readonly width: number;
  readonly height: number;
}

/** Gives each part its place, in pixels. */
export function layOut(graph: PipelineGraph): Layout {
  const layers = layersOf(graph);
  const sizes = layers.slots.map(({ part }) => sizeOf(part === undefined ? undefined : graph.parts[part]));
  const columns = columnsOf(graph, layers, sizes);
  const middles = spread(layers, sizes);
  const top = Math.min(...middles.map((y, slot) => y - (sizes[slot]?.height ?? 0) / 2));
  const boxes = layers.slots.map(({ layer }, slot): Box => {
    const { width = 0, height = 0 } = sizes[slot] ?? {};
    return { x: columns.middles[layer] ?? 0, y: (middles[slot] ?? 0) - top, width, height };
  });
  const height = Math.max(...boxes.map((box) => box.y + box.height / 2));
  return { boxes, layers, width: columns.width, height };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function sizeOf(part: PipelineGraph["parts"][number] | undefined): Size {
  if (part === undefined) return { width: 0, height: PASSING_HEIGHT };
  const text = Math.max(textWidth(part.name, NAME_PX), textWidth(part.note, SMALL_PX));
  return {
    width: Math.max(LEAST_WIDTH, text + 2 * PART_PAD),
    height: part.note === "" ? PART_HEIGHT : NOTED_HEIGHT,
  };
}

/** Middles of the layers, with room between them for what stands on the edges. */
function columnsOf({ edges }: PipelineGraph, { slots, layers, ways }: Layers, sizes: readonly Size[]) {
  const gaps: number[] = layers.map(() => LAYER_GAP);
  for (const { edge, slots: passed, isBack } of ways) {
    const label = edges[edge]?.label ?? "";
    const layer = slots[passed[0] ?? 0]?.layer ?? 0;
    if (!isBack && label !== "")
      gaps[layer] = Math.max(gaps[layer] ?? 0, (textWidth(label, SMALL_PX) + LABEL_PAD) / LABEL_SHARE);
  }
  let left = 0;
  const middles: number[] = [];
  for (const [index, layer] of layers.entries()) {
    const width = Math.max(0, ...layer.map((slot) => sizes[slot]?.width ?? 0));
    middles.push(left + width / 2);
    left += width + (index < layers.length - 1 ? (gaps[index] ?? 0) : 0);
  }
  return { middles, width: left };
}

/** Middles of the slots from top to bottom: each near what it is joined with, none upon another. */
function spread({ slots, layers, ways }: Layers, sizes: readonly Size[]): number[] {
  const middles: number[] = new Array(slots.length).fill(0);
  const neighbours = neighboursOf(slots.length, ways);
  for (const layer of layers) {
    const tall = layer.reduce((sum, slot) => sum + (sizes[slot]?.height ?? 0) + ROW_GAP, -ROW_GAP);
    let top = -tall / 2;
    for (const slot of layer) {
      const { height = 0 } = sizes[slot] ?? {};
      middles[slot] = top + height / 2;
      top += height + ROW_GAP;
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    const isRightwards = round % 2 === 0;
    for (const layer of isRightwards ? layers : [...layers].reverse())
      settle(layer, { middles, sizes, neighbours, isRightwards });
  }
  return middles;
}

interface Settling {
  readonly middles: number[];
  readonly sizes: readonly Size[];
  readonly neighbours: Neighbours;
  readonly isRightwards: boolean;
}

/** Draws a layer's slots to the middles of those before it, or after it, and apart again. */
function settle(layer: readonly number[], { middles, sizes, neighbours, isRightwards }: Settling): void {
  const wanted = layer.map((slot) => {
    const others = (isRightwards ? neighbours.before : neighbours.after)[slot] ?? [];
    if (others.length === 0) return middles[slot] ?? 0;
    return others.reduce((sum, other) => sum + (middles[other] ?? 0), 0) / others.length;
  });
  const apart = (upper: number, lower: number) =>
    ((sizes[layer[upper] ?? 0]?.height ?? 0) + (sizes[layer[lower] ?? 0]?.height ?? 0)) / 2 + ROW_GAP;
  // Pushed down from above, and up from below: the mean of both is apart, too, and leans to neither side.
  const down: number[] = [];
  for (const [index, y] of wanted.entries())
    down.push(index === 0 ? y : Math.max(y, (down[index - 1] ?? 0) + apart(index - 1, index)));
  const up = [...wanted];
  for (let index = up.length - 2; index >= 0; index--)
    up[index] = Math.min(up[index] ?? 0, (up[index + 1] ?? 0) - apart(index, index + 1));
  for (const [index, slot] of layer.entries()) middles[slot] = ((down[index] ?? 0) + (up[index] ?? 0)) / 2;
}
