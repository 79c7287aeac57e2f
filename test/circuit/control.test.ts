import assert from "node:assert/strict";
import { test } from "node:test";
import { type Moved, obey, readAnswer, readDone } from "../../src/circuit/control.js";
import { forwardTo } from "../../src/circuit/forward.js";
import type { Act } from "../../src/circuit/seen/seen.js";
import { CircuitError } from "../../src/core/error.js";
import { CONTROL_CHANNEL } from "../../src/mesh/channel.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Delivery } from "../../src/mesh/mesh.js";
import type { Payload } from "../../src/mesh/payload.js";

const MOVED: Moved = {
  ...{ node: "iopin", board: "desk", from: "mock", to: "sim:uno" },
  ...{ firmware: "CircuitFirmata.ino 1.0", nodes: ["iopin"], tookMs: 1.5 },
};

function delivery(message: Payload, { isProven = true, chain = ["iopin/circuit.control"] } = {}): Delivery {
  return {
    ...{ channel: CONTROL_CHANNEL, message, isProven, chain, deadlineAtMs: 0, hasDeadline: false },
    ...{ signal: new AbortController().signal, deliveryCount: 1, idempotencyKey: "k" },
    ...{ session: undefined, trace: undefined },
  };
}

/** What nobody here looks at. */
const SEEN = {
  see: (isWhole: boolean) => ({
    process: "desk/1",
    state: { boards: [], nodes: [], routes: [], stages: [] },
    ...(isWhole && {
      drawing: { box: { left: 0, top: 0, width: 1, height: 1 }, parts: [], wires: [], pins: {} },
    }),
  }),
  act: async ({ do: what }: Act) => `did ${what}`,
};

/** What a sender makes of the answer, and where the node was moved to. */
async function ask(
  asked: Delivery,
  { obeysAnyone = false, problem }: { obeysAnyone?: boolean; problem?: unknown } = {},
) {
  const movedTo: string[] = [];
  const swap = async (address: string) => {
    if (problem) throw problem;
    movedTo.push(address);
    return MOVED;
  };
  const answer = await obey(asked, { ...{ node: "iopin", obeysAnyone, swap }, ...SEEN });
  const outcome = await Promise.resolve()
    .then(() => readAnswer("iopin", answer))
    .catch((error: CircuitError) => [error.code, error.hint]);
  return { movedTo, outcome };
}

test("obey() moves a board for who has proved who he is", async () => {
  assert.deepEqual(await ask(delivery({ swap: "sim:uno" })), { movedTo: ["sim:uno"], outcome: MOVED });
});

for (const [who, given] of [
  ["who has proved nothing", { isProven: false }],
  ["a bridge, which vouches for nobody", { chain: ["/bridge/b1", "iopin/circuit.control"] }],
] as const) {
  test(`obey() does nothing for ${who}, unless the circuit allows it`, async () => {
    const asked = delivery({ swap: "sim:uno" }, given as Parameters<typeof delivery>[1]);
    await assert.rejects(ask(asked), /iopin obeys those only who prove who they are/);
    assert.deepEqual((await ask(asked, { obeysAnyone: true })).movedTo, ["sim:uno"]);
  });
}

for (const message of ["sim:uno", null, 1, [], {}, { swap: 1 }, Buffer.from("{}")] as const) {
  test(`obey() refuses ${JSON.stringify(message)}, which is no command`, async () => {
    const { movedTo, outcome } = await ask(delivery(message));
    assert.deepEqual([movedTo, (outcome as string[])[0]], [[], "MESSAGE_INVALID"]);
  });
}

test("a sender learns why it was not done, with what to do", async () => {
  const problem = new CircuitError("SWAP_REFUSED", "Cannot move", { hint: "Choose another." });
  const { outcome } = await ask(delivery({ swap: "mock" }), { problem });
  assert.deepEqual(outcome, ["SWAP_REFUSED", "Choose another."]);
  const other = await ask(delivery({ swap: "mock" }), { problem: new Error("a slip") });
  assert.deepEqual(other.outcome, ["COMMAND_FAILED", undefined]);
});

for (const answer of [
  "n/a",
  null,
  {},
  { moved: {} },
  { moved: { ...MOVED, nodes: [1] } },
  { error: {} },
] as const) {
  test(`readAnswer() refuses ${JSON.stringify(answer)}`, () => {
    assert.throws(() => readAnswer("iopin", answer as Payload), { code: "PEER_REFUSED" });
  });
}

test("a bridge passes no command on", async (context) => {
  const [near, far] = [new MemoryMesh(), new MemoryMesh()];
  context.after(() => Promise.all([near.close(), far.close()]));
  let ran = 0;
  await far.serve("bell", () => ++ran);
  await near.serve("bell", forwardTo(far, "bell", "b1"));
  await assert.rejects(near.send("bell", { swap: "mock" }, { channel: CONTROL_CHANNEL }), {
    code: "ACCESS_DENIED",
  });
  assert.equal(ran, 0);
});

const OPTIONS = { node: "iopin", obeysAnyone: false, swap: async () => MOVED, ...SEEN };

test("obey() tells how the circuit is, and where asked for how it looks", async () => {
  assert.deepEqual(readDone(await obey(delivery({ see: "state" }), OPTIONS)), { seen: SEEN.see(false) });
  assert.deepEqual(readDone(await obey(delivery({ see: "whole" }), OPTIONS)), { seen: SEEN.see(true) });
});

test("obey() does what a hand does", async () => {
  const act = { do: "press", board: "desk", part: "button1" };
  assert.deepEqual(readDone(await obey(delivery({ act }), OPTIONS)), { did: "did press" });
});

for (const message of [
  { see: "all" },
  { act: { do: "explode" } },
  { act: "press" },
  { see: true },
] as const) {
  test(`obey() takes ${JSON.stringify(message)} for no command`, async () => {
    const answer = await obey(delivery(message), OPTIONS);
    assert.throws(() => readDone(answer), { code: "MESSAGE_INVALID" });
  });
}
