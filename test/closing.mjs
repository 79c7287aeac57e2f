// A reporter for node:test that says each failure when it happens, and has the last word: what was not tested and
// how to get it, and the counts.
import { inspect } from "node:util";

export default async function* closing(source) {
  let passed = 0;
  let failed = 0;
  const skipped = new Map();
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details?.type === "suite" && data.skip === undefined) continue;
    if (type === "test:fail") {
      failed++;
      yield `\nFailed: ${data.name} (${data.file ?? "no file"})\n${inspect(causeOf(data.details?.error))}\n`;
    } else if (data.skip === undefined) passed++;
    else skipped.set(reasonOf(data.skip), (skipped.get(reasonOf(data.skip)) ?? 0) + 1);
  }
  yield "\n";
  for (const [reason, count] of skipped) yield `Not tested (${count}): ${reason}\n`;
  const left = [...skipped.values()].reduce((sum, count) => sum + count, 0);
  yield `${passed} passed, ${failed} failed${left > 0 ? `, ${left} skipped` : ""}\n`;
}

function causeOf(error) {
  return error?.cause ?? error;
}

function reasonOf(skip) {
  return typeof skip === "string" ? skip.replace(/^not tested: /, "") : "no reason given";
}
