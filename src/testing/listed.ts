import { COLUMNS } from "./diagram.js";

/** Items of a list that are told one by one. */
const MOST_ITEMS = 8;

/** A list for a person, in lines of 80 columns: `pin 13: high at 2.5, low at 3.0`. */
export function listed(label: string, items: readonly string[]): string {
  const more = items.length - MOST_ITEMS;
  const told = [...items.slice(0, MOST_ITEMS), ...(more > 0 ? [`and ${more} more`] : [])];
  const lines = [`${label}:`];
  for (const [index, item] of (told.length > 0 ? told : ["nothing"]).entries()) {
    const text = index < told.length - 1 ? `${item},` : item;
    const line = `${lines.at(-1)} ${text}`;
    if (line.length <= COLUMNS) lines[lines.length - 1] = line;
    else lines.push(`  ${text}`);
  }
  return lines.join("\n");
}
