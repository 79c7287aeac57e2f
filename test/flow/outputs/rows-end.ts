// A process that adds rows to a file for ever, several at a time, and says of each when it is synced.
import { systemClock } from "../../../src/core/clock.js";
import { csv } from "../../../src/flow/outputs/csv.js";
import { ndjson } from "../../../src/flow/outputs/ndjson.js";

const AT_ONCE = 8;

const [path = "", first = "0"] = process.argv.slice(2);
const context = { clock: systemClock, signal: new AbortController().signal, name: "rows", log: () => {} };
const open = path.endsWith(".csv") ? csv : ndjson;
const output = open(path, { syncEveryMs: 0, rotateBytes: 100_000 });

for (let row = Number(first); ; row += AT_ONCE) {
  const adding = Array.from({ length: AT_ONCE }, async (_, place) => {
    await output(
      { row: row + place, text: `${"x\n".repeat(((row + place) * 37) % 1_000)}${row + place}` },
      context,
    );
    return row + place;
  });
  // Into a pipe that is written before the next one is added.
  for (const added of adding) process.stdout.write(`${await added}\n`);
}
