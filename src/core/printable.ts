/** What a terminal would obey instead of showing, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Whether a terminal shows all of a text, on one line. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) < 0;
}

/** A text on one line, in which nothing commands a terminal: what would is shown as its number. */
export function escaped(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (found) => SHORT[found] ?? `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

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
