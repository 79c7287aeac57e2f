import { DEFAULT_OHMS } from "../describe.js";
import {
  BUTTON,
  BUZZER,
  LCD,
  LED,
  type PartType,
  POTENTIOMETER,
  RELAY,
  RESISTOR,
  SERVO,
  THERMISTOR,
  UNO,
} from "../parts.js";
import type { Part } from "../wiring.js";
import { drawUno } from "./board.js";
import { FAINT_INK, INK, METAL, METAL_EDGE, toColor } from "./colors.js";
import { circle, element, group, label, path, rect, type Svg } from "./svg.js";

const DARK = "#262b30";
const DARK_EDGE = "#0f1317";

/** What a drawing may depend on. */
interface Subject {
  readonly part: Part;
  readonly shape: PartType;
  /** Names of the part's pins that have a wire. */
  readonly wired: ReadonlySet<string>;
}

/** A part as seen from above, in the pixels of its own shape, before it is placed and rotated. */
export function drawFigure(subject: Subject): Svg {
  return (FIGURES.get(subject.part.type) ?? drawUnknown)(subject);
}

const FIGURES: ReadonlyMap<string, (subject: Subject) => Svg> = new Map([
  [UNO, ({ shape, wired }) => drawUno(shape, wired)],
  [LED, drawLed],
  [RESISTOR, drawResistor],
  [BUZZER, drawBuzzer],
  [BUTTON, drawButton],
  [POTENTIOMETER, drawPotentiometer],
  [SERVO, drawServo],
  [RELAY, drawRelay],
  [THERMISTOR, drawThermistor],
  [LCD, drawLcd],
]);

function drawLed({ part: { attrs } }: Subject): Svg {
  const color = toColor(attrs.color, "red");
  const body = "M9.5 27.5V15a10.5 10.5 0 0 1 21 0v12.5Z";
  return group(
    {},
    // The anode's leg has the bend: it is the longer one.
    path("M15 28v14M22 28v5l3 3.5V42", { fill: "none", stroke: METAL_EDGE, "stroke-width": 2 }),
    path(body, { fill: color, stroke: INK, "stroke-opacity": 0.45, "stroke-width": 1 }),
    path("M13.5 22v-6a7 7 0 0 1 5-6.7", {
      fill: "none",
      stroke: "#fff",
      "stroke-opacity": 0.75,
      "stroke-width": 2,
      "stroke-linecap": "round",
    }),
    rect(7.5, 26, 25, 5, 1.2, { fill: color, stroke: INK, "stroke-opacity": 0.45, "stroke-width": 1 }),
  );
}

/** IEC 60062: a resistor's bands, black to white. */
const BAND_COLORS = [
  "#1c1c1c",
  "#8a4b1d",
  "#d8281f",
  "#f08a1d",
  "#f3d21b",
  "#2f9e44",
  "#2559c9",
  "#8637b0",
  "#858c93",
  "#f8f8f6",
];
const GOLD = "#c99a2e";
const SILVER = "#aeb4ba";

function drawResistor({ part: { attrs } }: Subject): Svg {
  const bands = bandsOf(Number(attrs.value ?? DEFAULT_OHMS));
  return group(
    {},
    path("M0 5.65H58.8", { stroke: METAL_EDGE, "stroke-width": 2 }),
    path(
      "M16 0.4a4 4 0 0 0-4 5.25a4 4 0 0 0 4 5.25q2.5 0 4-1.2h19q1.5 1.2 4 1.2a4 4 0 0 0 4-5.25a4 4 0 0 0-4-5.25q-2.5 0-4 1.2h-19q-1.5-1.2-4-1.2Z",
      { fill: "#e2c9a1", stroke: "#98794a", "stroke-width": 0.8 },
    ),
    ...bands.map((fill, index) =>
      index === 0 || index === 3
        ? rect(index === 0 ? 14.6 : 41, 0.9, 3.2, 9.5, 0.4, { fill })
        : rect(17.5 + index * 6, 2, 3.2, 7.3, 0.2, { fill }),
    ),
  );
}

/** Two digits, the power of ten, and 5 %; none where the value is not a resistance. */
function bandsOf(ohms: number): readonly string[] {
  if (!(ohms >= 0.1 && ohms < 1e11)) return [];
  const exponent = Math.floor(Math.log10(ohms)) - 1;
  const digits = Math.round(ohms / 10 ** exponent);
  const multiplier = exponent === -1 ? GOLD : exponent === -2 ? SILVER : (BAND_COLORS[exponent] ?? SILVER);
  return [BAND_COLORS[Math.floor(digits / 10)] ?? GOLD, BAND_COLORS[digits % 10] ?? GOLD, multiplier, GOLD];
}

function drawBuzzer(): Svg {
  return group(
    {},
    path("M27 60v24", { stroke: INK, "stroke-width": 2 }),
    path("M37 60v24", { stroke: "#c0392b", "stroke-width": 2 }),
    circle(32, 32, 31, { fill: DARK, stroke: DARK_EDGE, "stroke-width": 1 }),
    circle(32, 32, 24.5, { fill: "none", stroke: "#4a525a", "stroke-width": 1 }),
    circle(32, 32, 17, { fill: "none", stroke: "#4a525a", "stroke-width": 1 }),
    circle(32, 32, 5, { fill: METAL, stroke: DARK_EDGE, "stroke-width": 1 }),
    path("M43 50h6M46 47v6", { stroke: "#fff", "stroke-width": 1.4 }),
  );
}

function drawButton({ part: { attrs } }: Subject): Svg {
  return group(
    {},
    path("M0 13H12M0 32H12M55 13H67M55 32H67", { stroke: METAL_EDGE, "stroke-width": 3 }),
    rect(11, 0.5, 45, 44, 2.5, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 1 }),
    ...[16, 51].flatMap((x) => [5.5, 39.5].map((y) => circle(x, y, 1.8, { fill: METAL_EDGE }))),
    circle(33.5, 22.5, 14.5, { fill: DARK, stroke: DARK_EDGE, "stroke-width": 1 }),
    circle(33.5, 22.5, 11, { fill: toColor(attrs.color, "red"), stroke: DARK_EDGE, "stroke-width": 0.8 }),
  );
}

function drawPotentiometer({ shape }: Subject): Svg {
  return group(
    {},
    rect(0.5, 0.5, 74.6, 74.6, 4, { fill: "#1d5b86", stroke: "#0d3552", "stroke-width": 1 }),
    circle(37.8, 30, 26, { fill: "#e3e7ea", stroke: METAL_EDGE, "stroke-width": 1 }),
    circle(37.8, 30, 21, { fill: "#c5ccd2", stroke: METAL_EDGE, "stroke-width": 0.8 }),
    path("M37.8 26V11", { stroke: INK, "stroke-width": 3, "stroke-linecap": "round" }),
    ...[...shape.pins].map(
      ([name, { x, y }]) =>
        circle(x, y, 2.6, { fill: METAL, stroke: "#0d3552", "stroke-width": 0.8 }) +
        label(name, x, y - 5, { "text-anchor": "middle", "font-size": 4.4, fill: "#fff" }),
    ),
  );
}

function drawServo({ shape }: Subject): Svg {
  const leads = [...shape.pins.values()].map(({ y }, index) =>
    path(`M0 ${y}H18Q40 ${y} 64 ${56.5 + index * 3}`, {
      fill: "none",
      stroke: ["#6b3a1a", "#d0342c", "#ef8f22"][index],
      "stroke-width": 2.6,
    }),
  );
  return group(
    {},
    ...leads,
    rect(48, 41, 122, 37, 3, { fill: "#3d454d", stroke: DARK_EDGE, "stroke-width": 1 }),
    ...[55, 163].map((x) => circle(x, 59.5, 3.5, { fill: "#fff", stroke: DARK_EDGE, "stroke-width": 0.8 })),
    rect(64, 37.5, 90, 44, 5, { fill: "#4d565f", stroke: DARK_EDGE, "stroke-width": 1 }),
    circle(91.5, 59.5, 18, { fill: "#66717b", stroke: DARK_EDGE, "stroke-width": 0.8 }),
    path("M81.5 60L87 6a4.6 4.6 0 0 1 9 0l5.500 54a10 10 0 0 1-20 0Z", {
      fill: "#eef1f3",
      stroke: METAL_EDGE,
      "stroke-width": 0.8,
    }),
    circle(91.5, 59.5, 6, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 0.8 }),
  );
}

function drawLcd({ shape: { width, height, pins } }: Subject): Svg {
  const screen = { x: 33, y: 34, width: 250, height: 68 };
  const cell = { width: 12.2, height: 22 };
  const cells = [0, 1].flatMap((row) =>
    Array.from({ length: 16 }, (_, column) =>
      rect(
        screen.x + 15 + column * (cell.width + 1.6),
        screen.y + 10 + row * (cell.height + 4),
        cell.width,
        cell.height,
        0.6,
        { fill: "#5b9a2f" },
      ),
    ),
  );
  return group(
    {},
    rect(0.5, 0.5, width - 1, height - 1, 4, { fill: "#1d6b3c", stroke: "#0d4022", "stroke-width": 1 }),
    rect(22, 24, 272, 88, 3, { fill: DARK, stroke: DARK_EDGE, "stroke-width": 1 }),
    rect(screen.x, screen.y, screen.width, screen.height, 1.5, { fill: "#6cb33a" }),
    ...cells,
    ...[...pins.values()].map(({ x, y }) =>
      circle(x, y, 2.4, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 0.8 }),
    ),
  );
}

function drawRelay({ shape: { width, height, pins } }: Subject): Svg {
  return group(
    {},
    rect(0.5, 0.5, width - 1, height - 1, 3, { fill: "#1d4f91", stroke: "#0d2c54", "stroke-width": 1 }),
    rect(36, 8, 54, 50, 2, { fill: "#2f7fd0", stroke: "#0d2c54", "stroke-width": 1 }),
    label("5 V", 63, 36, { "text-anchor": "middle", "font-size": 9, "font-weight": 700, fill: "#fff" }),
    rect(112, 8, 22, 50, 2, { fill: "#2e9e6b", stroke: "#14573a", "stroke-width": 1 }),
    circle(22, 11, 2.6, { fill: "#e23b2e", stroke: "#7c150d", "stroke-width": 0.8 }),
    ...[...pins].map(([name, { x, y }]) => {
      const isInput = x === 0;
      const leg = isInput
        ? path(`M0 ${y}H12`, { stroke: METAL, "stroke-width": 2.4 })
        : path(`M123 ${y}H${x}`, { stroke: METAL, "stroke-width": 2.4 }) +
          circle(123, y, 4, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 0.8 });
      return leg + nameOf(name, isInput ? 15 : 109, y, isInput ? "start" : "end");
    }),
  );
}

function drawThermistor({ shape: { height, pins } }: Subject): Svg {
  return group(
    {},
    rect(25, 0.5, 90, height - 1, 3, { fill: "#0f3661", stroke: "#081d36", "stroke-width": 1 }),
    path("M8 37.500L48 26M8 41L48 46", { fill: "none", stroke: METAL_EDGE, "stroke-width": 1.4 }),
    ...[26, 46].map((y) => circle(48, y, 4.5, { fill: METAL, stroke: METAL_EDGE, "stroke-width": 0.8 })),
    circle(6.5, 39.2, 6, { fill: DARK, stroke: DARK_EDGE, "stroke-width": 1 }),
    rect(67, 28, 6, 15, 0.6, { fill: DARK, stroke: METAL, "stroke-width": 0.8 }),
    label("10k", 70, 54, { "text-anchor": "middle", "font-size": 6, fill: "#fff" }),
    ...[...pins].map(
      ([name, { x, y }]) =>
        path(`M104 ${y}H${x}`, { stroke: METAL, "stroke-width": 2.4 }) + nameOf(name, 101, y, "end"),
    ),
  );
}

/** A pin's name, printed on a module beside it. */
function nameOf(name: string, x: number, y: number, anchor: "start" | "end"): Svg {
  return label(name, x, y + 2, { "text-anchor": anchor, "font-size": 6, fill: "#fff" });
}

function drawUnknown({ part, shape: { width, height, pins } }: Subject): Svg {
  return group(
    {},
    rect(0.5, 0.5, width - 1, height - 1, 4, {
      fill: "#eef1f4",
      stroke: FAINT_INK,
      "stroke-width": 1,
      "stroke-dasharray": "4 2.5",
    }),
    label(part.type, width / 2, 13, { "text-anchor": "middle", "font-size": 7, fill: FAINT_INK }),
    ...[...pins].map(
      ([name, { x, y }]) =>
        element("circle", {
          cx: x + 5,
          cy: y,
          r: 2.4,
          fill: METAL,
          stroke: METAL_EDGE,
          "stroke-width": 0.8,
        }) + label(name, x + 11, y + 2.4, { "font-size": 7, fill: INK }),
    ),
  );
}
