import * as v from "valibot";
import { CircuitError } from "../core/error.js";
import { isObserverDefinition, type ObserverDefinition } from "../events/on.js";
import { findPatternProblem } from "../mesh/subject.js";
import { type CircuitDefinition, DEFAULT_BOARDS, type Surroundings } from "./define.js";
import { findPinProblem, findSamePins, isEventPin, PINS } from "./pins.js";
import {
  CIRCUIT_SETTINGS,
  isSketchName,
  KEEPING_SETTINGS,
  type Setting,
  SKETCH_NAMES,
  SKETCH_SETTINGS,
  wholeNumber,
} from "./settings.js";

/** A node's name becomes part of addresses, subjects and lines of text. */
const NAME = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9][\w-]{0,62}$/, "must be a name of letters, digits, - and _, 63 at most"),
);

const SOURCE = v.custom<() => unknown>(
  (value) => typeof value === "function",
  "must be a sketch's class or a function",
);

/** A sketch that circuit brings, and options that are its own. */
function ownSketch(name: keyof typeof SKETCH_SETTINGS) {
  const settings: Readonly<Record<string, Setting>> = SKETCH_SETTINGS[name];
  const entries = Object.entries(settings).map(([key, { schema }]) => [key, v.optional(schema)]);
  return v.strictObject({
    sketch: v.literal(name),
    options: v.optional(v.strictObject(Object.fromEntries(entries))),
    ...NODE,
  });
}

const PORT_OR_ADDRESS = "must be a port from 0 to 65535, or host:port";

// The words stand at each check: an input of the right type is told of the check that it fails, not of the union.
const LISTEN = v.union(
  [
    v.pipe(
      v.number(),
      v.integer(PORT_OR_ADDRESS),
      v.minValue(0, PORT_OR_ADDRESS),
      v.maxValue(65_535, PORT_OR_ADDRESS),
    ),
    v.pipe(v.string(), v.regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, PORT_OR_ADDRESS)),
  ],
  PORT_OR_ADDRESS,
);

const MESH_URL = "must be an address such as nats://127.0.0.1:4222";

const PEER_URL = "must be an address such as ws://127.0.0.1:8766";

/** At most the messages that a sender may have under way. */
const CONCURRENCY = wholeNumber(1, 1_024);
const PATH = v.pipe(v.string("must be a path"), v.nonEmpty("must not be empty"));

const FLAG = v.boolean("must be true or false");

/** A node's name, or any. */
const NAME_OR_ANY = v.union([v.literal("*"), NAME], "must be a node's name, or *");

const HOST = "must be a name such as bench.lan, without a port";

const ORIGIN = "must be an origin such as https://desk.example:8443";

const SUBJECT = "must be a subject such as events.temperature or events.>";

const SECURITY = v.pipe(
  v.strictObject({
    credentials: v.optional(PATH),
    plain: v.optional(FLAG),
    anyone: v.optional(FLAG),
    hosts: v.optional(v.array(v.pipe(v.string(HOST), v.regex(/^[\w-]+(\.[\w-]+)*$/, HOST)))),
    // Neither `null` nor extensions: any page can be the one, and the other speaks for any page.
    origins: v.optional(
      v.array(v.pipe(v.string(ORIGIN), v.regex(/^https?:\/\/([\w.-]+|\[[0-9a-f:]+\])(:\d{1,5})?$/, ORIGIN))),
    ),
    tls: v.optional(
      v.pipe(
        v.strictObject({
          certificate: v.optional(PATH),
          key: v.optional(PATH),
          authority: v.optional(PATH),
        }),
        v.check(
          ({ certificate, key }) => (certificate === undefined) === (key === undefined),
          "must have both a certificate and its key, or none",
        ),
      ),
    ),
    access: v.optional(
      v.record(NAME_OR_ANY, v.record(NAME_OR_ANY, v.array(v.string("must be a channel, or *")))),
    ),
    publish: v.optional(
      v.record(
        NAME_OR_ANY,
        v.array(
          v.pipe(
            v.string(SUBJECT),
            v.check((pattern) => findPatternProblem(pattern) === undefined, SUBJECT),
          ),
        ),
      ),
    ),
  }),
  v.check(
    ({ credentials, anyone }) => credentials === undefined || anyone !== true,
    "must have either credentials or anyone",
  ),
);

const NODE = {
  board: v.optional(NAME),
  listen: v.optional(LISTEN),
  concurrency: v.optional(CONCURRENCY),
  confirm: v.optional(v.boolean("must be true or false")),
};

const NODE_DEFINITION = v.lazy((input) => {
  const sketch = typeof input === "object" && input !== null && "sketch" in input ? input.sketch : undefined;
  if (typeof sketch === "string" && isSketchName(sketch)) return ownSketch(sketch);
  if (typeof sketch === "string") {
    return v.strictObject({
      ...NODE,
      sketch: v.picklist([], `is "${sketch}", not one of: ${SKETCH_NAMES.join(", ")}`),
    });
  }
  return v.strictObject({ ...NODE, sketch: SOURCE });
});

const GRID = v.record(NAME, v.pipe(v.string(PEER_URL), v.regex(/^wss?:\/\/[^/\s]+/, PEER_URL)));

const SURROUNDINGS = v.strictObject({ grid: v.optional(GRID), security: v.optional(SECURITY) });

/** What `on()` makes. */
const OBSERVER = v.custom<ObserverDefinition>(isObserverDefinition, "must be made by on()");

const FLOW = v.strictObject({
  file: PATH,
  managers: v.optional(
    v.pipe(
      v.array(v.string("must be a manager's name"), "must be a list of names"),
      v.nonEmpty("must name a manager, or be left out"),
    ),
  ),
  settings: v.optional(v.record(v.string(), v.unknown(), "must be an object")),
});

const EVENTS = v.strictObject({
  maxAgeSeconds: v.optional(KEEPING_SETTINGS.maxAgeSeconds.schema),
  maxBytes: v.optional(KEEPING_SETTINGS.maxBytes.schema),
  replicas: v.optional(KEEPING_SETTINGS.replicas.schema),
});

const CIRCUIT = v.pipe(
  v.strictObject({
    boards: v.optional(
      v.record(NAME, v.pipe(v.string("must be an address"), v.nonEmpty("must not be empty"))),
    ),
    patienceMs: v.optional(CIRCUIT_SETTINGS.patienceMs.schema),
    silenceMs: v.optional(CIRCUIT_SETTINGS.silenceMs.schema),
    wiring: v.optional(v.pipe(v.string("must be a path"), v.nonEmpty("must not be empty"))),
    nodes: v.optional(v.record(NAME, NODE_DEFINITION, "must be an object of nodes by name")),
    flows: v.optional(v.record(NAME, FLOW, "must be an object of flows by name")),
    observers: v.optional(v.array(OBSERVER, "must be a list of what on() makes")),
    events: v.optional(EVENTS),
    mesh: v.optional(v.pipe(v.string(MESH_URL), v.regex(/^(nats|tls):\/\/[^/\s]+/, MESH_URL))),
    commandsOverNats: v.optional(FLAG),
    grid: v.optional(GRID),
    security: v.optional(SECURITY),
    pins: v.optional(PINS),
    poll: v.optional(v.boolean("must be true or false")),
    seed: v.optional(CIRCUIT_SETTINGS.seed.schema),
    timeoutSeconds: v.optional(CIRCUIT_SETTINGS.timeoutSeconds.schema),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { nodes, flows = {}, observers = [], pins = {} } = dataset.value;
    const boards = Object.keys(dataset.value.boards ?? DEFAULT_BOARDS);
    for (const [key, pin] of Object.entries(pins)) {
      const problem = findPinProblem(key, pin, boards);
      if (problem !== undefined) addIssue({ message: `pins.${key}: ${problem}` });
    }
    const same = findSamePins(Object.keys(pins));
    if (same) addIssue({ message: `pins.${same[1]}: is the pin of pins.${same[0]}` });
    for (const [name, node] of Object.entries(nodes ?? {})) {
      if (node.board !== undefined && !boards.includes(node.board)) {
        addIssue({ message: `nodes.${name}.board: is "${node.board}", not one of: ${boards.join(", ")}` });
      }
    }
    if (dataset.value.security !== undefined && dataset.value.mesh !== undefined)
      addIssue({ message: "security: is for WebSockets; over NATS the server's own accounts decide" });
    const hasWork =
      Object.keys({ ...nodes, ...flows }).length + observers.length > 0 ||
      Object.values(pins).some(isEventPin);
    if (!hasWork) addIssue({ message: `nodes: ${nodes ? "must have at least one node" : "is missing"}` });
  }),
);

/**
 * Checks a circuit's shape and ranges.
 *
 * @param source Where it came from, for the message.
 * @throws {CircuitError} `CONFIG_INVALID`, which names every mistake, a line each.
 */
export function checkCircuit(value: unknown, source: string): CircuitDefinition {
  const result = v.safeParse(CIRCUIT, value);
  // The cast: the schema checks all that the type says, but cannot see what a sketch's function makes.
  if (result.success) return value as CircuitDefinition;
  throw describeMistakes(result.issues, source);
}

/**
 * Checks what a configuration says of others; one of a whole circuit in whole.
 *
 * @throws {CircuitError} As `checkCircuit()`.
 */
export function checkSurroundings(value: unknown, source: string): Surroundings {
  if (typeof value === "object" && value !== null && "nodes" in value) return checkCircuit(value, source);
  const result = v.safeParse(SURROUNDINGS, value);
  // The cast: valibot gives fields that are left out as `undefined` to its types alone.
  if (result.success) return value as Surroundings;
  throw describeMistakes(result.issues, source);
}

function describeMistakes(issues: readonly v.BaseIssue<unknown>[], source: string): CircuitError {
  const mistakes = issues.map((issue) => {
    const path = v.getDotPath(issue);
    return `  ${path === null ? "" : `${path}: `}${describe(issue)}`;
  });
  const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
  return new CircuitError("CONFIG_INVALID", `Cannot use ${source}: ${count}\n${mistakes.join("\n")}`, {
    hint: "Mend each line; the README shows a whole configuration.",
  });
}

/** An issue's own words; valibot's for what has none of ours. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never") return "is not known here";
  if (issue.received === "undefined") return "is missing";
  return issue.message;
}

/**
 * Reads a setting from text, as a flag or an environment variable gives it.
 *
 * @throws {CircuitError} `USAGE`, with the setting's range.
 */
export function parseSetting(setting: Setting, given: string, name: string): string | number {
  const isNumber = setting.schema.type === "number";
  const value = isNumber && given.trim() !== "" ? Number(given) : given;
  const result = v.safeParse(setting.schema, value);
  if (result.success) return result.output;
  throw new CircuitError("USAGE", `Cannot use ${name} ${given}: it ${result.issues[0].message}`, {
    hint: "See --help for what each option takes.",
  });
}
