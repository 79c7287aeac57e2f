import { wiredPins } from "../../wiring/attachments.js";
import { boxAround, cornersOf, findPin, placeParts } from "../../wiring/draw/geometry.js";
import { routeWire, toPath } from "../../wiring/draw/routes.js";
import type { Wiring } from "../../wiring/wiring.js";
import type { Drawing } from "./seen.js";

const BEND_PX = 5;
const MARGIN_PX = 12;

/** A wiring as the page draws it: parts where they stand, and the ways of its wires. */
export function drawingOf(wiring: Wiring): Drawing {
  const placed = placeParts(wiring);
  const routes = wiring.wires.flatMap(({ from, to, route, color }, index) => {
    const [start, end] = [findPin(placed, from), findPin(placed, to)];
    if (start === undefined || end === undefined || color === "") return [];
    return [{ points: routeWire(start, end, route, placed, index), color }];
  });
  const { left, top, right, bottom } = boxAround([
    ...placed.flatMap(({ box }) => cornersOf(box)),
    ...routes.flatMap(({ points }) => points),
  ]);
  return {
    box: {
      left: left - MARGIN_PX,
      top: top - MARGIN_PX,
      width: right - left + 2 * MARGIN_PX,
      height: bottom - top + 2 * MARGIN_PX,
    },
    parts: placed.map(({ part: { id, type, rotate, attrs, left, top }, shape: { width, height } }) => ({
      ...{ id, type, left, top, width, height, rotate, attrs },
    })),
    wires: routes.map(({ points, color }) => ({ path: toPath(points, BEND_PX), color })),
    pins: Object.fromEntries([...wiredPins(wiring)].map(([pin, ids]) => [pin, ids.join(", ")])),
  };
}
