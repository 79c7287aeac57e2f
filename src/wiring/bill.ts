import { DEFAULT_OHMS, formatOhms, nameOf } from "./describe.js";
import { LED, RESISTOR, UNO } from "./parts.js";
import type { Part, Wiring } from "./wiring.js";

/** A line of a parts list. */
export interface BillLine {
  readonly quantity: number;
  /** What it is: "resistor", "LED". */
  readonly part: string;
  /** Which of them, such as "220 Ω" or "red"; empty where there is one kind. */
  readonly value: string;
  /** Ids of those parts, in the order of the file. */
  readonly refs: readonly string[];
}

/**
 * What to lay on the desk for a wiring: equal parts on one line, in the order in which they first appear; resistors last,
 * from the smallest.
 */
export function billOf(wiring: Wiring): readonly BillLine[] {
  const lines = new Map<string, BillLine>();
  const parts = [
    ...wiring.parts.filter(({ type }) => type === UNO),
    ...wiring.parts.filter(({ type }) => type !== UNO && type !== RESISTOR),
    ...wiring.parts.filter(({ type }) => type === RESISTOR).sort((a, b) => ohmsOf(a) - ohmsOf(b)),
  ];
  for (const part of parts) {
    const [name, value] = [nameOf(part), formatValue(part)];
    const key = JSON.stringify([name, value]);
    const refs = [...(lines.get(key)?.refs ?? []), part.id];
    lines.set(key, { quantity: refs.length, part: name, value, refs });
  }
  return [...lines.values()];
}

/** Those whose value is no number come first: they are to be looked at. */
function ohmsOf({ attrs }: Part): number {
  return Number(attrs.value ?? DEFAULT_OHMS) || 0;
}

function formatValue({ type, attrs }: Part): string {
  if (type === RESISTOR) return formatOhms(attrs.value);
  return type === LED ? (attrs.color ?? "red") : "";
}
