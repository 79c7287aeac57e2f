import { type PartType, unoPinName } from "../parts.js";
import { METAL, METAL_EDGE } from "./colors.js";
import { circle, element, group, label, path, rect, type Svg } from "./svg.js";

const BOARD = "#0b7683";
const BOARD_EDGE = "#07525c";
const SILK = "#f4fbfc";
const PLASTIC = "#23282d";
const PLASTIC_EDGE = "#0f1317";

/** Pins of an Uno that have hardware PWM, marked with a tilde on the board. */
const PWM_PINS: ReadonlySet<string> = new Set(["3", "5", "6", "9", "10", "11"]);

/**
 * An Arduino Uno R3 seen from above, in the pixels of its `PartType`. Proportions are the board's own:
 * 68.6 by 53.3 mm, the USB plug 4 mm over the edge.
 *
 * @param used Pins with a wire, which are lettered to stand out.
 */
export function drawUno({ pins }: PartType, used: ReadonlySet<string>): Svg {
  return group(
    {},
    path(
      "M19.1 0H258.6l6 6v43l9.7 9.7V182.4l-9.7 9.7v5.7a3.8 3.8 0 0 1-3.8 3.8H19.1a3.8 3.8 0 0 1-3.8-3.8V3.8A3.8 3.8 0 0 1 19.1 0Z",
      { fill: BOARD, stroke: BOARD_EDGE, "stroke-width": 1 },
    ),
    ...[
      [72.8, 9.6],
      [264.5, 66.5],
      [264.5, 172.4],
      [67.7, 191.6],
    ].map(([x = 0, y = 0]) => circle(x, y, 5, { fill: "#fff", stroke: BOARD_EDGE, "stroke-width": 1 })),
    drawSockets(),
    drawChips(),
    drawHeaders(),
    ...[...pins].map(([name, { x, y }]) => drawPin(name, x, y, used.has(name))),
    drawSilk(),
  );
}

function drawSockets(): Svg {
  return group(
    {},
    rect(0, 35.4, 56, 45, 1.5, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 0.8 }),
    rect(3, 39, 50, 37.8, 1, { fill: "none", stroke: "#d9dee2", "stroke-width": 1.2 }),
    label("USB", 28, 60.5, { "text-anchor": "middle", "font-size": 8, fill: "#4a525a" }),
    rect(5, 155, 54, 36, 3, { fill: PLASTIC, stroke: PLASTIC_EDGE, "stroke-width": 0.8 }),
    path("M16 155v36", { stroke: "#3c444b", "stroke-width": 1 }),
    // Reset button
    rect(22, 8, 23, 20, 1.5, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 0.8 }),
    circle(33.5, 18, 5.5, { fill: "#c0392b", stroke: "#7d2419", "stroke-width": 0.8 }),
  );
}

function drawChips(): Svg {
  const legs = Array.from({ length: 14 }, (_, index) => 127.4 + index * 9.6);
  return group(
    {},
    ...legs.flatMap((x) => [
      rect(x - 2.2, 109, 4.4, 4, 0.5, { fill: METAL }),
      rect(x - 2.2, 144, 4.4, 4, 0.5, { fill: METAL }),
    ]),
    rect(120, 112, 139, 33, 2, { fill: PLASTIC, stroke: PLASTIC_EDGE, "stroke-width": 0.8 }),
    path("M120 124a4.5 4.5 0 0 1 0 9", { fill: "#3c444b" }),
    label("ATmega328P", 189.5, 131.7, {
      "text-anchor": "middle",
      "font-size": 9,
      "letter-spacing": 1,
      fill: "#c9d0d6",
    }),
    // USB chip and crystal
    rect(70, 78, 22, 22, 1, { fill: PLASTIC, transform: "rotate(45 81 89)" }),
    rect(72, 122, 34, 13, 6.5, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 0.8 }),
    // Power regulator's capacitors
    ...[78, 98].map((x) => circle(x, 164, 9, { fill: "#d8dde2", stroke: METAL_EDGE, "stroke-width": 0.8 })),
    ...[78, 98].map((x) => path(`M${x - 8} 168a9 9 0 0 0 16 0Z`, { fill: "#3c444b" })),
    // In-circuit programming header
    ...[0, 1, 2].flatMap((row) =>
      [0, 1].map((column) =>
        rect(242 + column * 9.6, 78 + row * 9.6, 6, 6, 1, {
          fill: "#d9b44a",
          stroke: "#7a6320",
          "stroke-width": 0.6,
        }),
      ),
    ),
  );
}

function drawHeaders(): Svg {
  return group(
    { fill: PLASTIC, stroke: PLASTIC_EDGE, "stroke-width": 0.8 },
    rect(81.9, 3.6, 96.3, 10.8, 1, {}),
    rect(183.9, 3.6, 76.9, 10.8, 1, {}),
    rect(116.2, 186.1, 77.5, 10.8, 1, {}),
    // The header's first contact has no name and no use.
    rect(119.3, 189.3, 4.4, 4.4, 0.4, { fill: "#0a0d10", stroke: "#58626b", "stroke-width": 0.6 }),
    rect(202.9, 186.1, 57.9, 10.8, 1, {}),
  );
}

function drawPin(name: string, x: number, y: number, used: boolean): Svg {
  const above = y < 100;
  const text = `${PWM_PINS.has(name) ? "~" : ""}${nameOnBoard(name)}`;
  // Labels read upwards, from the header into the board above, and towards it below.
  const start = above ? y + 10 : y - 10;
  const marked = { fill: "#ffe27a", "font-weight": 700 };
  return (
    rect(x - 2.2, y - 2.2, 4.4, 4.4, 0.4, { fill: "#0a0d10", stroke: "#58626b", "stroke-width": 0.6 }) +
    element(
      "text",
      {
        transform: `translate(${x + 2.5} ${start}) rotate(-90)`,
        "text-anchor": above ? "end" : "start",
        "font-size": 7,
        fill: SILK,
        ...(used ? marked : {}),
      },
      text,
    )
  );
}

function nameOnBoard(name: string): string {
  if (name.startsWith("A4.")) return "SDA";
  if (name.startsWith("A5.")) return "SCL";
  return name === "VIN" ? "Vin" : unoPinName(name);
}

function drawSilk(): Svg {
  const small = { "font-size": 6.5, "letter-spacing": 0.6, fill: SILK };
  return group(
    {},
    path("M121 42H259", { stroke: SILK, "stroke-width": 0.6, opacity: 0.8 }),
    label("DIGITAL (PWM ~)", 190, 50.5, { ...small, "text-anchor": "middle" }),
    label("UNO", 172, 90, {
      "text-anchor": "middle",
      "font-size": 34,
      "font-weight": 700,
      "letter-spacing": 3,
      fill: SILK,
    }),
    label("Arduino Uno R3", 172, 101, { ...small, "text-anchor": "middle" }),
    ...(
      [
        ["L", 57],
        ["TX", 67],
        ["RX", 77],
      ] as const
    ).map(
      ([name, y]) =>
        label(name, 108, y + 2.4, { "font-size": 6, "text-anchor": "end", fill: SILK }) +
        rect(110, y - 2, 7, 4, 0.6, { fill: "#f3e9c6" }),
    ),
    label("ON", 241, 66.4, { "font-size": 6, "text-anchor": "end", fill: SILK }),
    rect(243, 62, 7, 4, 0.6, { fill: "#8de28d" }),
  );
}
