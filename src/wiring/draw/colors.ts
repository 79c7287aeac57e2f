/** Colours of the page; a light card, so that it prints and stands on dark pages as on white ones. */
export const INK = "#1f2933";
export const FAINT_INK = "#5b6774";
export const PAPER = "#fdfdfb";
export const RULE = "#d5dbe1";
export const METAL = "#b9c0c7";
export const METAL_EDGE = "#7c858e";

/**
 * A colour from a file, if it is written like one: a name or hexadecimal digits.
 *
 * It goes into an attribute that takes other things too, such as references to other files.
 */
export function toColor(text: string | undefined, otherwise: string): string {
  return text !== undefined && /^(?:[a-z]{3,30}|#[0-9a-f]{3,8})$/i.test(text) ? text : otherwise;
}
