import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { testPlainMesh } from "../contract/mesh.js";

testPlainMesh("WsMesh, plain", async (options) => {
  const near = new WsMesh({ ...options, framed: false });
  const far = new WsMesh({ ...options, framed: false });
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
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  server.close();
  await once(server, "close");
  return port;
}
