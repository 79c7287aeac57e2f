import { isSource } from "../check/walk.js";
import { isWired, type Net, Netlist, terminalsOf } from "../netlist.js";
import { UNO } from "../parts.js";
import type { Part, Wiring } from "../wiring.js";
import { type Shape, shapeOf } from "./shape.js";

/** A part on the sheet, and what follows on its right. */
export interface Node {
  readonly part: Part;
  readonly shape: Shape;
  /** The terminal on its left that leads to what comes before. */
  readonly entry: string;
  /** Parts that a wire leads to, by the terminal on its right. */
  readonly children: Map<string, Node[]>;
  /** Pins of the board that straight wires lead from, by the other terminals on its left. */
  readonly claims: Map<string, number>;
}

/** A row of the sheet that begins at a pin of the board, or at nothing. */
export interface Root {
  readonly pin: number | undefined;
  readonly children: Node[];
}

export interface Tree {
  readonly netlist: Netlist;
  readonly roots: readonly Root[];
}

/**
 * Orders a wiring so that no wire crosses another: from each pin a tree of parts. Each net is drawn from where it is met
 * first; what else is on it bears its name.
 */
export function treeOf(wiring: Wiring): Tree {
  const netlist = new Netlist(wiring);
  const planter = new Planter(wiring, netlist);
  const pins = netlist.nets.flatMap((net) => (net.ends.length + net.pins.length > 1 ? net.pins : []));
  const roots = planter.fromPins(pins.sort((a, b) => a - b));
  return { netlist, roots: [...roots, ...planter.fromRest()] };
}

class Planter {
  readonly #wiring: Wiring;
  readonly #netlist: Netlist;
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #placed = new Set<string>();
  readonly #drawn = new Set<Net>();
  readonly #claimed = new Set<number>();
  /** Nets that are to be followed, and where what they lead to goes. */
  #waiting: { readonly net: Net; readonly into: Node[] }[] = [];

  constructor(wiring: Wiring, netlist: Netlist) {
    this.#wiring = wiring;
    this.#netlist = netlist;
    this.#parts = new Map(wiring.parts.filter(({ type }) => type !== UNO).map((part) => [part.id, part]));
  }

  fromPins(pins: readonly number[]): readonly Root[] {
    const roots: Root[] = [];
    for (const pin of pins) {
      const root: Root = { pin, children: [] };
      roots.push(root);
      const net = this.#netlist.nets.find((each) => each.pins.includes(pin));
      if (net) this.#follow(net, root.children);
    }
    this.#grow();
    return roots.filter(({ pin, children }) => children.length > 0 || !this.#claimed.has(pin ?? -1));
  }

  fromRest(): readonly Root[] {
    const roots: Root[] = [];
    const parts = [...this.#parts.values()];
    for (const part of [...parts.filter((each) => this.#isFed(each)), ...parts]) {
      if (this.#placed.has(part.id)) continue;
      const root: Root = { pin: undefined, children: [] };
      roots.push(root);
      this.#place(part, this.#entryOf(part), root.children);
      this.#grow();
    }
    return roots;
  }

  /** Whether it begins at a supply: what it feeds follows it. */
  #isFed(part: Part): boolean {
    const nets = terminalsOf(this.#wiring, part).map((pin) => this.#netlist.netOf({ part: part.id, pin }));
    return nets.some(({ supplies }) => supplies.some((supply) => supply !== "GND"));
  }

  /** Where a part that no pin leads to is entered: from what feeds it, if it is fed. */
  #entryOf(part: Part): string {
    const terminals = terminalsOf(this.#wiring, part);
    const nets = terminals.map((pin) => this.#netlist.netOf({ part: part.id, pin }));
    const at = nets.findIndex(({ supplies }) => supplies.length > 0 && !supplies.includes("GND"));
    const wired = nets.findIndex((net) => isWired(net, part.id));
    return terminals[at >= 0 ? at : Math.max(wired, 0)] ?? "";
  }

  #follow(net: Net, into: Node[]): void {
    if (net.supplies.length > 0 || this.#drawn.has(net)) return;
    this.#drawn.add(net);
    this.#waiting.push({ net, into });
  }

  /** Breadth first: what hangs on a pin itself stands beside that pin. */
  #grow(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      for (const { part: id, pin } of next.net.ends) {
        const part = this.#parts.get(id);
        if (part === undefined || this.#placed.has(id)) continue;
        const entry = this.#firstOf(part, pin, next.net);
        const node = this.#place(part, entry, next.into);
        if (isSource(next.net) && next.net.ends.length === 1) this.#claim(node);
      }
    }
  }

  /** Of pins that are one piece of metal, the one that the symbol shows. */
  #firstOf(part: Part, pin: string, net: Net): string {
    const terminals = terminalsOf(this.#wiring, part);
    if (terminals.includes(pin)) return pin;
    return terminals.find((each) => this.#netlist.netOf({ part: part.id, pin: each }) === net) ?? pin;
  }

  #place(part: Part, entry: string, into: Node[]): Node {
    this.#placed.add(part.id);
    const shape = shapeOf(this.#wiring, part, entry);
    const node: Node = { part, shape, entry, children: new Map(), claims: new Map() };
    into.push(node);
    for (const terminal of shape.right.keys()) {
      const children: Node[] = [];
      node.children.set(terminal, children);
      const net = this.#netlist.netOf({ part: part.id, pin: terminal });
      if (!isSource(net)) this.#follow(net, children);
    }
    return node;
  }

  /** Draws straight wires from pins that lead to nothing but this part. */
  #claim({ part, shape, entry, claims }: Node): void {
    for (const terminal of shape.left.keys()) {
      const net = this.#netlist.netOf({ part: part.id, pin: terminal });
      const [pin] = net.pins;
      if (terminal === entry || pin === undefined || net.supplies.length > 0) continue;
      if (net.ends.length > 1 || net.pins.length > 1 || this.#claimed.has(pin)) continue;
      this.#claimed.add(pin);
      claims.set(terminal, pin);
    }
  }
}
