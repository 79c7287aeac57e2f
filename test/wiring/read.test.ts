import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CircuitError } from "../../src/core/error.js";
import { readWiring } from "../../src/wiring/read.js";
import { diagramOf, readOwn } from "./diagrams.js";

const UNO = { id: "uno", type: "wokwi-arduino-uno" };
const LED = { id: "led1", type: "wokwi-led" };

/** What `readWiring()` says of a text it refuses, after the grammar's first half. */
function refusalOf(text: string): string {
  try {
    readWiring(text, "x.json");
  } catch (error) {
    assert.ok(error instanceof CircuitError);
    assert.equal(error.code, "WIRING_INVALID");
    assert.match(error.hint ?? "", /docs\.wokwi\.com\/diagram-format/);
    const [, state] = error.message.split("Cannot read the wiring x.json: ");
    assert.ok(state);
    return state;
  }
  assert.fail("not refused");
}

test("readWiring() reads the example circuit", () => {
  const { parts, wires } = readWiring(readOwn("clock-pin-buzzer.json"), "clock-pin-buzzer.json");
  assert.deepEqual(
    parts.map(({ id, type, attrs }) => [id, type, attrs]),
    [
      ["uno", "wokwi-arduino-uno", {}],
      ["led1", "wokwi-led", { color: "red" }],
      ["r1", "wokwi-resistor", { value: "220" }],
      ["bz1", "wokwi-buzzer", { volume: "0.1" }],
    ],
  );
  assert.equal(wires.length, 5);
});

test("readWiring() fills in what Wokwi leaves out", () => {
  const { parts, wires } = readWiring(
    diagramOf([["led1", "wokwi-led", { attrs: { count: 3, flip: true } }]], [["led1:A", "uno:13", ""]]),
    "x.json",
  );
  assert.deepEqual(parts[1], {
    id: "led1",
    type: "wokwi-led",
    left: 0,
    top: 0,
    rotate: 0,
    hide: false,
    attrs: { count: "3", flip: "true" },
  });
  assert.deepEqual(wires, [
    { from: { part: "led1", pin: "A" }, to: { part: "uno", pin: "13" }, color: "", route: [] },
  ]);
});

test("readWiring() keeps parts that it does not know, and believes their pins", () => {
  const { parts, wires } = readWiring(
    diagramOf([["dht", "wokwi-dht22"]], [["dht:SDA", "uno:2", "green", ["h-3.55e-15", "*", "v10"]]]),
    "x.json",
  );
  assert.equal(parts[1]?.type, "wokwi-dht22");
  assert.equal(wires[0]?.from.pin, "SDA");
});

test("readWiring() reads past a byte order mark, other keys, and wires to the serial monitor", () => {
  const text = JSON.stringify({
    version: 1,
    parts: [UNO],
    connections: [["uno:1", "$serialMonitor:RX", "", []]],
    serialMonitor: { display: "plotter" },
  });
  assert.deepEqual(readWiring(`\u{FEFF}${text}`, "x.json").wires, []);
});

const led = (more: object) => diagramOf([["led1", "wokwi-led", more]], []);
const wired = (...connections: unknown[]) => diagramOf([["led1", "wokwi-led"]], connections);

const REFUSALS: readonly (readonly [what: string, text: string, ...mistakes: readonly string[]])[] = [
  ["a number", "5", "the file: expected an object with version, parts and connections, found 5"],
  ["null", "null", "the file: expected an object with version, parts and connections, found null"],
  ["an empty object", "{}", "version: is missing", "parts: is missing", "connections: is missing"],
  [
    "another version",
    JSON.stringify({ version: 2, parts: [UNO], connections: [] }),
    "version: expected 1, the only version there is, found 2",
  ],
  [
    "lists that are none",
    JSON.stringify({ version: 1, parts: "uno", connections: {} }),
    'parts: expected a list of parts, found "uno"',
    "connections: expected a list of connections, found an object",
  ],
  [
    "no Uno",
    JSON.stringify({ version: 1, parts: [LED], connections: [] }),
    "parts: no wokwi-arduino-uno among 1",
  ],
  [
    "two Unos",
    diagramOf([["uno2", "wokwi-arduino-uno"]], []),
    "parts[1]: a second wokwi-arduino-uno, where parts[0] is one",
  ],
  [
    "two parts of one id",
    diagramOf(
      [
        ["led1", "wokwi-led"],
        ["led1", "wokwi-buzzer"],
      ],
      [],
    ),
    'parts[2]: "led1" is the id of parts[1] too',
  ],
  [
    "a part that is none",
    JSON.stringify({ version: 1, parts: [UNO, 7], connections: [] }),
    "parts[1]: expected an object with an id and a type, found 7",
  ],
  ["a part without a type", led({ type: undefined }), "parts[1].type: is missing"],
  [
    "a colon in an id",
    led({ id: "a:b" }),
    'parts[1].id: expected a name of 1 to 64 characters without a colon, found "a:b"',
  ],
  [
    "a place that is text",
    led({ left: "12" }),
    'parts[1].left: expected a number of pixels from -10000 to 10000, found "12"',
  ],
  [
    "a place beyond all screens",
    led({ top: 1e7 }),
    "parts[1].top: expected a number of pixels from -10000 to 10000, found 10000000",
  ],
  [
    "an endless place",
    led({ top: 0 }).replace('"top":0', '"top":1e999'),
    "parts[1].top: expected a number of pixels from -10000 to 10000, found Infinity",
  ],
  [
    "an attribute that is an object",
    led({ attrs: { color: {} } }),
    "parts[1].attrs.color: expected a text, a number or a truth value, found an object",
  ],
  [
    "a connection that is none",
    wired("led1:A"),
    'connections[0]: expected a list such as ["led1:A", "uno:13", "green", []], found "led1:A"',
  ],
  [
    "a connection with one end",
    wired(["led1:A"]),
    "connections[0][1]: is missing",
    "connections[0][2]: is missing",
  ],
  [
    "an end without a pin",
    wired(["led1", "uno:13", "green", []]),
    'connections[0][0]: expected a pin such as "led1:A", found "led1"',
  ],
  [
    "a step that leads nowhere",
    wired(["led1:A", "uno:13", "green", ["x5"]]),
    'connections[0][3][0]: expected a step such as "h10", "v-5" or "*", found "x5"',
  ],
  [
    "a route with two middles",
    wired(["led1:A", "uno:13", "green", ["*", "*"]]),
    'connections[0][3]: expected one "*" at most, found a list of 2',
  ],
  [
    "a wire to a part that is not there",
    wired(["led9:A", "uno:13", "green", []]),
    'connections[0]: "led9:A", but there is no part "led9"',
  ],
  [
    "a wire to a pin that is not there",
    wired(["led1:A", "uno:99", "green", []]),
    'connections[0]: "uno:99" is no pin of wokwi-arduino-uno',
  ],
  [
    "a wire to a pin of nearly that name",
    wired(["led1:B", "uno:GND", "green", []]),
    'connections[0]: "led1:B" is no pin of wokwi-led, which has A, C',
    'connections[0]: "uno:GND" is no pin of wokwi-arduino-uno, which has GND.1, GND.2, GND.3',
  ],
  [
    "names that every object has",
    wired(["led1:constructor", "__proto__:13", "green", []]),
    'connections[0]: "led1:constructor" is no pin of wokwi-led, which has A, C',
    'connections[0]: "__proto__:13", but there is no part "__proto__"',
  ],
  [
    "several mistakes, all of them",
    JSON.stringify({
      version: 3,
      parts: [{ ...LED, left: null }, LED],
      connections: [["led1:Z", "uno:13", 5]],
    }),
    "version: expected 1, the only version there is, found 3",
    "parts[0].left: expected a number of pixels from -10000 to 10000, found null",
    "connections[0][2]: expected a colour, found 5",
    'parts[1]: "led1" is the id of parts[0] too',
    "parts: no wokwi-arduino-uno among 2",
    'connections[0]: "led1:Z" is no pin of wokwi-led, which has A, C',
    'connections[0]: "uno:13", but there is no part "uno"',
  ],
];

for (const [what, text, ...mistakes] of REFUSALS) {
  test(`readWiring() refuses ${what}`, () => {
    const [count, ...lines] = refusalOf(text).split("\n  ");
    assert.deepEqual(lines, mistakes);
    assert.equal(count, mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`);
  });
}

test("readWiring() refuses what is no JSON, in one line without control characters", () => {
  const state = refusalOf('hello\n\u{1b}[31m"');
  assert.match(state, /^not JSON: /);
  assert.doesNotMatch(state, /\p{Cc}/u);
});

test("readWiring() refuses more than a million characters before it parses them", () => {
  assert.equal(refusalOf(" ".repeat(1_000_001)), "1000001 characters, more than 1000000");
});

test("readWiring() refuses more parts than it would draw", () => {
  const parts = Array.from({ length: 200 }, (_, index) => [`led${index}`, "wokwi-led"] as const);
  assert.equal(
    refusalOf(diagramOf(parts, [])).split("\n  ")[1],
    "parts: expected at most 200 parts, found a list of 201",
  );
});

test("readWiring() names a hundred mistakes and counts the rest", () => {
  const lines = refusalOf(wired(...Array.from({ length: 120 }, () => 5))).split("\n  ");
  assert.equal(lines[0], "120 mistakes");
  assert.equal(lines.length, 102);
  assert.equal(lines.at(-1), "and 20 more");
});

/** Reads, or throws what it promises. */
function readOrRefuse(text: string): void {
  try {
    readWiring(text, "x.json");
  } catch (error) {
    if (!(error instanceof CircuitError)) throw error;
    assert.equal(error.code, "WIRING_INVALID");
  }
}

test("readWiring() throws nothing but CircuitError, whatever the JSON", () => {
  fc.assert(fc.property(fc.json(), readOrRefuse));
});

test("readWiring() throws nothing but CircuitError, whatever a diagram's fields hold", () => {
  const text = fc.oneof(
    fc.constantFrom("uno", "led1", "uno:13", "led1:A", "wokwi-arduino-uno", "wokwi-led", "*", "h5"),
    fc.string({ unit: "binary" }),
  );
  const value = fc.oneof(text, fc.jsonValue());
  const part = fc.record({ id: value, type: value, left: value, attrs: value }, { requiredKeys: [] });
  const list = (entry: fc.Arbitrary<unknown>) => fc.oneof(fc.array(entry, { maxLength: 5 }), value);
  const diagram = fc.record({
    version: fc.oneof(fc.constant(1), value),
    parts: list(fc.oneof(part, value)),
    connections: list(list(fc.oneof(text, list(text)))),
  });
  fc.assert(fc.property(diagram, (json) => readOrRefuse(JSON.stringify(json))));
});
