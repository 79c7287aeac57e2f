import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { diagramOf } from "../wiring/diagrams.js";
import { circuit } from "./cli.js";

/** A folder with a wiring whose LED has no resistor, and configurations of it. */
function desk(): string {
  const folder = temporaryFolder();
  const parts = [
    ["led1", "wokwi-led"],
    ["bz1", "wokwi-buzzer"],
  ] as const;
  const wires = [
    ["uno:13", "led1:A", "green", []],
    ["led1:C", "uno:GND.1", "black", []],
  ];
  writeFileSync(join(folder, "desk.json"), diagramOf(parts, wires).replace('{"id":"led1"', '\n{"id":"led1"'));
  writeFileSync(join(folder, "bad.json"), diagramOf([], [["uno:99", "uno:13", "green", []]]));
  const nodes = { iopin: { sketch: "iopin", options: { pin: 12 } } };
  writeFileSync(join(folder, "circuit.config.json"), JSON.stringify({ wiring: "desk.json", nodes }));
  writeFileSync(join(folder, "bare.json"), JSON.stringify({ nodes }));
  return folder;
}

const LINES = [
  "error    desk.json:2: led1 is between 13 and GND without a resistor: nothing limits its current (led-resistor)",
  "         Put a resistor of 220 Ω or more in series with it.",
  "warning  desk.json:2: bz1 has no wire (unwired)",
  "         Wire it, or take it out of the file.",
  "desk.json: 3 parts, 2 wires, 1 error, 1 warning",
];

describe("circuit wiring", { concurrency: 2 }, () => {
  test("check tells of each mistake, its line and what to do, and ends with 1", async (context) => {
    const { code, stdout } = await circuit(context, ["wiring", "check", "desk.json"], { folder: desk() });
    assert.deepEqual(stdout.trimEnd().split("\n"), LINES);
    assert.equal(code, 1);
  });

  test("check --json prints findings as data", async (context) => {
    const args = ["wiring", "check", "desk.json", "--json"];
    const { code, stdout } = await circuit(context, args, { folder: desk() });
    const findings = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const [first] = findings;
    assert.deepEqual([code, findings.length], [1, 2]);
    assert.deepEqual(
      [first.file, first.line, first.rule, first.severity, first.parts, first.pins],
      ["desk.json", 2, "led-resistor", "error", ["led1"], ["13", "GND"]],
    );
  });

  test("check looks at what this folder's configuration asks of its wiring", async (context) => {
    const { code, stdout } = await circuit(context, ["wiring", "check"], { folder: desk() });
    assert.match(stdout, /nodes\.iopin uses pin 12 as output, where nothing is wired \(pin-not-wired\)/);
    assert.equal(code, 1);
  });

  test("check finds nothing wrong with the example, and is silent if it is to be", async (context) => {
    const folder = temporaryFolder();
    const loud = await circuit(context, ["wiring", "check"], { folder });
    assert.match(loud.stdout, /clock-pin-buzzer\.json: 4 parts, 5 wires, nothing wrong\n$/);
    const quiet = await circuit(context, ["wiring", "check", "--quiet"], { folder });
    assert.deepEqual([loud.code, quiet.code, quiet.stdout], [0, 0, ""]);
  });

  test("check refuses a wire to a pin that is not there, and a configuration without a wiring", async (context) => {
    const folder = desk();
    const bad = await circuit(context, ["wiring", "check", "bad.json"], { folder });
    assert.match(bad.stderr, /"uno:99" is no pin of wokwi-arduino-uno/);
    const bare = await circuit(context, ["wiring", "check", "bare.json"], { folder });
    assert.match(bare.stderr, /Cannot find the wiring of bare\.json: it has none/);
    assert.deepEqual([bad.code, bare.code], [78, 78]);
  });

  test("draw writes either kind of drawing, not both", async (context) => {
    const folder = desk();
    const lying = await circuit(context, ["wiring", "draw", "desk.json", "-o", "a.svg"], { folder });
    const args = ["wiring", "draw", "desk.json", "--schematic", "-o", "b.svg"];
    const schematic = await circuit(context, args, { folder });
    assert.deepEqual([lying.code, schematic.code, schematic.stderr], [0, 0, "Wrote b.svg\n"]);
    assert.match(readFileSync(join(folder, "a.svg"), "utf8"), /Wiring: Desk/);
    assert.match(readFileSync(join(folder, "b.svg"), "utf8"), /Schematic: Desk/);
    const both = await circuit(context, ["wiring", "draw", "--schematic", "--breadboard"], { folder });
    assert.equal(both.code, 2);
  });

  test("bom lists the parts as a table, as CSV and as JSON", async (context) => {
    const folder = desk();
    const [table, csv, json] = await Promise.all(
      [[], ["--csv"], ["--json"]].map((flags) =>
        circuit(context, ["wiring", "bom", "desk.json", ...flags], { folder }),
      ),
    );
    assert.deepEqual(table?.stdout.split("\n").slice(0, 3), [
      "quantity  part            value  where",
      "1         Arduino Uno R3         uno",
      "1         LED             red    led1",
    ]);
    assert.equal(
      csv?.stdout,
      "quantity,part,value,where\n1,Arduino Uno R3,,uno\n1,LED,red,led1\n1,piezo,,bz1\n",
    );
    const [line = ""] = json?.stdout.split("\n") ?? [];
    assert.deepEqual(JSON.parse(line), { quantity: 1, part: "Arduino Uno R3", value: "", refs: ["uno"] });
  });
});
