import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { testMesh } from "../contract/mesh.js";

testMesh("MemoryMesh", async (options) => {
  const mesh = new MemoryMesh(options);
  return {
    near: mesh,
    far: mesh,
    serve: (name, handler) => mesh.serve(name, handler),
    announce: async () => {},
    missingCode: "PEER_MISSING",
  };
});

test("A MemoryMesh lets the event loop turn, however busy its nodes are", async () => {
  const mesh = new MemoryMesh();
  await mesh.serve("echo", ({ message }) => message);
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  let sent = 0;
  for (; !turned && sent < 10_000; sent++) await mesh.send("echo", "1");
  await mesh.close();
  assert.ok(turned, `no turn in ${sent} messages`);
});
