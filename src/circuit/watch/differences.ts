import { isDeepStrictEqual } from "node:util";
import type { CircuitDefinition, NodeDefinition } from "../../config/define.js";
import type { Sketch } from "../../sketch/sketch.js";

/** What of a circuit is to be swapped, and what only a restart brings. */
export interface Differences {
  /** Nodes whose sketch is another. */
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Settings, as a configuration has them, such as `boards` or `nodes.lamp.listen`. */
  readonly unswappable: readonly string[];
}

/** A node as it is, and as it is to be. */
export interface NodeChange {
  readonly name: string;
  readonly from: NodeDefinition;
  readonly to: NodeDefinition;
}

/** @param isSame Whether a node's sketch is still the same, where its source is another function than before. */
export function differencesOf(
  before: CircuitDefinition,
  after: CircuitDefinition,
  isSame: (change: NodeChange) => boolean,
): Differences {
  const { nodes: from = {}, ...settingsBefore } = before;
  const { nodes: to = {}, ...settingsAfter } = after;
  const kept = Object.entries(to).flatMap(([name, node]) => {
    const known = from[name];
    return known === undefined ? [] : [{ name, from: known, to: node }];
  });
  return {
    changed: kept.filter((change) => !isSameSketch(change, isSame)).map(({ name }) => name),
    added: Object.keys(to).filter((name) => from[name] === undefined),
    removed: Object.keys(from).filter((name) => to[name] === undefined),
    unswappable: [
      ...otherKeys(settingsBefore, settingsAfter),
      ...kept.flatMap((change) =>
        otherKeys(placeOf(change.from), placeOf(change.to)).map((key) => `nodes.${change.name}.${key}`),
      ),
    ],
  };
}

function isSameSketch(change: NodeChange, isSame: (change: NodeChange) => boolean): boolean {
  const { from, to } = change;
  if (typeof from.sketch === "string" || typeof to.sketch === "string")
    return from.sketch === to.sketch && isDeepStrictEqual(optionsOf(from), optionsOf(to));
  return from.sketch === to.sketch || isSame(change);
}

/** Whether two functions make the same: as far as their texts and what they make tell. */
export function makesTheSame(
  { from, to }: NodeChange,
  made: { readonly from: Sketch; readonly to: Sketch },
  mayDiffer: (text: string) => boolean,
): boolean {
  const text = String(to.sketch);
  return made.from.constructor === made.to.constructor && String(from.sketch) === text && !mayDiffer(text);
}

function optionsOf(node: NodeDefinition): object {
  return ("options" in node && node.options) || {};
}

/** Where a node is, and how it is served. */
function placeOf({ board, listen, concurrency, confirm }: NodeDefinition): object {
  return { board, listen, concurrency, confirm };
}

function otherKeys(before: object, after: object): string[] {
  const [from, to] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const keys = new Set([...from.keys(), ...to.keys()]);
  return [...keys].filter((key) => textOf(from.get(key)) !== textOf(to.get(key)));
}

/** Functions are made anew with their file: their text is what they are known by. */
function textOf(value: unknown): string | undefined {
  const seen = new Set<unknown>();
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "function") return String(part);
    if (typeof part !== "object" || part === null) return part;
    if (seen.has(part)) return undefined;
    seen.add(part);
    return part;
  });
}
