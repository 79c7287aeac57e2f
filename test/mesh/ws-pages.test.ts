import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { PageAnswer, Pages } from "../../src/mesh/ws/pages.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { Gate } from "../contract/waiting.js";
import { echo, handshake, openRaw, request, serve } from "./raw-client.js";

const options = { timeout: 10_000 };

const WELL: PageAnswer = { status: 200, contentType: "text/plain", body: "well\n" };

const pages: Pages = {
  "/healthz": (node) => (node.isLeaving ? { ...WELL, status: 503, body: "leaving\n" } : WELL),
  "/bad": () => Promise.reject(new Error("secret")),
};

const get = (
  port: number,
  path = "/healthz",
  { method = "GET", host = `127.0.0.1:${port}`, more = "" } = {},
) => [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...(more === "" ? [] : [more])] as const;

const answers: readonly (readonly [string, (port: number) => readonly string[], number, RegExp])[] = [
  ["a page", (port) => get(port), 200, /\r\n\r\nwell\n$/],
  ["a page with a query", (port) => get(port, "/healthz?x=1"), 200, /well/],
  [
    "a page that is asked for by localhost",
    (port) => get(port, "/healthz", { host: `localhost:${port}` }),
    200,
    /well/,
  ],
  ["HEAD", (port) => get(port, "/healthz", { method: "HEAD" }), 200, /Content-Length: 5\r\n[\s\S]*\r\n\r\n$/],
  [
    "POST",
    (port) => get(port, "/healthz", { method: "POST", more: "Content-Length: 0" }),
    405,
    /Allow: GET, HEAD/,
  ],
  ["a page that cannot be made", (port) => get(port, "/bad"), 500, /^(?![\s\S]*secret)/],
  ["a path without a page", (port) => get(port, "/toString"), 426, /connect with a WebSocket/],
  ["a path below a page", (port) => get(port, "/healthz/"), 426, /WebSocket/],
  ["a rebound name", (port) => get(port, "/healthz", { host: "evil.example" }), 403, /not this node/],
  [
    "a web page",
    (port) => get(port, "/healthz", { more: "Origin: http://evil.example" }),
    403,
    /not allowed/,
  ],
];
for (const [what, lines, status, said] of answers) {
  test(`WsMesh answers ${what} with ${status}`, options, async (context) => {
    const { port, othersGoOn } = await serve(context, echo, { pages });
    const answer = await request(context, port, lines(port));
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, said);
    await othersGoOn();
  });
}

test(
  "WsMesh says on its pages that a node leaves, until it has left",
  options,
  async (context: TestContext) => {
    const gate = new Gate();
    const { mesh, port, url } = await serve(
      context,
      async () => {
        gate.arrive();
        await gate.open;
        return "done";
      },
      { pages, limits: { closeMs: 5_000 } },
    );
    const near = new WsMesh({ grid: { node: url } });
    context.after(() => near.close());
    const ack = near.send("node", "1");
    await gate.arrivals(1);
    const closed = mesh.close();
    assert.match(await request(context, port, get(port)), /^HTTP\/1\.1 503 [\s\S]*leaving\n$/);
    gate.release();
    assert.equal(await ack, "done");
    await closed;
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
  },
);

test("WsMesh cuts a reader that does not send all of its request", options, async (context) => {
  const { port, othersGoOn } = await serve(context, echo, { pages, limits: { handshakeMs: 100 } });
  const socket = openRaw(context, port);
  socket.write(`POST /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 5\r\n\r\n`);
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  await othersGoOn();
});

test("WsMesh counts the connections that it does not let in", options, async (context) => {
  const { mesh, port } = await serve(context, echo);
  await request(context, port, handshake(port, { host: "evil.example" }));
  await request(context, port, handshake(port, { path: "/%ff" }));
  const [node] = mesh.counts().nodes;
  assert.deepEqual(
    [...(node?.refusedConnections ?? [])],
    [
      ["403", 1],
      ["400", 1],
    ],
  );
});
