import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Flow } from "../../src/flow/flow.js";
import { Manager } from "../../src/flow/manager.js";
import { pipeline } from "../../src/flow/pipeline.js";
import type { Protocol } from "../../src/flow/plan.js";
import { cases } from "../long.js";
import { count } from "./scene.js";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** What is compiled meanwhile, and samples of latencies that are not all there at the middle. */
const MOST_MORE_BYTES = 1_000_000;

for (const protocol of ["sync", "async"] satisfies Protocol[]) {
  test(`${protocol}: memory is as at the middle when the last item arrives`, async () => {
    const items = cases(400_000, 10_000_000);
    const usedBytes: number[] = [];
    let arrived = 0;
    const flow = new Flow({
      name: "memory",
      managers: [
        new Manager({
          name: "objects",
          protocol,
          pipeline: pipeline({
            sources: { numbers: () => count(items) },
            processors: {
              wrap: (item: number) => ({ item, text: `${item}` }),
              filter: (wrapped: { item: number }) => wrapped,
              sink: (_wrapped: { item: number }) => {
                if (++arrived !== items / 2 && arrived !== items) return;
                collectGarbage();
                usedBytes.push(process.memoryUsage().heapUsed);
              },
            },
          }).connect([
            { from: "numbers", to: "wrap" },
            { from: "wrap", to: "filter" },
            { from: "filter", to: "sink" },
          ]),
        }),
      ],
    });
    flow.start();
    await flow.done;
    const [middle = 0, end = 0] = usedBytes;
    assert.ok(middle > 0 && end - middle < MOST_MORE_BYTES, `${usedBytes} bytes`);
  });
}
