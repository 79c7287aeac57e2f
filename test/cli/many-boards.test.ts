import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";
import { firmataDevice } from "./devices.js";

/** A circuit on two boards, of which one is behind TCP; nobody listens there yet. */
async function onTwoBoards(context: TestContext, ticks: number) {
  const { device } = firmataDevice();
  const server = createServer(device);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  await new Promise((resolve) => server.close(resolve));
  context.after(() => server.close());
  const folder = temporaryFolder();
  const buzzer = (board: string) => ({ sketch: "buzzer", board });
  const circuit = {
    boards: { desk: "mock", door: `tcp://127.0.0.1:${port}` },
    nodes: {
      clock: { sketch: "clock", options: { ticks, delaySeconds: 0 } },
      iopin: { sketch: "iopin", board: "desk", options: { target: "bell", bitMs: 0 } },
      ...{ bell: buzzer("desk"), far: { ...buzzer("door"), listen: 0 } },
    },
    pins: { "door:2": { edges: "door" } },
  };
  writeFileSync(join(folder, "circuit.json"), JSON.stringify(circuit));
  const plugIn = () => server.listen(port, "127.0.0.1");
  return { folder, plugIn };
}

test("circuit run goes on without a board, says what stands still, and exits with 69", async (context) => {
  const { folder } = await onTwoBoards(context, 2);
  const { code, stdout, stderr } = await circuit(context, ["run", "circuit.json"], { folder });
  assert.match(stdout, /2 ticks, 2 acks/);
  assert.match(
    stderr,
    /^door: Cannot connect to tcp:\/\/127.*nobody listens there; node far, pin door:2 stand still until door is there, all else goes on\n {2}Check the board's address/m,
  );
  assert.match(stderr, /^circuit: Cannot run all of the circuit: node far, pin door:2 stand still without/m);
  assert.equal(code, 69);
});

test("circuit run begins what stood still when its board is there", async (context) => {
  const { folder, plugIn } = await onTwoBoards(context, 0);
  const running = startCircuit(context, ["run", "circuit.json"], { folder });
  await running.said(/^door: .* stand still until door is there/);
  plugIn();
  await running.said(/^tcp:.*: CircuitFirmata.*ready/);
  await running.said(/^far listens on ws:/);
  running.kill("SIGINT");
  const { code, stderr } = await running.ended();
  assert.equal(code, 130);
  assert.doesNotMatch(stderr, /Cannot run all/);
});
