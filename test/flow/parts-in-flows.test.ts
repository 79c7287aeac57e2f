import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.js";
import { Flow } from "../../src/flow/flow.js";
import { Manager } from "../../src/flow/manager.js";
import { csv } from "../../src/flow/outputs/csv.js";
import { ndjson } from "../../src/flow/outputs/ndjson.js";
import { toEvents } from "../../src/flow/outputs/to-events.js";
import { pipeline } from "../../src/flow/pipeline.js";
import type { Protocol } from "../../src/flow/plan.js";
import { source } from "../../src/flow/processor.js";
import { events } from "../../src/flow/sources/events.js";
import { lines } from "../../src/flow/sources/lines.js";
import { nodeChannel } from "../../src/flow/sources/node-channel.js";
import { websocket } from "../../src/flow/sources/websocket.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { temporaryFolder } from "../temporary-folder.js";

for (const protocol of ["sync", "async"] satisfies Protocol[]) {
  test(`${protocol}: from lines through a processor into CSV and JSON, all of it`, async () => {
    const folder = temporaryFolder();
    const count = 2_000;
    writeFileSync(join(folder, "in"), Array.from({ length: count }, (_, n) => `${n}\n`).join(""));
    const flow = new Flow({
      name: "copy",
      managers: [
        new Manager({
          name: "lines",
          protocol,
          pipeline: pipeline({
            sources: { lines: lines(join(folder, "in")) },
            processors: {
              double: (line: string) => ({ line, twice: 2 * Number(line) }),
              csv: csv(join(folder, "out.csv"), { flushEveryMs: 1_000 }),
              json: ndjson(join(folder, "out.ndjson")),
            },
          }).connect([
            { from: "lines", to: "double" },
            { from: "double", to: "csv" },
            { from: "double", to: "json" },
          ]),
        }),
      ],
    });
    flow.start();
    await flow.done;
    const rows = Array.from({ length: count }, (_, n) => `${n},${2 * n}\n`);
    assert.equal(readFileSync(join(folder, "out.csv"), "utf8"), `line,twice\n${rows.join("")}`);
    assert.equal(readFileSync(join(folder, "out.ndjson"), "utf8").split("\n").length, count + 1);
  });
}

test("a node's messages become events; the ack says that it was published", async (t: TestContext) => {
  const mesh = new MemoryMesh({ clock: systemClock });
  t.after(() => mesh.close());
  const heard: Payload[] = [];
  mesh.subscribe("intake", ({ data }) => heard.push(data));
  const flow = new Flow({
    name: "intake",
    managers: [
      new Manager({
        name: "messages",
        pipeline: pipeline({
          sources: { node: nodeChannel<Payload>(mesh, "intake"), events: events<Payload>(mesh, "other") },
          processors: {
            text: ({ message }: { message: Payload }) => `${message}`,
            data: ({ data }: { data: Payload }) => `${data}`,
            publish: toEvents<Payload>(mesh, "intake"),
          },
        }).connect([
          { from: "node", to: "text" },
          { from: "events", to: "data" },
          { from: "text", to: "publish" },
          { from: "data", to: "publish" },
        ]),
      }),
    ],
  });
  flow.start();
  for (const message of ["one", "two", "three"]) {
    assert.equal(await mesh.send("intake", message), "acknowledged");
    await Promise.resolve();
    assert.equal(heard.at(-1), message);
  }
  await flow.stop();
});

test("the outputs of a WebSocket are typed by name", () => {
  const feed = source(websocket("ws://127.0.0.1:9/"));
  feed.on("message", (message: string | Uint8Array) => void message);
  feed.on("disconnect", ({ code }) => void code.toFixed());
  // @ts-expect-error: a message is no object with a code
  feed.on("message", ({ code }: { code: number }) => void code);
  // @ts-expect-error: there is no such output
  feed.on("data", () => {});
});
