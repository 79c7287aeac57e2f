import type { Net } from "../netlist.js";
import type { Element } from "./elements.js";

/** What is led through: LEDs in either direction, or only against (`led-up`) or with (`led-down`) their current. */
export type Way = Element["kind"] | "led-up" | "led-down";

/** Follows nets through what leads currents. */
export class Walk {
  readonly #ways = new Map<Net, Element[]>();
  readonly #followed: ReadonlySet<string>;

  constructor(elements: readonly Element[]) {
    this.#followed = new Set(elements.map(({ part }) => part));
    for (const element of elements)
      for (const net of [element.from, element.to]) {
        const ways = this.#ways.get(net);
        if (ways === undefined) this.#ways.set(net, [element]);
        else ways.push(element);
      }
  }

  /**
   * Nets of the board's that a net leads to, itself included, through what these ways are. None is passed: what lies
   * behind it is another circuit.
   *
   * @param reach All of them, or those through as few elements as lead to any.
   * @param but A part that is not led through.
   */
  sources(start: Net, ways: readonly Way[], reach: "all" | "nearest" = "all", but?: string): readonly Net[] {
    return this.#visit(start, ways, reach, but).filter(isSource);
  }

  /**
   * Whether something else than the board may feed a net, through what these ways are: a part that no current is
   * followed through, or a pin such as RESET.
   *
   * @param but A part that is neither led through nor feeds.
   */
  isUnknown(start: Net, ways: readonly Way[], but?: string): boolean {
    return this.#visit(start, ways, "all", but).some(
      ({ ends, others }) =>
        others.length > 0 || ends.some(({ part }) => part !== but && !this.#followed.has(part)),
    );
  }

  /** What is between this net and others. */
  at(net: Net): readonly Element[] {
    return this.#ways.get(net) ?? [];
  }

  #visit(
    start: Net,
    ways: readonly Way[],
    reach: "all" | "nearest",
    but: string | undefined,
  ): readonly Net[] {
    const seen = new Set<Net>([start]);
    let level: readonly Net[] = [start];
    while (level.length > 0) {
      if (reach === "nearest" && level.some(isSource)) return level;
      const next = new Set<Net>();
      for (const net of level.filter((each) => !isSource(each)))
        for (const element of this.#ways.get(net) ?? []) {
          const other = element.from === net ? element.to : element.from;
          if (element.part !== but && !seen.has(other) && isOpen(element, net, ways)) next.add(other);
        }
      for (const net of next) seen.add(net);
      level = [...next];
    }
    return [...seen];
  }
}

function isOpen({ kind, from }: Element, net: Net, ways: readonly Way[]): boolean {
  return ways.includes(kind) || (kind === "led" && ways.includes(from === net ? "led-down" : "led-up"));
}

/** Whether the board holds a net at a voltage, or may. */
export function isSource({ pins, supplies }: Net): boolean {
  return pins.length > 0 || supplies.length > 0;
}
