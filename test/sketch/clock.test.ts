import assert from "node:assert/strict";
import { test } from "node:test";
import { type CircuitDefinition, runCircuit } from "../../src/index.js";
import { MockBoard } from "../../src/testing.js";

test("Clock without a delay makes way for timers and signals, though nothing else waits for anything", async () => {
  const circuit: CircuitDefinition = {
    nodes: {
      clock: { sketch: "clock", options: { ticks: 0, delaySeconds: 0 } },
      iopin: { sketch: "iopin" },
      buzzer: { sketch: "buzzer" },
    },
  };
  const stop = new AbortController();
  const reason = new Error("enough");
  let acks = 0;
  const running = runCircuit(circuit, {
    signal: stop.signal,
    links: { board: new MockBoard() },
    onEvent: (event) => {
      if (event.type !== "out" || event.node !== "clock" || !event.text.startsWith("<")) return;
      if (++acks === 3) setImmediate(() => stop.abort(reason));
    },
  });
  await assert.rejects(running, reason);
  assert.ok(acks < 20, `${acks} acks`);
});
