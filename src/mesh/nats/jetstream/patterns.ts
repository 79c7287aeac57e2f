/**
 * What patterns have to do with each other, by NATS's rules. JetStream refuses subjects of streams that overlap, so each
 * list is kept without overlaps.
 */

/** Whether every subject of the narrow pattern is one of the wide one. */
export function covers(wide: string, narrow: string): boolean {
  const wanted = wide.split(".");
  const tokens = narrow.split(".");
  for (const [at, want] of wanted.entries()) {
    const token = tokens[at];
    if (token === undefined) return false;
    if (want === ">") return true;
    if (token === ">" || (want !== "*" && want !== token)) return false;
  }
  return wanted.length === tokens.length;
}

/** Whether there can be a subject of both. */
export function overlaps(one: string, other: string): boolean {
  const ones = one.split(".");
  const others = other.split(".");
  for (let at = 0; ; at++) {
    const a = ones[at];
    const b = others[at];
    if (a === undefined || b === undefined) return a === b;
    if (a === ">" || b === ">") return true;
    if (a !== b && a !== "*" && b !== "*") return false;
  }
}

/** The narrowest pattern that covers two that overlap. */
export function widen(one: string, other: string): string {
  const ones = one.split(".");
  const others = other.split(".");
  const tokens: string[] = [];
  for (let at = 0; at < Math.max(ones.length, others.length); at++) {
    const a = ones[at] ?? ">";
    const b = others[at] ?? ">";
    if (a === ">" || b === ">") return [...tokens, ">"].join(".");
    tokens.push(a === b ? a : "*");
  }
  return tokens.join(".");
}

/** Adds a pattern to a list that has no overlaps, and keeps it so: what overlaps it becomes one wider pattern with it. */
export function addPattern(patterns: readonly string[], added: string): readonly string[] {
  if (patterns.some((pattern) => covers(pattern, added))) return patterns;
  const rest = patterns.filter((pattern) => !covers(added, pattern));
  const partly = rest.find((pattern) => overlaps(pattern, added));
  if (partly === undefined) return [...rest, added];
  return addPattern(
    rest.filter((pattern) => pattern !== partly),
    widen(partly, added),
  );
}
