/** The line of a wiring's text on which a part has its id, from 1; `undefined` where it is written in another way. */
export function lineOfPart(text: string, id: string): number | undefined {
  const written = JSON.stringify(id).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const found = new RegExp(`"id"\\s*:\\s*${written}`).exec(text);
  return found ? text.slice(0, found.index).split("\n").length : undefined;
}
