import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { collect, Gate, turns } from "../contract/waiting.js";

/** A node that notes the sessions of its messages, on a clock that moves by hand. */
async function serve() {
  const clock = new ManualClock();
  const mesh = new MemoryMesh({ clock });
  const gate = new Gate();
  const sessions: (string | undefined)[] = [];
  await mesh.serve("door", async ({ message, session }) => {
    sessions.push(session);
    if (message === "wait") {
      gate.arrive();
      await gate.open;
    }
    return message;
  });
  const links = () => mesh.counts().nodes[0]?.framedLinks;
  return { clock, mesh, gate, sessions, links };
}

test("messages of different lanes go by sessions of their own, and do not wait for each other", async () => {
  const { mesh, gate, sessions, links } = await serve();
  const waiting = mesh.send("door", "wait", { lane: "a" });
  await gate.arrivals(1);
  assert.equal(await mesh.send("door", "1", { lane: "b" }), "1");
  assert.equal(await mesh.send("door", "2"), "2");
  assert.equal(new Set(sessions).size, 3);
  assert.equal(links(), 3);
  assert.equal(mesh.counts().peers[0]?.outstanding, 1);
  gate.release();
  assert.equal(await waiting, "wait");
});

test("messages of one lane share a session, and keep their order", async () => {
  const { mesh, sessions } = await serve();
  const numbers = Array.from({ length: 2_000 }, (_, index) => String(index));
  assert.deepEqual(await collect(mesh.stream("door", numbers, { lane: "a" })), numbers);
  assert.equal(new Set(sessions).size, 1);
});

test("a lane that is not used for a minute is closed, and opened anew when it is", async () => {
  const { clock, mesh, links } = await serve();
  await mesh.send("door", "1", { lane: "a" });
  clock.advance(60_000);
  await turns();
  assert.equal(links(), 1, "it was used in the minute before");
  clock.advance(60_000);
  await turns();
  assert.equal(links(), 0);
  assert.equal(await mesh.send("door", "2", { lane: "a" }), "2");
  assert.equal(links(), 1);
  await mesh.close();
  assert.equal(clock.pending, 0);
});

test("a lane on which somebody waits stays open", async () => {
  const { clock, mesh, gate, links } = await serve();
  const waiting = mesh.send("door", "wait", { lane: "a" });
  await gate.arrivals(1);
  clock.advance(600_000);
  await turns();
  assert.equal(links(), 1);
  gate.release();
  assert.equal(await waiting, "wait");
});
