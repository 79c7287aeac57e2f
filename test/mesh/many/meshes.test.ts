import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { circuit } from "../../cli/cli.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { Child } from "../child.js";

const MESHES = 200;
const PROCESSES = 4;

/** Time for all to have found each other, in milliseconds: a bound for a busy machine, not a measure. */
const SETTLED_MS = 50_000;

test(`${MESHES} meshes of a machine find each other, and \`circuit nodes\` finds all`, {
  timeout: 180_000,
}, async (context) => {
  const runtime = temporaryFolder();
  const directory = join(runtime, "circuit");
  mkdirSync(directory, { mode: 0o700 });
  const names = Array.from({ length: MESHES }, (_, index) => `node${String(index).padStart(3, "0")}`);
  const children = Array.from(
    { length: PROCESSES },
    () => new Child(context, new URL("./meshes-end.js", import.meta.url)),
  );
  const startMs = performance.now();
  const shareOf = (index: number) => names.filter((_, at) => at % PROCESSES === index);
  await Promise.all(children.map((child, index) => child.ask("open", directory, shareOf(index))));
  const settle = (count: number) =>
    Promise.all(
      children.map((child) => child.ask<{ changes: number; identified: number }>("settled", count)),
    );
  const settled = await settle(MESHES);
  const settledMs = performance.now() - startMs;
  assert.ok(settledMs <= SETTLED_MS, `they have found each other after ${settledMs.toFixed(0)} ms`);
  // Each has learned of each once, and nobody was asked who it is: a process that runs is there.
  const sum = (of: (each: { changes: number; identified: number }) => number) =>
    settled.reduce((total, each) => total + of(each), 0);
  assert.equal(
    sum(({ changes }) => changes),
    MESHES * MESHES,
  );
  assert.equal(
    sum(({ identified }) => identified),
    0,
  );
  const acks = await Promise.all(children.map((child) => child.ask<number>("talk", names)));
  assert.equal(
    acks.reduce((total, count) => total + count, 0),
    MESHES,
  );
  const listed = await circuit(context, ["nodes", "--json"], { env: { XDG_RUNTIME_DIR: runtime } });
  assert.equal(listed.code, 0, listed.stderr);
  const rows = listed.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    rows.map(({ name }) => name),
    names,
  );
  assert.ok(
    rows.every(({ roundTripMs }) => typeof roundTripMs === "number"),
    "each has answered",
  );
  // One that goes is forgotten by each, once.
  await children[0]?.ask("leave");
  const after = (await settle(MESHES - 1)).reduce((total, { changes }) => total + changes, 0);
  assert.ok(after - MESHES * MESHES <= MESHES, `${after - MESHES * MESHES} changes`);
  context.diagnostic(
    `settled after ${settledMs.toFixed(0)} ms; listed in ${listed.durationMs.toFixed(0)} ms`,
  );
});
