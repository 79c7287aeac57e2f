/** Text that is SVG already. Anything else must go through `escapeText()` or `element()`. */
export type Svg = string;

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** A text as XML carries it, inside an element or an attribute. What XML cannot carry becomes U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** One element. Attributes are escaped and numbers rounded; children are SVG, not text. */
export function element(name: string, attributes: Attributes, ...children: readonly Svg[]): Svg {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escapeText(String(value))}"`,
    );
  const opening = `<${name}${written.join("")}`;
  return children.length === 0 ? `${opening}/>` : `${opening}>${children.join("")}</${name}>`;
}

/** A line of text, with its baseline's start (or middle, or end, by `text-anchor`) at x, y. */
export function label(text: string, x: number, y: number, attributes: Attributes = {}): Svg {
  return element("text", { x, y, ...attributes }, escapeText(text));
}

export function group(attributes: Attributes, ...children: readonly Svg[]): Svg {
  return element("g", attributes, ...children);
}

export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  rx: number,
  attributes: Attributes,
): Svg {
  return element("rect", { x, y, width, height, rx, ...attributes });
}

export function circle(cx: number, cy: number, r: number, attributes: Attributes): Svg {
  return element("circle", { cx, cy, r, ...attributes });
}

export function path(d: string, attributes: Attributes): Svg {
  return element("path", { d, ...attributes });
}

/** Hundredths are finer than any screen shows, and the same on every machine. */
export function round(value: number): number {
  // Adding zero turns -0 into 0.
  return Math.round(value * 100) / 100 + 0;
}

/**
 * About how wide a text will be, a little more rather than less: the reader's fonts are not known.
 *
 * @param sizePx Height of the font.
 */
export function textWidth(text: string, sizePx: number): number {
  return [...text].length * sizePx * 0.6;
}
