import { after } from "node:test";
import { Connection } from "../../src/mesh/nats/connection.js";
import { Dialer } from "../../src/mesh/nats/dial.js";
import { NatsNode } from "../../src/mesh/nats/serve.js";
import { Node } from "../../src/mesh/node.js";
import { testSession } from "../contract/session.js";
import { type NatsServer, skipWithoutNats, startNats } from "./nats-server.js";

/** One server for all: each story has closed its nodes when the next begins. */
let started: Promise<NatsServer> | undefined;

after(async () => {
  await (await started)?.kill();
});

if (skipWithoutNats === false) {
  testSession("NATS", async ({ clock, limits }) => {
    started ??= startNats();
    const { url } = await started;
    const connect = async () => {
      const connection = new Connection({ servers: [url], credentials: undefined, clock, limits });
      connection.start();
      await new Promise<void>((resolve) => connection.listen({ up: () => resolve() }));
      return connection;
    };
    const [near, far] = [await connect(), await connect()];
    const dialer = new Dialer({ connection: near, clock, limits });
    const open = new Set<NatsNode>();
    return {
      dial: (target, dialing, waitMs) => dialer.dial(target, dialing, waitMs),
      serve: async (name, handler, concurrency = 1) => {
        const node = new Node({ name, handler, concurrency, clock, limits, schedule: process.nextTick });
        const denied = (error: Error) => {
          throw error;
        };
        const served = new NatsNode({
          node,
          connection: far,
          concurrency,
          version: "0.0.0",
          clock,
          limits,
          denied,
        });
        served.start();
        await far.client?.flush();
        open.add(served);
        return { close: () => served.close() };
      },
      close: async () => {
        await Promise.all([...open].map((node) => node.close()));
        await Promise.all([near.close(), far.close()]);
      },
      turn: () => new Promise((resolve) => setTimeout(resolve, 1)),
    };
  });
}
