import { type Box, boxAround, cornersOf } from "../draw/geometry.js";
import { toPath } from "../draw/routes.js";
import { circle, group, label, path, type Svg, textWidth } from "../draw/svg.js";
import type { Point } from "../parts.js";

/** Printed in black on white. */
export const BLACK = "#000";
const LINE_PX = 1.4;
const DOT_PX = 2.8;
/** Wires end a little beyond their ends, so that two that follow each other show no gap. */
const WIRE = { fill: "none", stroke: BLACK, "stroke-width": LINE_PX, "stroke-linecap": "square" };

interface TextOptions {
  readonly anchor?: "start" | "middle" | "end";
  readonly bold?: boolean;
}

/** What is drawn, and where: so that it can be looked at whether anything lies on anything else. */
export class Sheet {
  readonly wires: (readonly Point[])[] = [];
  /** Bodies of symbols, which no wire may cross. */
  readonly bodies: Box[] = [];
  readonly texts: Box[] = [];
  readonly #svg: Svg[] = [];

  wire(...points: readonly Point[]): void {
    this.wires.push(points);
    this.#svg.push(path(toPath(points, 0), WIRE));
  }

  /** Where wires meet. */
  dot({ x, y }: Point): void {
    this.#svg.push(circle(x, y, DOT_PX, { fill: BLACK }));
  }

  /** A symbol's body, drawn in lines. */
  body(box: Box, ...svgs: readonly Svg[]): void {
    this.bodies.push(box);
    this.mark(...svgs);
  }

  /** A mark that wires end in, drawn in lines. */
  mark(...svgs: readonly Svg[]): void {
    this.#svg.push(group({ fill: "none", stroke: BLACK, "stroke-width": LINE_PX }, ...svgs));
  }

  /** A line of text whose baseline begins, ends or is centred at x, y. */
  text(
    words: string,
    x: number,
    y: number,
    sizePx: number,
    { anchor = "start", bold }: TextOptions = {},
  ): void {
    if (words === "") return;
    const width = textWidth(words, sizePx);
    const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
    this.texts.push({ left, top: y - sizePx * 0.75, right: left + width, bottom: y + sizePx * 0.2 });
    const weight = bold ? { "font-weight": 700 } : {};
    this.#svg.push(
      label(words, x, y, { "font-size": sizePx, "text-anchor": anchor, fill: BLACK, ...weight }),
    );
  }

  /** Around all that is drawn. */
  get box(): Box {
    return boxAround([...[...this.bodies, ...this.texts].flatMap(cornersOf), ...this.wires.flat()]);
  }

  get svg(): readonly Svg[] {
    return this.#svg;
  }
}
