import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WebSocketServer } from "ws";
import { statusLine, statusTable } from "../../../src/cli/flow-status.js";
import type { SourceFunction } from "../../../src/flow/source.js";
import { events } from "../../../src/flow/sources/events.js";
import { nodeChannel } from "../../../src/flow/sources/node-channel.js";
import { edges, samples } from "../../../src/flow/sources/pin.js";
import { pushed } from "../../../src/flow/sources/push-source.js";
import { websocket } from "../../../src/flow/sources/websocket.js";
import { turns } from "../../contract/waiting.js";
import { Scene } from "../scene.js";
import { until } from "../source-context.js";

/** A flow whose sink keeps each item until it is let go on, one after the other. */
function slow(source: SourceFunction<unknown>, output = "data") {
  const taken: unknown[] = [];
  let next = () => {};
  const sink = (item: unknown) => {
    taken.push(item);
    return new Promise<void>((resolve) => (next = resolve));
  };
  const scene = new Scene({
    protocol: "sync",
    graceMs: 1_000,
    pipeline: {
      sources: { source },
      processors: { sink },
      connections: [{ from: "source", output, to: "sink" }],
    },
  });
  return { scene, taken, next: () => next() };
}

/** What the status says of the source, when its items add up. */
function countsOf(scene: Scene): Record<string, number> {
  const counts = scene.counts("source");
  const { in: came = 0, dropped = 0, handled = 0, waiting = 0 } = counts;
  assert.equal(came, dropped + handled + waiting, "the source's items do not add up");
  return counts;
}

/** A place of events, and a mesh's node, that the test pushes into. */
function pushes() {
  let push = (_: number): unknown => undefined;
  return {
    push: (item: number) => push(item),
    events: {
      subscribe: (
        _: string,
        handler: (event: { subject: string; data: number; headers: Record<string, string> }) => void,
      ) => {
        push = (data) => handler({ subject: "a", data, headers: {} });
        return { close() {} };
      },
    },
    pushing: pushed<number>(
      (pushing) => {
        push = pushing.push;
        return () => {};
      },
      { mostWaiting: 2 },
    ),
    node: {
      serve: async (
        _: string,
        handler: (delivery: {
          channel: string;
          message: number;
          idempotencyKey: string;
          signal: AbortSignal;
        }) => Promise<unknown>,
      ) => {
        const { signal } = new AbortController();
        push = (message) =>
          handler({ channel: "a", message, idempotencyKey: String(message), signal }).catch(() => {});
        return { close: async () => {} };
      },
    },
    pin: {
      read: (handler: (value: number) => void) => {
        push = handler;
        return () => {};
      },
    },
  };
}

describe("what a source drops is in the flow's status", () => {
  for (const [name, open] of [
    ["pushed()", ({ pushing }: ReturnType<typeof pushes>) => pushing],
    ["events()", ({ events: place }: ReturnType<typeof pushes>) => events(place, "a", { mostWaiting: 2 })],
    [
      "events() with drop-newest",
      ({ events: place }: ReturnType<typeof pushes>) =>
        events(place, "a", { mostWaiting: 2, overflow: "drop-newest" }),
    ],
  ] as const)
    test(name, async () => {
      const from = pushes();
      const { scene, next } = slow(open(from));
      await scene.start();
      for (let item = 0; item < 8; item++) {
        from.push(item);
        await turns();
      }
      assert.deepEqual(countsOf(scene), { in: 8, dropped: 5, handled: 1, waiting: 2, out: 1 });
      const stopped = scene.flow.stop();
      next();
      await stopped;
      assert.deepEqual(countsOf(scene), { in: 8, dropped: 7, handled: 1, out: 1 });
    });

  test("nodeChannel(), whose senders are refused", async () => {
    const from = pushes();
    const { scene } = slow(nodeChannel(from.node, "desk"));
    await scene.start();
    for (let item = 0; item < 1_030; item++) void from.push(item);
    await turns();
    assert.deepEqual(countsOf(scene), { in: 1_030, dropped: 6, handled: 1, waiting: 1_023, out: 1 });
    const stopped = scene.flow.stop();
    await scene.pass(1_000);
    await stopped;
    assert.deepEqual(countsOf(scene), { in: 1_030, dropped: 1_029, handled: 1, out: 1 });
  });

  test("edges() and samples()", async () => {
    const edged = pushes();
    const pressed = slow(edges(edged.pin, { debounceMs: 0 }));
    await pressed.scene.start();
    for (let edge = 1; edge <= 1_030; edge++) edged.push(edge % 2);
    await turns();
    assert.deepEqual(countsOf(pressed.scene), { in: 1_030, dropped: 6, handled: 1, waiting: 1_023, out: 1 });
    const sampled = pushes();
    const read = slow(samples(sampled.pin));
    await read.scene.start();
    for (const value of [1, 2, 3, 4]) sampled.push(value);
    await turns();
    assert.deepEqual(countsOf(read.scene), { in: 4, dropped: 3, handled: 1, out: 1 });
    for (const { scene } of [pressed, read]) {
      const stopped = scene.flow.stop();
      await scene.pass(1_000);
      await stopped;
    }
  });

  test("websocket(), of which nobody takes what waits at the end", async (context) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    context.after(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    server.on("connection", (ws) => {
      for (let message = 0; message < 5; message++) ws.send(`${message}`);
    });
    const { scene } = slow(websocket(`ws://127.0.0.1:${port}`), "message");
    await scene.start();
    await until(() => scene.counts("source").in === 6, "all has come");
    // The first is that it is connected.
    assert.deepEqual(countsOf(scene), { in: 6, handled: 2, waiting: 4, out: 2, untaken: 1 });
    const stopped = scene.flow.stop();
    await scene.pass(1_000);
    await stopped;
    assert.deepEqual(countsOf(scene), { in: 6, handled: 2, dropped: 4, out: 2, untaken: 1 });
    assert.ok(scene.lines.some((line) => /4 messages of .* were dropped/.test(line)));
  });
});

test("a command's table and line show what a source drops", async () => {
  const from = pushes();
  const { scene, next } = slow(from.pushing);
  await scene.start();
  for (let item = 0; item < 8; item++) {
    from.push(item);
    await turns();
  }
  const [heading, , source] = statusTable([scene.status], { columns: 200, color: false });
  assert.match(heading ?? "", /IN +OUT +DROPPED +IN FLIGHT/);
  assert.match(source ?? "", /^ {2}source +8 +1 +5 +2 /);
  assert.equal(
    statusLine(scene.status),
    "m0 running: 1 items, 5 dropped, 0 given up, 3 in flight, 0 restarts",
  );
  const stopped = scene.flow.stop();
  next();
  await stopped;
});
