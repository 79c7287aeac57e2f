import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MockBoard } from "../../src/board/link/mock.js";
import { runCircuit } from "../../src/circuit/run.js";
import { WatchedConfig } from "../../src/config/watched-config.js";
import { systemClock } from "../../src/core/clock.js";
import { temporaryFolder } from "../temporary-folder.js";
import type { Row } from "./bench.js";

/** What was asked of a save, in milliseconds. */
const ASKED_MS = 200;

const lampOf = (version: number) => `import { five, Sketch } from "circuit-five";
export class Lamp extends Sketch {
  setup({ board }) { new five.Led({ pin: 13, board }); this.out("${version}"); }
}`;

/** Milliseconds from a sketch's save to the setup of its new version. */
async function swapMs(): Promise<number> {
  const folder = temporaryFolder();
  const path = join(folder, "circuit.config.ts");
  writeFileSync(join(folder, "lamp.ts"), lampOf(0));
  writeFileSync(
    path,
    `import { Lamp } from "./lamp.ts"; export default { boards: { board: "mock" }, nodes: { lamp: { sketch: Lamp } } };`,
  );
  const watched = new WatchedConfig({ path, clock: systemClock, prepare: (definition) => definition });
  const stop = new AbortController();
  let startMs = 0;
  let swapped = (_tookMs: number) => {};
  const took = new Promise<number>((resolve) => {
    swapped = resolve;
  });
  const save = () => {
    startMs = performance.now();
    writeFileSync(join(folder, "lamp.ts"), lampOf(1));
  };
  const running = runCircuit(await watched.load(), {
    ...{ watched, signal: stop.signal, links: { board: new MockBoard() } },
    onBegun: () => void systemClock.after(100, save),
    onEvent: (event) => event.type === "notice" && swapped(performance.now() - startMs),
  });
  running.catch(() => {});
  // Neither a mock nor a watch keeps a process.
  const cancel = systemClock.after(10_000, () => {});
  const tookMs = await took;
  cancel();
  stop.abort();
  await running.catch(() => {});
  return tookMs;
}

export const rows: readonly Row[] = [
  {
    claim: "circuit run --watch: from a sketch's save until its new version runs",
    unit: "ms",
    peer: "asked",
    limit: { of: "ours", atMost: ASKED_MS },
    ours: swapMs,
    theirs: async () => ASKED_MS,
  },
];
