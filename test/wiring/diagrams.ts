import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readWiring } from "../../src/wiring/read.js";
import type { Wiring } from "../../src/wiring/wiring.js";

/** A part of a diagram that a test writes: id, type, and whatever else. */
export type PartRow = readonly [id: string, type: string, more?: object];

/** The text of a diagram with an Uno called "uno", these parts, and these wires. */
export function diagramOf(parts: readonly PartRow[], wires: readonly unknown[]): string {
  return JSON.stringify({
    version: 1,
    author: "a test",
    editor: "wokwi",
    parts: [
      { id: "uno", type: "wokwi-arduino-uno" },
      ...parts.map(([id, type, more]) => ({ id, type, ...more })),
    ],
    connections: wires,
  });
}

export function wiringOf(parts: readonly PartRow[], wires: readonly (readonly [string, string])[]): Wiring {
  return readWiring(
    diagramOf(
      parts,
      wires.map(([from, to]) => [from, to, "green", []]),
    ),
    "test.json",
  );
}

/** The repository's own circuits. */
export const OWN_FOLDER = fileURLToPath(new URL("../../../wiring/", import.meta.url));

/** A file of that folder. */
export function readOwn(name: string): string {
  return readFileSync(join(OWN_FOLDER, name), "utf8");
}
