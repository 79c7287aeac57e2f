import { pinName } from "../check/subject.js";
import { drawBoard, PIN_TIP } from "./board.js";
import { drawFlag, flagOf } from "./flags.js";
import { type Measured, measure } from "./measure.js";
import { metNets } from "./met.js";
import { LEAD } from "./shape.js";
import type { Sheet } from "./sheet.js";
import { drawSymbol, poleOf } from "./symbols.js";
import type { Root, Tree } from "./tree.js";

/** Between two rows of the board, and between two columns, in pixels. */
const ROW_GAP = 14;
const COLUMN_GAP = 14;
/** From a pin's end to where its wire goes down. */
const PIN_LANE = 12;
/** The least room of a pin with nothing but a flag. */
const PIN_ROOM = 14;

interface Row {
  readonly root: Root;
  readonly members: readonly { readonly measured: Measured; readonly y: number }[];
  /** The pin's own height. */
  readonly y: number;
}

/** A column of parts: where their left terminals end, and the widest of them. */
interface Column {
  readonly x: number;
  readonly right: number;
}

/** Gives everything of a wiring its place on a sheet, and draws it there. */
export function placeTree(tree: Tree, sheet: Sheet): void {
  const rows = stackRows(tree);
  const columns = columnsOf(rows.flatMap(({ members }) => members.map(({ measured }) => measured)));
  const pins = rows.flatMap(({ root, y, members }) => [
    ...(root.pin === undefined ? [] : [{ name: pinName(root.pin), y }]),
    ...members.flatMap(({ measured: { node }, y: at }) =>
      [...node.claims].map(([terminal, pin]) => ({
        name: pinName(pin),
        y: at + (node.shape.left.get(terminal) ?? 0),
      })),
    ),
  ]);
  drawBoard(sheet, tree.netlist, pins);
  for (const row of rows) drawRow(sheet, tree, row, columns);
}

function stackRows(tree: Tree): readonly Row[] {
  const met = metNets(tree);
  let free = 0;
  return tree.roots.map((root) => {
    if (root.children.length === 0) {
      const y = free + ROW_GAP + PIN_ROOM;
      free = y + PIN_ROOM;
      return { root, members: [], y };
    }
    const members = root.children.map((child) => {
      const measured = measure(child, tree.netlist, met);
      const y = free + ROW_GAP + measured.up;
      free = y + measured.down;
      return { measured, y };
    });
    return { root, members, y: members[0]?.y ?? 0 };
  });
}

function columnsOf(first: readonly Measured[]): readonly Column[] {
  const columns: Column[] = [];
  let x = PIN_TIP + PIN_LANE + LEAD;
  for (let level = first; level.length > 0; level = behind(level)) {
    const before = Math.max(...level.map((each) => each.before));
    x += COLUMN_GAP + (columns.length === 0 ? Math.max(before, LEAD) : before);
    const right = x + Math.max(...level.map(({ node }) => node.shape.width));
    columns.push({ x, right });
    x = right + Math.max(...level.map(({ after }) => after));
  }
  return columns;
}

function behind(level: readonly Measured[]): readonly Measured[] {
  return level.flatMap(({ groups }) =>
    groups.flatMap(({ members }) => members.map(({ measured }) => measured)),
  );
}

function drawRow(
  sheet: Sheet,
  { netlist }: Tree,
  { root, members, y }: Row,
  columns: readonly Column[],
): void {
  const [first] = columns;
  const net = netlist.nets.find(({ pins }) => root.pin !== undefined && pins.includes(root.pin));
  if (net !== undefined && members.length === 0)
    drawFlag(sheet, { x: PIN_TIP, y }, "right", flagOf(net, ""), false);
  if (first === undefined) return;
  for (const { measured, y: at } of members) {
    const { node } = measured;
    if (root.pin === undefined)
      drawFlag(
        sheet,
        { x: first.x, y: at },
        "left",
        flagOf(netlist.netOf({ part: node.part.id, pin: node.entry }), node.part.id),
        node.shape.left.size === 1,
      );
    for (const terminal of node.claims.keys()) {
      const pinY = at + (node.shape.left.get(terminal) ?? 0);
      sheet.wire({ x: PIN_TIP, y: pinY }, { x: first.x, y: pinY });
    }
    drawMeasured(sheet, measured, at, columns, 0);
  }
  if (root.pin !== undefined)
    drawFan(
      sheet,
      { x: PIN_TIP, y },
      PIN_TIP + PIN_LANE,
      first.x,
      members.map((member) => member.y),
    );
}

/** A wire that goes down along a lane, and from it to each of the parts on its net. */
function drawFan(
  sheet: Sheet,
  from: { readonly x: number; readonly y: number },
  lane: number,
  to: number,
  ys: readonly number[],
): void {
  for (const [index, y] of ys.entries()) {
    const above = ys[index - 1] ?? from.y;
    if (index === 0) {
      if (y === from.y) sheet.wire(from, { x: to, y });
      else sheet.wire(from, { x: lane, y: from.y }, { x: lane, y }, { x: to, y });
    } else sheet.wire({ x: lane, y: above }, { x: lane, y }, { x: to, y });
    if (index < ys.length - 1) sheet.dot({ x: lane, y });
  }
}

function drawMeasured(
  sheet: Sheet,
  { node, flags, tags, groups }: Measured,
  y: number,
  columns: readonly Column[],
  column: number,
): void {
  const { shape, entry } = node;
  const { x, right } = columns[column] ?? { x: 0, right: 0 };
  const end = x + shape.width;
  drawSymbol(sheet, node, x, y);
  const isAlone = shape.right.size === 1;
  for (const [terminal, flag] of flags) {
    const [left, rightOffset] = [shape.left.get(terminal), shape.right.get(terminal)];
    if (terminal === shape.top) {
      const pole = { x: x + poleOf(shape), y: y - shape.up };
      drawFlag(sheet, pole, "up", flag);
    } else if (terminal === shape.bottom) {
      drawFlag(sheet, { x: x + poleOf(shape), y: y + shape.down }, "down", flag);
    } else if (left !== undefined && terminal !== entry) {
      drawFlag(sheet, { x, y: y + left }, "left", flag, false);
    } else drawFlag(sheet, { x: end, y: y + (rightOffset ?? 0) }, "right", flag, isAlone);
  }
  for (const { terminal, lane, members } of groups) {
    const at = y + (shape.right.get(terminal) ?? 0);
    sheet.text(tags.get(terminal) ?? "", end + 4, at - 5, 10);
    const next = columns[column + 1]?.x ?? end;
    drawFan(
      sheet,
      { x: end, y: at },
      right + lane,
      next,
      members.map((member) => y + member.y),
    );
    for (const member of members) drawMeasured(sheet, member.measured, y + member.y, columns, column + 1);
  }
}
