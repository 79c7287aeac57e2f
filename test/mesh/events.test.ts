import { after } from "node:test";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { testEvents, testLast, testQueues } from "../contract/events.js";
import { type NatsServer, skipWithoutNats, startNats } from "./nats-server.js";

/** Everything that meshes promise that keep no events. */
function testHub(...suite: Parameters<typeof testEvents>): void {
  testEvents(...suite);
  testQueues(...suite);
  testLast(...suite);
}

testHub("MemoryMesh", async () => {
  const mesh = new MemoryMesh();
  return { publisher: mesh, subscriber: mesh };
});

testHub("WsMesh within a process", async () => {
  const mesh = new WsMesh();
  return { publisher: mesh, subscriber: mesh };
});

/** Two meshes over sockets, of which those that are listed know the other's node. */
function overSockets(who: readonly ("publisher" | "subscriber")[]) {
  return async () => {
    const meshes = { publisher: new WsMesh(), subscriber: new WsMesh() };
    for (const name of who) {
      const other = name === "publisher" ? "subscriber" : "publisher";
      const node = await meshes[other].serve(other, () => "", { host: "127.0.0.1", port: 0 });
      meshes[name].introduce(other, node.addresses[0] ?? "");
    }
    return meshes;
  };
}

testHub("WsMesh, the subscriber connects", overSockets(["subscriber"]));
testHub("WsMesh, the publisher connects", overSockets(["publisher"]));
testHub("WsMesh, both connect", overSockets(["publisher", "subscriber"]));

let server: Promise<NatsServer> | undefined;

after(async () => {
  await (await server)?.kill();
});

testEvents(
  "NatsMesh",
  async (context) => {
    server ??= startNats();
    const { url } = await server;
    // Each story has subjects of its own only as long as the one before has closed its meshes, which it has.
    context.diagnostic(url);
    return { publisher: new NatsMesh({ url }), subscriber: new NatsMesh({ url }) };
  },
  { skip: skipWithoutNats },
);
