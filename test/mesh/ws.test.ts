import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { type OpenRig, testMesh } from "../contract/mesh.js";
import { testPlainMesh } from "../contract/plain-mesh.js";

const overSockets =
  (framed: boolean): OpenRig =>
  async (options) => {
    const near = new WsMesh({ ...options, framed });
    const far = new WsMesh({ ...options, framed });
    const ports = new Map<string, number>();
    return {
      near,
      missingCode: "PEER_MISSING",
      far,
      serve: async (name, handler) => {
        const node = await far.serve(name, handler, { host: "127.0.0.1", port: ports.get(name) ?? 0 });
        near.introduce(name, node.addresses[0] ?? "");
        return node;
      },
      announce: async (name) => {
        const port = await findFreePort();
        ports.set(name, port);
        near.introduce(name, `ws://127.0.0.1:${port}`);
      },
    };
  };

testPlainMesh("WsMesh, plain", overSockets(false));
testMesh("WsMesh, framed", overSockets(true));
testMesh("WsMesh within a process", async (options) => {
  const mesh = new WsMesh(options);
  return {
    near: mesh,
    far: mesh,
    serve: (name, handler) => mesh.serve(name, handler),
    announce: async () => {},
    missingCode: "PEER_UNKNOWN",
  };
});

test("WsMesh reaches one node by two names, a session each", async (context) => {
  const far = new WsMesh();
  const near = new WsMesh();
  context.after(() => Promise.all([near.close(), far.close()]));
  const node = await far.serve("node", async ({ message }) => message, { host: "127.0.0.1", port: 0 });
  for (const name of ["one", "other"]) near.introduce(name, node.addresses[0] ?? "");
  const messages = Array.from({ length: 100 }, (_, index) => index);
  const acks = await Promise.all(messages.map((index) => near.send(index % 2 ? "one" : "other", index)));
  assert.deepEqual(acks, messages);
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  server.close();
  await once(server, "close");
  return port;
}
