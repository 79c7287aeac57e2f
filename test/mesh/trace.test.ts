import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { findTrace, type TraceContext } from "../../src/mesh/trace.js";

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

const rows: readonly (readonly [
  traceparent: unknown,
  tracestate: unknown,
  found: TraceContext | undefined,
])[] = [
  [PARENT, undefined, { traceparent: PARENT }],
  [PARENT, "congo=t61rcWkgMzE", { traceparent: PARENT, tracestate: "congo=t61rcWkgMzE" }],
  [PARENT, "x".repeat(513), { traceparent: PARENT }],
  [PARENT, "", { traceparent: PARENT }],
  [PARENT, "a=1\r\nEvil: 1", { traceparent: PARENT }],
  [PARENT, 1, { traceparent: PARENT }],
  [`${PARENT} `, undefined, undefined],
  [`${PARENT}-00`, undefined, undefined],
  [PARENT.toUpperCase(), undefined, undefined],
  [PARENT.replace(/^00/, "ff"), undefined, undefined],
  [PARENT.replace(/4bf\w+/, "0".repeat(32)), undefined, undefined],
  [PARENT.replace(/00f\w+/, "0".repeat(16)), undefined, undefined],
  [undefined, "a=1", undefined],
  [7, undefined, undefined],
];
for (const [traceparent, tracestate, found] of rows) {
  test(`findTrace() of ${JSON.stringify([traceparent, tracestate]).slice(0, 90)}`, () => {
    assert.deepEqual(findTrace(traceparent, tracestate), found);
  });
}

test("a handler passes its message's trace on without an SDK", async () => {
  const mesh = new MemoryMesh();
  const seen: (TraceContext | undefined)[] = [];
  await mesh.serve("iopin", (delivery) => mesh.send("buzzer", "1", { cause: delivery }));
  await mesh.serve("buzzer", ({ trace }) => {
    seen.push(trace);
  });
  const trace = { traceparent: PARENT, tracestate: "a=1" };
  await mesh.send("iopin", "1", { cause: { chain: [], trace } });
  await mesh.send("iopin", "1");
  assert.deepEqual(seen, [trace, undefined]);
});
