import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { collect } from "../contract/waiting.js";

test("a stream that a foreign node breaks off makes no connection for what it gives up", async (context) => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  context.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    let messages = 0;
    socket.on("message", () => {
      if (++messages === 3) socket.close(1011, "enough");
    });
  });
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const mesh = new WsMesh({ grid: { foreign: `ws://127.0.0.1:${port}` }, framed: false });
  await assert.rejects(collect(mesh.stream("foreign", ["1", "2", "3"])), { code: "PEER_REFUSED" });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(connections, 1);
  const waiting = assert.rejects(collect(mesh.stream("foreign", ["1", "2"])), { code: "PEER_LOST" });
  await new Promise((resolve) => server.once("connection", resolve));
  await mesh.close();
  await waiting;
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(connections, 2);
});
