import { textWidth } from "../draw/svg.js";
import type { Net, Netlist } from "../netlist.js";
import { type Flag, flagOf, GROUND_DOWN, nameOfNet, roomOf, SUPPLY_UP } from "./flags.js";
import { PIN_PX } from "./shape.js";
import type { Node } from "./tree.js";

/** Between two rows, in pixels. */
const ROW_GAP = 12;
/** Between wires side by side, in pixels. */
const LANE = 10;

/** A part with room for all that follows it, measured from the wire that it is entered by. */
export interface Measured {
  readonly node: Node;
  readonly up: number;
  readonly down: number;
  /** What stands at terminals that no wire leads away from. */
  readonly flags: ReadonlyMap<string, Flag>;
  /** Names of nets that are drawn here and met elsewhere, by the terminal on the right. */
  readonly tags: ReadonlyMap<string, string>;
  readonly groups: readonly Group[];
  /** How far flags reach to its left, and flags and wires to its right, in pixels from its terminals. */
  readonly before: number;
  readonly after: number;
}

/** Parts behind a terminal on the right. */
export interface Group {
  readonly terminal: string;
  /** Where the wire goes down, from the column's right end. */
  readonly lane: number;
  readonly members: readonly Member[];
}

export interface Member {
  readonly measured: Measured;
  /** Below the entry of the part before it. */
  readonly y: number;
}

/** Measures a part and all behind it. @param met Nets whose name is written somewhere. */
export function measure(node: Node, netlist: Netlist, met: ReadonlySet<Net>): Measured {
  const { shape, part, entry, claims, children } = node;
  const netOf = (pin: string) => netlist.netOf({ part: part.id, pin });
  const others = [...shape.left.keys()].filter((pin) => pin !== entry && !claims.has(pin));
  const ends = [...shape.right.keys()].filter((pin) => !children.get(pin)?.length);
  const poles = [shape.top, shape.bottom].filter((pin) => pin !== undefined);
  const flags = new Map([...others, ...ends, ...poles].map((pin) => [pin, flagOf(netOf(pin), part.id)]));
  const tags = new Map(
    [...shape.right.keys()].flatMap((pin) => {
      const net = netOf(pin);
      return flags.has(pin) || !met.has(net) ? [] : [[pin, nameOfNet(net)] as const];
    }),
  );
  const lanes = lanesOf(node, flags, tags);
  const stacked = stack(node, flags, lanes.byTerminal, (child) => measure(child, netlist, met));
  return {
    ...{ node, flags, tags, groups: stacked.groups },
    up: Math.max(stacked.up, shape.up + (shape.top === undefined ? 0 : SUPPLY_UP)),
    down: Math.max(stacked.down, shape.down + (shape.bottom === undefined ? 0 : GROUND_DOWN)),
    before: Math.max(0, ...others.map((pin) => lengthOf(flags.get(pin)))),
    after: lanes.after,
  };
}

/** A flag's length to the side, in pixels. */
export function lengthOf(flag: Flag | undefined): number {
  if (flag === undefined) return 0;
  if (flag.kind === "open") return 6;
  if (flag.kind === "ground") return 28;
  return 18 + textWidth(flag.text, PIN_PX);
}

/** Wires of upper terminals go down to the right of what stands at lower ones, and so meet nothing. */
function lanesOf({ shape }: Node, flags: ReadonlyMap<string, Flag>, tags: ReadonlyMap<string, string>) {
  const byTerminal = new Map<string, number>();
  let after = LANE;
  for (const pin of [...shape.right.keys()].reverse()) {
    const flag = flags.get(pin);
    const tag = tags.get(pin);
    if (tag !== undefined) after = Math.max(after, textWidth(tag, PIN_PX) + 12);
    if (flag !== undefined) after = Math.max(after, lengthOf(flag) + LANE);
    else {
      byTerminal.set(pin, after);
      after += LANE;
    }
  }
  return { byTerminal, after };
}

function stack(
  { shape, children }: Node,
  flags: ReadonlyMap<string, Flag>,
  lanes: ReadonlyMap<string, number>,
  measured: (child: Node) => Measured,
) {
  let [up, down] = [shape.up, shape.down];
  let free = -Infinity;
  const groups: Group[] = [];
  for (const [terminal, offset] of shape.right) {
    const flag = flags.get(terminal);
    if (flag !== undefined) {
      const room = roomOf(flag, shape.right.size === 1);
      up = Math.max(up, room.up - offset);
      down = Math.max(down, offset + room.down);
      free = Math.max(free, offset + room.down);
      continue;
    }
    const members = (children.get(terminal) ?? []).map((child): Member => {
      const each = measured(child);
      const y = Math.max(offset, free + each.up + ROW_GAP);
      free = y + each.down;
      up = Math.max(up, each.up - y);
      down = Math.max(down, free);
      return { measured: each, y };
    });
    groups.push({ terminal, lane: lanes.get(terminal) ?? LANE, members });
  }
  return { up, down, groups };
}
