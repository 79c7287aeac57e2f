import { findPartType, RESISTOR, UNO } from "./parts.js";
import type { Part, PinReference, Wiring } from "./wiring.js";

/** What a pin reaches: pins of the Uno, and the resistors on the way there. */
export interface Reach {
  /** In the order of the board's headers, as Wokwi names them: "13", "GND.1". Empty where it reaches none. */
  readonly unoPins: readonly string[];
  /** Ids of the resistors between. */
  readonly through: readonly string[];
}

/** Everything that metal joins is one net. Resistors join nothing here: they are bridges between nets. */
export class Nets {
  readonly #parent = new Map<string, string>();
  readonly #unoPins = new Map<string, string[]>();
  readonly #bridges = new Map<string, { readonly resistor: string; readonly to: string }[]>();

  constructor(wiring: Wiring) {
    for (const part of wiring.parts) this.#joinInside(part);
    for (const { from, to } of wiring.wires) this.#join(keyOf(from), keyOf(to));
    for (const part of wiring.parts) {
      if (part.type === UNO) this.#collectUnoPins(part);
      if (part.type === RESISTOR) this.#bridge(part);
    }
  }

  /**
   * The nearest pins of the Uno from here: those on the same net, or else those behind one resistor, or
   * two, and so on.
   */
  reach(start: PinReference): Reach {
    const seen = new Set<string>();
    // The nets behind as many resistors as rounds, each with those resistors.
    let level = new Map<string, ReadonlySet<string>>([[this.#netOf(keyOf(start)), new Set()]]);
    while (level.size > 0) {
      const found = [...level].filter(([net]) => this.#unoPins.has(net));
      if (found.length > 0) {
        return {
          unoPins: found.flatMap(([net]) => this.#unoPins.get(net) ?? []),
          through: [...new Set(found.flatMap(([, through]) => [...through]))],
        };
      }
      for (const net of level.keys()) seen.add(net);
      const next = new Map<string, ReadonlySet<string>>();
      for (const [net, through] of level) {
        for (const { resistor, to } of this.#bridges.get(net) ?? [])
          if (!seen.has(to)) next.set(to, new Set([...(next.get(to) ?? []), ...through, resistor]));
      }
      level = next;
    }
    return { unoPins: [], through: [] };
  }

  /** A name of the net that a pin is on: two pins of one net have the same. */
  nameOf(pin: PinReference): string {
    return this.#netOf(keyOf(pin));
  }

  #netOf(key: string): string {
    let root = key;
    for (let next = this.#parent.get(root); next !== undefined; next = this.#parent.get(root)) root = next;
    // Later look-ups from here take one step.
    if (root !== key) this.#parent.set(key, root);
    return root;
  }

  #join(one: string, other: string): void {
    const [from, to] = [this.#netOf(one), this.#netOf(other)];
    if (from !== to) this.#parent.set(from, to);
  }

  #joinInside({ id, type }: Part): void {
    for (const [first, ...rest] of findPartType(type)?.joined ?? [])
      for (const pin of rest) this.#join(keyOf({ part: id, pin: first ?? pin }), keyOf({ part: id, pin }));
  }

  #collectUnoPins({ id, type }: Part): void {
    for (const pin of findPartType(type)?.pins.keys() ?? [])
      append(this.#unoPins, this.#netOf(keyOf({ part: id, pin })), pin);
  }

  #bridge({ id }: Part): void {
    const [one, other] = [
      this.#netOf(keyOf({ part: id, pin: "1" })),
      this.#netOf(keyOf({ part: id, pin: "2" })),
    ];
    append(this.#bridges, one, { resistor: id, to: other });
    append(this.#bridges, other, { resistor: id, to: one });
  }
}

/** Ids hold no colon, so two pins never share a key. */
function keyOf({ part, pin }: PinReference): string {
  return `${part}:${pin}`;
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
