import * as v from "valibot";
import { quote } from "./quote.js";
import type { Part, PinReference, Wire } from "./wiring.js";

// Wokwi's diagram format, version 1: https://docs.wokwi.com/diagram-format. Each message below says what
// belongs there, to follow "expected".

/** More parts than any desk holds; bounds the time that drawing and following wires take. */
const MAX_PARTS = 200;
const MAX_CONNECTIONS = 1_000;
/** Wires with more bends than this are mistakes. */
const MAX_ROUTE_STEPS = 100;
/** Far beyond any screen, in pixels; keeps pictures of a size that a viewer can open. */
const FARTHEST_PX = 10_000;

const NAME = /^[^\p{Cc}:]{1,64}$/u;
const PIN_REFERENCE = /^[^\p{Cc}:]{1,64}:[^\p{Cc}]{1,64}$/u;
/** A move, the middle, or Wokwi's mark for a part that is plugged into a breadboard. */
const ROUTE_STEP = /^(?:[hv]-?\d{1,5}(?:\.\d+)?(?:e-?\d{1,3})?|\*|\$bb)$/;

const place = v.optional(
  v.pipe(
    v.number(`a number of pixels from -${FARTHEST_PX} to ${FARTHEST_PX}`),
    v.check(
      (value) => Math.abs(value) <= FARTHEST_PX,
      `a number of pixels from -${FARTHEST_PX} to ${FARTHEST_PX}`,
    ),
  ),
  0,
);
const name = v.pipe(
  v.string("a name of 1 to 64 characters without a colon"),
  v.regex(NAME, "a name of 1 to 64 characters without a colon"),
);
const attribute = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], "a text, a number or a truth value"),
  v.transform(String),
);

const PART = v.object(
  {
    id: name,
    type: name,
    left: place,
    top: place,
    rotate: v.optional(v.pipe(v.number("a number of degrees"), v.finite("a number of degrees")), 0),
    hide: v.optional(v.boolean("true or false"), false),
    attrs: v.optional(v.record(v.string(), attribute, "an object of attributes"), {}),
  },
  "an object with an id and a type",
);

const end = v.pipe(
  v.string('a pin such as "led1:A"'),
  v.regex(PIN_REFERENCE, 'a pin such as "led1:A"'),
  v.transform(splitReference),
);

function splitReference(text: string): PinReference {
  const colon = text.indexOf(":");
  return { part: text.slice(0, colon), pin: text.slice(colon + 1) };
}

const ROUTE = v.pipe(
  v.array(
    v.pipe(
      v.string('a step such as "h10", "v-5" or "*"'),
      v.regex(ROUTE_STEP, 'a step such as "h10", "v-5" or "*"'),
    ),
    "a list of steps",
  ),
  v.maxLength(MAX_ROUTE_STEPS, `at most ${MAX_ROUTE_STEPS} steps`),
  v.check((steps) => steps.filter((step) => step === "*").length <= 1, 'one "*" at most'),
);

const WIRE = v.pipe(
  v.tuple(
    [end, end, v.string("a colour"), v.optional(ROUTE, [])],
    'a list such as ["led1:A", "uno:13", "green", []]',
  ),
  v.transform(([from, to, color, route]): Wire => ({ from, to, color, route })),
);

const PARTS = v.array(v.unknown(), "a list of parts");
const CONNECTIONS = v.array(v.unknown(), "a list of connections");
const DIAGRAM = v.object(
  {
    version: v.literal(1, "1, the only version there is"),
    parts: v.pipe(PARTS, v.maxLength(MAX_PARTS, `at most ${MAX_PARTS} parts`)),
    connections: v.pipe(CONNECTIONS, v.maxLength(MAX_CONNECTIONS, `at most ${MAX_CONNECTIONS} connections`)),
  },
  "an object with version, parts and connections",
);
/** The lists of a diagram that may have mistakes elsewhere; `undefined` where there is none. */
const LISTS = v.object({
  parts: v.fallback(v.optional(PARTS), undefined),
  connections: v.fallback(v.optional(CONNECTIONS), undefined),
});

/** The pin that a text names, where it names one. */
export function findPinReference(text: unknown): PinReference | undefined {
  return typeof text === "string" && PIN_REFERENCE.test(text) ? splitReference(text) : undefined;
}

/** An entry of a list in the file: where it stood and, where its shape was right, what it says. */
export interface Entry<Value> {
  /** For messages: "parts[2]". */
  readonly where: string;
  /** What stood there, for whoever must know of it though its shape is wrong. */
  readonly raw: unknown;
  readonly value: Value | undefined;
}

export interface Diagram {
  /** `undefined` where the file has no list of parts. */
  readonly parts: readonly Entry<Part>[] | undefined;
  readonly connections: readonly Entry<Wire>[];
  /** What has the wrong shape, each with where. */
  readonly mistakes: readonly string[];
}

/** Checks the shape of a parsed diagram, piece by piece: what is wrong in one part hides nothing of another. */
export function parseDiagram(json: unknown): Diagram {
  const mistakes = (v.safeParse(DIAGRAM, json).issues ?? []).map((issue) => describeIssue("", issue));
  const readEntries = <Schema extends v.GenericSchema>(
    list: readonly unknown[],
    name: string,
    schema: Schema,
  ): Entry<v.InferOutput<Schema>>[] =>
    list.map((raw, index) => {
      const where = `${name}[${index}]`;
      const read = v.safeParse(schema, raw);
      if (read.success) return { where, raw, value: read.output };
      mistakes.push(...read.issues.map((issue) => describeIssue(where, issue)));
      return { where, raw, value: undefined };
    });
  const lists = v.safeParse(LISTS, json);
  if (!lists.success) return { parts: undefined, connections: [], mistakes };
  const { parts, connections } = lists.output;
  return {
    parts: parts && readEntries(parts.slice(0, MAX_PARTS), "parts", PART),
    connections: readEntries((connections ?? []).slice(0, MAX_CONNECTIONS), "connections", WIRE),
    mistakes,
  };
}

function describeIssue(where: string, issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }) =>
    typeof key === "number" ? `[${key}]` : `.${String(key)}`,
  );
  const place = `${where}${path.join("")}`.replace(/^\./, "") || "the file";
  // valibot reports a missing key in the words of the object around it.
  if (issue.input === undefined && issue.path !== undefined) return `${place}: is missing`;
  return `${place}: expected ${issue.message}, found ${quote(issue.input)}`;
}
