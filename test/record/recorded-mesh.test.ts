import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import type { Entry } from "../../src/record/entry.js";
import { recordedMesh } from "../../src/record/recorded-mesh.js";
import { testMesh } from "../contract/mesh.js";
import { startRecorder } from "./recorder.js";

// Each end knows the nodes that it serves itself, as in two processes.
testMesh("A recorded MemoryMesh", async (options) => {
  const mesh = new MemoryMesh(options);
  const [here, there] = await Promise.all([startRecorder(), startRecorder()]);
  const far = recordedMesh(mesh, there.recorder);
  return {
    near: recordedMesh(mesh, here.recorder),
    far,
    serve: (name, handler) => far.serve(name, handler),
    announce: async () => {},
    missingCode: "PEER_MISSING",
  };
});

/** What a mesh's life records, without times. */
async function recorded(live: (mesh: Mesh, inner: Mesh) => Promise<void>): Promise<object[]> {
  const { recorder, close } = await startRecorder();
  const inner = new MemoryMesh();
  await live(recordedMesh(inner, recorder), inner);
  await inner.close();
  const entries: Entry[] = await close();
  return entries.map(({ atMs, ...entry }) => entry);
}

async function echo(message: Payload): Promise<Payload> {
  if (message === "fail") throw new Error("it broke");
  return message;
}

test("recordedMesh() records each message of its nodes once, with its kind, and what became of it", async () => {
  const bytes = Uint8Array.of(1, 2);
  const entries = await recorded(async (mesh) => {
    await mesh.serve("echo", ({ message }) => echo(message));
    await mesh.serve("mute", () => undefined);
    await mesh.send("echo", { a: 1 }, { from: "me", channel: "c" });
    await mesh.send("echo", bytes, { from: "me" });
    await assert.rejects(mesh.send("echo", "fail", { cause: { chain: ["other/x"] } }));
    await mesh.send("mute", "psst");
  });
  assert.deepEqual(entries, [
    { kind: "message", id: 1, from: "me", node: "echo", channel: "c", payload: { a: 1 } },
    { kind: "ack", id: 1, payload: { a: 1 }, isFailure: false },
    { kind: "message", id: 2, from: "me", node: "echo", channel: "", payload: bytes },
    { kind: "ack", id: 2, payload: bytes, isFailure: false },
    { kind: "message", id: 3, from: "other", node: "echo", channel: "", payload: "fail" },
    { kind: "ack", id: 3, payload: "it broke", isFailure: true },
    { kind: "message", id: 4, from: "", node: "mute", channel: "", payload: "psst" },
    { kind: "ack", id: 4, payload: "n/a", isFailure: false },
  ]);
});

test("recordedMesh() records what is sent to nodes of others, and their acks", async () => {
  const entries = await recorded(async (mesh, inner) => {
    await inner.serve("echo", ({ message }) => echo(message));
    await mesh.send("echo", "1", { from: "me" });
    for await (const ack of mesh.stream("echo", ["2"], { from: "me", channel: "c" })) assert.equal(ack, "2");
    await assert.rejects(mesh.send("echo", "fail"));
  });
  const message = { kind: "message", from: "me", node: "echo" };
  assert.deepEqual(entries, [
    { ...message, id: 1, channel: "", payload: "1" },
    { kind: "ack", id: 1, payload: "1", isFailure: false },
    { ...message, id: 2, channel: "c", payload: "2" },
    { kind: "ack", id: 2, payload: "2", isFailure: false },
    { ...message, id: 3, from: "", channel: "", payload: "fail" },
    { kind: "ack", id: 3, payload: entries.at(-1) && Object(entries.at(-1)).payload, isFailure: true },
  ]);
  assert.match(Object(entries.at(-1)).payload, /it broke/);
});

test("recordedMesh() records an event that is published, and once that it is heard, by however many", async () => {
  const entries = await recorded(async (mesh, inner) => {
    const heard: unknown[] = [];
    const both = new Promise<void>((resolve) => {
      for (const pattern of ["a.b", "a.*"])
        mesh.subscribe(pattern, ({ data }) => {
          if (heard.push(data) === 4) resolve();
        });
    });
    mesh.publish("a.b", { level: 1 });
    inner.publish("a.b", "from elsewhere");
    mesh.publish("x.y", 2);
    await both;
  });
  assert.deepEqual(entries, [
    { kind: "event", what: "published", subject: "a.b", payload: { level: 1 } },
    { kind: "event", what: "published", subject: "x.y", payload: 2 },
    { kind: "event", what: "heard", subject: "a.b", payload: { level: 1 } },
    { kind: "event", what: "heard", subject: "a.b", payload: "from elsewhere" },
  ]);
});
