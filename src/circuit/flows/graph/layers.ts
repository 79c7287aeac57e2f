import type { PipelineGraph } from "./graph.js";

/** A place in a layer: a part's, or one that an edge passes which is longer than a layer. */
export interface Slot {
  /** Place of the part; `undefined` where an edge passes. */
  readonly part: number | undefined;
  readonly layer: number;
}

/** An edge as it goes from slot to slot, a layer at a time. Back in a cycle, it has its two ends only. */
export interface Way {
  readonly edge: number;
  readonly slots: readonly number[];
  readonly isBack: boolean;
}

export interface Layers {
  readonly slots: readonly Slot[];
  /** Slots of each layer, from top to bottom. */
  readonly layers: readonly (readonly number[])[];
  readonly ways: readonly Way[];
}

/** How often layers are put in a new order: more changes nothing on flows that a person draws. */
const SWEEPS = 12;

/** Puts parts into layers, sources to the left and outputs to the right, so that few edges cross. */
export function layersOf({ parts, edges }: PipelineGraph): Layers {
  const back = findBackEdges(parts.length, edges);
  const forward = edges.filter((_, index) => !back.has(index));
  const layerOf = longestWays(parts.length, forward);
  const last = Math.max(0, ...layerOf);
  const slots: Slot[] = parts.map(({ kind }, part) => ({
    part,
    layer: kind === "output" ? last : (layerOf[part] ?? 0),
  }));
  const ways = edges.map(({ from, to }, edge): Way => {
    if (back.has(edge)) return { edge, slots: [from, to], isBack: true };
    const passed: number[] = [];
    for (let layer = (slots[from]?.layer ?? 0) + 1; layer < (slots[to]?.layer ?? 0); layer++) {
      passed.push(slots.length);
      slots.push({ part: undefined, layer });
    }
    return { edge, slots: [from, ...passed, to], isBack: false };
  });
  // What goes back does so below everything: from the lower end of a layer it crosses least.
  const goesBack = new Set(ways.flatMap(({ slots: [from = 0], isBack }) => (isBack ? [from] : [])));
  const layers = Array.from({ length: last + 1 }, (_, layer) =>
    [...slots.keys()]
      .filter((slot) => slots[slot]?.layer === layer)
      .sort((a, b) => Number(goesBack.has(a)) - Number(goesBack.has(b))),
  );
  return { slots, ways, layers: uncrossed(layers, neighboursOf(slots.length, ways)) };
}

/** Edges that close a cycle. */
function findBackEdges(count: number, edges: PipelineGraph["edges"]): Set<number> {
  const back = new Set<number>();
  const state: ("new" | "open" | "done")[] = new Array(count).fill("new");
  const walk = (part: number): void => {
    state[part] = "open";
    for (const [index, { from, to }] of edges.entries()) {
      if (from !== part) continue;
      if (state[to] === "open") back.add(index);
      else if (state[to] === "new") walk(to);
    }
    state[part] = "done";
  };
  for (let part = 0; part < count; part++) if (state[part] === "new") walk(part);
  return back;
}

/** How many edges the longest way to each part has. */
function longestWays(count: number, edges: PipelineGraph["edges"]): number[] {
  const longest: number[] = new Array(count).fill(0);
  // As many rounds as the longest way can have edges.
  for (let round = 0; round < count; round++) {
    for (const { from, to } of edges) longest[to] = Math.max(longest[to] ?? 0, (longest[from] ?? 0) + 1);
  }
  return longest;
}

export interface Neighbours {
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
}

/** The slots to the left and to the right of each that it is joined with. */
export function neighboursOf(count: number, ways: readonly Way[]): Neighbours {
  const before: number[][] = Array.from({ length: count }, () => []);
  const after: number[][] = Array.from({ length: count }, () => []);
  for (const { slots, isBack } of ways) {
    if (isBack) continue;
    for (let index = 1; index < slots.length; index++) {
      const [left = 0, right = 0] = [slots[index - 1], slots[index]];
      before[right]?.push(left);
      after[left]?.push(right);
    }
  }
  return { before, after };
}

/** Each layer in the order in which the fewest edges were seen to cross: by the middle of what each slot is joined with. */
function uncrossed(layers: readonly (readonly number[])[], { before, after }: Neighbours): number[][] {
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(best, after);
  const now = best.map((layer) => [...layer]);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const isRightwards = sweep % 2 === 0;
    const order = isRightwards ? now : [...now].reverse();
    for (let index = 1; index < order.length; index++) {
      const fixed = new Map((order[index - 1] ?? []).map((slot, place) => [slot, place]));
      sortByMiddle(order[index] ?? [], isRightwards ? before : after, fixed);
    }
    const crossed = crossings(now, after);
    if (crossed >= fewest) continue;
    fewest = crossed;
    best = now.map((layer) => [...layer]);
  }
  return best;
}

function sortByMiddle(
  layer: number[],
  neighbours: Neighbours["before"],
  fixed: ReadonlyMap<number, number>,
): void {
  const middles = new Map(
    layer.map((slot, place) => {
      const places = (neighbours[slot] ?? []).map((other) => fixed.get(other) ?? 0);
      // What is joined with nothing there stays where it is.
      return [slot, places.length === 0 ? place : places.reduce((sum, at) => sum + at, 0) / places.length];
    }),
  );
  layer.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
}

function crossings(layers: readonly (readonly number[])[], after: Neighbours["after"]): number {
  let count = 0;
  for (const [index, layer] of layers.entries()) {
    const places = new Map((layers[index + 1] ?? []).map((slot, place) => [slot, place]));
    const ends = layer.map((slot) => (after[slot] ?? []).map((next) => places.get(next) ?? 0));
    for (const [upper, uppers] of ends.entries()) {
      for (const lowers of ends.slice(upper + 1)) {
        for (const above of uppers) count += lowers.filter((below) => below < above).length;
      }
    }
  }
  return count;
}
