/** What a terminal would obey, or not show, instead of showing it. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A stranger's words as a line of text, for a message that a person reads: at most so many characters of them. */
export function printable(text: string, mostCharacters = 200): string {
  return text.slice(0, mostCharacters).replace(UNPRINTABLE, "\u{fffd}");
}

/** The same of several lines: those after the first are indented, so that none looks like a line of our own. */
export function printableLines(text: string, mostCharacters: number): string {
  const [first = "", ...others] = text.slice(0, mostCharacters).split("\n");
  const rest = others.map((line) => (/^ {2}/.test(line) ? line : `  ${line}`));
  return [first, ...rest].map((line) => printable(line, mostCharacters)).join("\n");
}
