import { connect } from "@nats-io/transport-node";
import { WebSocket, WebSocketServer } from "ws";
import { systemClock } from "../../src/core/clock.js";
import { Observers } from "../../src/events/observers.js";
import { on } from "../../src/events/on.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import { startNats } from "../mesh/nats-server.js";

/** What the measurement of fan-out.ts goes over. Each is loaded where it is needed. */
export const ENGINES = {
  ws: () => meshOverWs(listen),
  nats: meshOverNats,
  observers: () => meshOverWs(observe),
  "bare-ws": () => bareWs([() => true]),
  "bare-nats": bareNats,
  "bare-filters": () => bareWs(FILTERS),
};

/** Ten who listen to one busy subject, each for another tenth of it. */
const FILTERS = Array.from({ length: 10 }, (_, index) => (data: unknown) => data === `${index}`);

export type EngineName = keyof typeof ENGINES;

export interface Engine {
  /** Serves whoever subscribes; each of their answers is told. */
  publisher(answered: () => void): Promise<Publisher>;
  /** Connects so many subscribers; each event that one of them hears is told. @returns What answers the publisher. */
  subscribers(address: string, count: number, heard: () => void): Promise<() => void>;
}

export interface Publisher {
  readonly address: string;
  /** To all who have subscribed. */
  publish(data: string): void;
}

/** The ends of a mesh, whatever its engine. */
function meshEngine(
  serve: () => Promise<{ readonly mesh: Mesh; readonly address: string }>,
  open: (address: string) => Promise<Mesh>,
  subscribe = listen,
): Engine {
  return {
    async publisher(answered) {
      const { mesh, address } = await serve();
      mesh.subscribe("answer", answered);
      await mesh.join();
      return { address, publish: (data) => void mesh.publish("tick", data) };
    },
    async subscribers(address, count, heard) {
      const meshes = await Promise.all(Array.from({ length: count }, () => open(address)));
      for (const mesh of meshes) subscribe(mesh, heard);
      await Promise.all(meshes.map((mesh) => mesh.join()));
      return () => void meshes[0]?.publish("answer", "");
    },
  };
}

function listen(mesh: Mesh, heard: () => void): void {
  mesh.subscribe("tick", heard);
}

function observe(mesh: Mesh, heard: () => void): void {
  const host = { mesh, clock: systemClock, node: "subscriber", notice: console.error };
  const observers = new Observers({
    ...host,
    publish: (subject, data, options) => mesh.publish(subject, data, options),
    runBecause: (_, work) => work(),
  });
  for (const filter of FILTERS) observers.start(on("tick", heard, { filter: ({ data }) => filter(data) }));
}

async function meshOverWs(subscribe: typeof listen): Promise<Engine> {
  // With our mesh, ws masks otherwise than the bare one that is the peer.
  const { WsMesh } = await import("../../src/mesh/ws/ws-mesh.js");
  return meshEngine(
    async () => {
      const mesh = new WsMesh({ limits: { connections: 2_048 } });
      const node = await mesh.serve("publisher", () => "", { host: "127.0.0.1", port: 0 });
      return { mesh, address: node.addresses[0] ?? "" };
    },
    async (address) => new WsMesh({ grid: { publisher: address } }),
    subscribe,
  );
}

async function meshOverNats(): Promise<Engine> {
  const { NatsMesh } = await import("../../src/mesh/nats/nats-mesh.js");
  const open = async (url: string) => {
    const mesh = new NatsMesh({ url });
    await mesh.open();
    return mesh;
  };
  return meshEngine(async () => {
    const address = await startServer();
    return { mesh: await open(address), address };
  }, open);
}

async function bareWs(filters: readonly ((data: string) => boolean)[]): Promise<Engine> {
  return {
    async publisher(answered) {
      const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
      server.on("connection", (ws) => ws.on("message", answered));
      await new Promise((resolve) => server.once("listening", resolve));
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("it has no port");
      const publish = (data: string) => {
        for (const ws of server.clients) ws.send(data);
      };
      return { address: `ws://127.0.0.1:${address.port}`, publish };
    },
    async subscribers(address, count, heard) {
      const all = Array.from({ length: count }, () => new WebSocket(address, { perMessageDeflate: false }));
      for (const ws of all)
        ws.on("message", (data) => {
          const text = data.toString();
          for (const filter of filters) if (filter(text)) heard();
        });
      await Promise.all(all.map((ws) => new Promise((resolve) => ws.once("open", resolve))));
      return () => all[0]?.send("");
    },
  };
}

async function bareNats(): Promise<Engine> {
  return {
    async publisher(answered) {
      const address = await startServer();
      const client = await connect({ servers: address });
      client.subscribe("answer", { callback: answered });
      await client.flush();
      return { address, publish: (data) => client.publish("tick", data) };
    },
    async subscribers(address, count, heard) {
      const all = await Promise.all(Array.from({ length: count }, () => connect({ servers: address })));
      for (const client of all)
        client.subscribe("tick", {
          callback: (_, message) => {
            message.string();
            heard();
          },
        });
      await Promise.all(all.map((client) => client.flush()));
      return () => all[0]?.publish("answer", "");
    },
  };
}

/** The publisher's own server: it runs on the same core. */
async function startServer(): Promise<string> {
  const server = await startNats();
  // However it ends: the figure ends it by itself.
  process.once("exit", () => void server.kill());
  process.once("SIGTERM", () => process.exit(0));
  return server.url;
}
