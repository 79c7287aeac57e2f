import { CircuitError, messageOf } from "../core/error.js";
import { findPartType, type PartType, UNO } from "./parts.js";
import { quote, toOneLine } from "./quote.js";
import { type Diagram, findPinReference, parseDiagram } from "./shape.js";
import { type PinReference, SERIAL_MONITOR, type Wiring } from "./wiring.js";

/** A hundred times the largest diagram seen, in characters: a file beyond it is something else. */
const MAX_WIRING_CHARS = 1_000_000;
/** More mistakes than this are not read; the rest is counted. */
const MAX_MISTAKES_NAMED = 100;
/** A part with this many pins or fewer is answered with all of them. */
const FEW_PINS = 4;

const HINT = "Correct it by Wokwi's diagram format, version 1 (https://docs.wokwi.com/diagram-format)";

/**
 * Reads a diagram in Wokwi's format and checks all of it. Parts of a type that circuit does not know are
 * kept, and their pins believed.
 *
 * @param source Where the text came from, for messages and the picture's title.
 * @throws {CircuitError} `WIRING_INVALID`, with every mistake on a line of its own.
 */
export function readWiring(text: string, source: string): Wiring {
  if (text.length > MAX_WIRING_CHARS)
    throw invalid(source, `${text.length} characters, more than ${MAX_WIRING_CHARS}`);
  const diagram = parseDiagram(parseJson(text, source));
  const mistakes = [...diagram.mistakes, ...checkParts(diagram), ...checkWires(diagram)];
  if (mistakes.length > 0) throw invalid(source, listMistakes(mistakes));
  return {
    source,
    parts: (diagram.parts ?? []).flatMap(({ value }) => value ?? []),
    wires: diagram.connections
      .flatMap(({ value }) => value ?? [])
      .filter(({ from, to }) => from.part !== SERIAL_MONITOR && to.part !== SERIAL_MONITOR),
  };
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\u{FEFF}/u, ""));
  } catch (cause) {
    throw invalid(source, `not JSON: ${toOneLine(messageOf(cause))}`);
  }
}

/** Two parts of one id, and a number of Unos other than one. */
function checkParts({ parts }: Diagram): string[] {
  if (parts === undefined) return [];
  const found: string[] = [];
  const firstOf = new Map<string, string>();
  let uno: string | undefined;
  for (const { where, raw } of parts) {
    const { id, type } = namesOf(raw);
    const first = id === undefined ? undefined : firstOf.get(id);
    if (first !== undefined) found.push(`${where}: ${quote(id)} is the id of ${first} too`);
    else if (id !== undefined) firstOf.set(id, where);
    if (type !== UNO) continue;
    if (uno !== undefined) found.push(`${where}: a second ${UNO}, where ${uno} is one`);
    uno ??= where;
  }
  if (uno === undefined) found.push(`parts: no ${UNO} among ${parts.length}`);
  return found;
}

/** Wires to a part that is not there, or to a pin that the part lacks. */
function checkWires({ parts, connections }: Diagram): string[] {
  if (parts === undefined) return [];
  const typeOf = new Map(parts.map(({ raw }) => [namesOf(raw).id, namesOf(raw).type]));
  const check = (where: string, { part, pin }: PinReference): string[] => {
    if (part === SERIAL_MONITOR) return [];
    const reference = quote(`${part}:${pin}`);
    if (!typeOf.has(part)) return [`${where}: ${reference}, but there is no part ${quote(part)}`];
    const type = findPartType(typeOf.get(part) ?? "");
    if (type === undefined || type.pins.has(pin)) return [];
    return [`${where}: ${reference} is no pin of ${type.type}${describeAlternatives(type, pin)}`];
  };
  return connections.flatMap(({ where, raw }) =>
    (Array.isArray(raw) ? raw.slice(0, 2) : []).flatMap((end: unknown) => {
      const reference = findPinReference(end);
      return reference === undefined ? [] : check(where, reference);
    }),
  );
}

function describeAlternatives({ pins }: PartType, pin: string): string {
  const names = [...pins.keys()];
  const near = names.length <= FEW_PINS ? names : names.filter((other) => other.split(".")[0] === pin);
  return near.length === 0 ? "" : `, which has ${near.join(", ")}`;
}

/** A part's id and type, where they are texts, even if its shape is wrong elsewhere. */
function namesOf(raw: unknown): { readonly id?: string; readonly type?: string } {
  if (typeof raw !== "object" || raw === null) return {};
  return {
    ...("id" in raw && typeof raw.id === "string" ? { id: raw.id } : {}),
    ...("type" in raw && typeof raw.type === "string" ? { type: raw.type } : {}),
  };
}

function listMistakes(mistakes: readonly string[]): string {
  const named = mistakes.slice(0, MAX_MISTAKES_NAMED).map((mistake) => `\n  ${mistake}`);
  const rest = mistakes.length - named.length;
  const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
  return `${count}${named.join("")}${rest > 0 ? `\n  and ${rest} more` : ""}`;
}

function invalid(source: string, state: string): CircuitError {
  return new CircuitError("WIRING_INVALID", `Cannot read the wiring ${source}: ${state}`, { hint: HINT });
}
