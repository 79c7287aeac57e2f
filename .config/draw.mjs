// Draws every circuit of wiring/ again, as it lies and as a schematic. A test compares what is there with what is drawn.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { drawWiring } from "../dist/src/wiring/draw/drawing.js";
import { readWiring } from "../dist/src/wiring/read.js";
import { drawSchematic } from "../dist/src/wiring/schematic/schematic.js";

const folder = new URL("../wiring/", import.meta.url);
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const wiring = readWiring(readFileSync(new URL(file, folder), "utf8"), `wiring/${file}`);
  const name = file.replace(/\.json$/, "");
  writeFileSync(new URL(`${name}.svg`, folder), drawWiring(wiring));
  writeFileSync(new URL(`${name}-schematic.svg`, folder), drawSchematic(wiring));
}
