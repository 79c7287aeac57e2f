import { randomUUID } from "node:crypto";
import { CircuitError } from "../../src/core/error.js";
import { LocalNodes } from "../../src/mesh/memory/local-nodes.js";
import { Node } from "../../src/mesh/node.js";
import { Trust } from "../../src/mesh/safety/trust.js";
import { WsConnector } from "../../src/mesh/ws/connect.js";
import { serveWs } from "../../src/mesh/ws/serve.js";
import type { OpenSessionRig } from "../contract/session/stage.js";
import { testSession } from "../contract/session.js";

testSession("memory links", async ({ clock, limits }) => {
  const nodes = new LocalNodes({ clock, limits, schedule: queueMicrotask });
  const missing = new CircuitError("PEER_MISSING", "Cannot reach it: there is no such node");
  return {
    dial: (target, dialing) => nodes.connect(target, dialing, missing),
    serve: async (name, handler, concurrency) => {
      const node = nodes.add(name, handler, concurrency);
      return { close: () => nodes.remove(node) };
    },
    close: () => nodes.close(),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  };
});

/** Sessions over WebSockets, whose ends prove their names where there is a trust. */
const overWebSockets =
  (trust?: Trust): OpenSessionRig =>
  async ({ clock, limits }) => {
    const connector = new WsConnector({ clock, limits });
    const urls = new Map<string, string>();
    const open = new Set<() => Promise<void>>();
    const serve = async (node: Node) => {
      const port = Number(new URL(urls.get(node.name) ?? "ws://127.0.0.1:0").port || 0);
      const listening = await serveWs({
        node,
        host: "127.0.0.1",
        port,
        clock,
        limits,
        allowedHosts: [],
        allowedOrigins: [],
        trust,
      });
      urls.set(node.name, listening.addresses[0] ?? "");
      const close = async () => {
        open.delete(close);
        const stopped = listening.close();
        await node.close();
        await stopped;
      };
      open.add(close);
      return { close };
    };
    return {
      ...(trust && { trust }),
      dial: (target, dialing, waitMs) =>
        connector.dial(target, () => urls.get(target) ?? `ws://127.0.0.1:1/${randomUUID()}`, dialing, waitMs),
      serve: (name, handler, concurrency = 1) =>
        serve(new Node({ name, handler, concurrency, clock, limits, schedule: process.nextTick })),
      close: async () => {
        await Promise.all([...open].map((close) => close()));
      },
      turn: () => new Promise((resolve) => setTimeout(resolve, 1)),
    };
  };

testSession("WebSockets", overWebSockets());

testSession("WebSockets with proofs", (options) => {
  const keysOf = (name: string) => [Buffer.from(`the secret of ${name}`)];
  const credentials = { keysOf, watch: () => () => {}, nameOf: () => undefined };
  return overWebSockets(new Trust({ credentials }))(options);
});
