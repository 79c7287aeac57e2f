import type { TestContext } from "node:test";
import { NatsMesh, type NatsMeshOptions } from "../../src/mesh/nats/nats-mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { type NatsServer, skipWithoutNats, startNats } from "./nats-server.js";
import { NatsWire } from "./nats-wire.js";

/** Of every test against a server. */
export const options = { skip: skipWithoutNats, timeout: 60_000 };

/** A server of the test's own, and meshes that use it; all are closed with the test. */
export async function open(context: TestContext, config = "") {
  const server = await startNats({ config });
  const meshes: NatsMesh[] = [];
  const current = { server };
  context.after(async () => {
    await Promise.all(meshes.map((mesh) => mesh.close()));
    await current.server.kill();
  });
  const mesh = (changed: Partial<NatsMeshOptions> = {}) => {
    const made = new NatsMesh({ url: server.url, ...changed });
    meshes.push(made);
    return made;
  };
  const wire = async () => {
    const made = await NatsWire.connect(server.port);
    context.after(() => made.close());
    return made;
  };
  return { server, current, mesh, wire };
}

/** All acks of a stream. */
export async function collect(acks: AsyncIterable<Payload>): Promise<Payload[]> {
  const all: Payload[] = [];
  for await (const ack of acks) all.push(ack);
  return all;
}

/** "0", "1" and so on. */
export const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

/** Starts a server again where it was. */
export function restart(server: NatsServer, config = ""): Promise<NatsServer> {
  return startNats({ port: server.port, config });
}

/** Looks again in every turn of the event loop, for 10 s at most. */
export async function waitUntil(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`Not so within 10 s: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
