import type { Net } from "../netlist.js";
import { flagOf } from "./flags.js";
import type { Node, Tree } from "./tree.js";

/** Nets whose name is written at some terminal, and so is to be found where they are drawn. */
export function metNets({ netlist, roots }: Tree): ReadonlySet<Net> {
  const met = new Set<Net>();
  const visit = (node: Node, isEntered: boolean) => {
    const { part, shape, entry, claims, children } = node;
    const flagged = [...shape.left.keys(), ...shape.right.keys(), shape.top, shape.bottom].filter(
      (pin) =>
        pin !== undefined && !claims.has(pin) && !(pin === entry && isEntered) && !children.get(pin)?.length,
    );
    for (const pin of flagged) {
      const net = netlist.netOf({ part: part.id, pin: pin ?? "" });
      if (flagOf(net, part.id).kind === "name") met.add(net);
    }
    for (const child of [...children.values()].flat()) visit(child, true);
  };
  for (const { pin, children } of roots) for (const child of children) visit(child, pin !== undefined);
  return met;
}
