import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { findForbidden } from "../../src/mesh/ws/admission.js";
import { echo, handshake, openRaw, request, serve } from "./raw-client.js";

const refused: readonly (readonly [string, number, (port: number) => string[], RegExp])[] = [
  [
    "a web page",
    403,
    (port) => handshake(port, { more: ["Origin: http://evil.example"] }),
    /"http:\/\/evil\.example" is not allowed/,
  ],
  [
    "a page without an origin",
    403,
    (port) => handshake(port, { more: ["Origin: null"] }),
    /"null" is not allowed/,
  ],
  [
    "an extension",
    403,
    (port) => handshake(port, { more: ["Origin: chrome-extension://abc"] }),
    /not allowed/,
  ],
  [
    "an old browser's page",
    403,
    (port) => handshake(port, { more: ["Sec-WebSocket-Origin: http://evil.example"] }),
    /not allowed/,
  ],
  [
    "a page of our port under another of our names",
    403,
    (port) => handshake(port, { more: [`Origin: http://localhost:${port}`] }),
    /not allowed/,
  ],
  [
    "a page of our host and another port",
    403,
    (port) => handshake(port, { more: [`Origin: http://127.0.0.1:${port + 1}`] }),
    /not allowed/,
  ],
  [
    "a page of our host and no port, where we are asked without one",
    403,
    (port) => handshake(port, { host: "localhost", more: ["Origin: http://localhost"] }),
    /not allowed/,
  ],
  [
    "a page of our port over another scheme",
    403,
    (port) => handshake(port, { more: [`Origin: https://127.0.0.1:${port}`] }),
    /not allowed/,
  ],
  [
    "what only begins like our own page",
    403,
    (port) => handshake(port, { more: [`Origin: http://127.0.0.1:${port}.evil.example`] }),
    /not allowed/,
  ],
  [
    "a rebound name's own page",
    403,
    (port) =>
      handshake(port, { host: `evil.example:${port}`, more: [`Origin: http://evil.example:${port}`] }),
    /"evil\.example:\d+" is not this node/,
  ],
  [
    "a rebound name",
    403,
    (port) => handshake(port, { host: `evil.example:${port}` }),
    /"evil\.example:\d+" is not this node/,
  ],
  [
    "a rebound name that ends like ours",
    403,
    (port) => handshake(port, { host: "localhost.evil.example" }),
    /not this node/,
  ],
  [
    "a rebound name that begins like ours",
    403,
    (port) => handshake(port, { host: `127.0.0.1.evil.example:${port}` }),
    /not this node/,
  ],
  ["another port", 403, (port) => handshake(port, { host: `localhost:${port + 1}` }), /not this node/],
  [
    "an address that is not loopback",
    403,
    (port) => handshake(port, { host: `192.168.1.2:${port}` }),
    /not this node/,
  ],
  ["no host", 403, (port) => handshake(port, { host: "" }), /"" is not this node/],
  ["a path that is no UTF-8", 400, (port) => handshake(port, { path: "/%ff" }), /not percent-encoded UTF-8/],
  [
    "a channel over the limit",
    414,
    (port) => handshake(port, { path: `/${"x".repeat(256)}` }),
    /over 255 bytes/,
  ],
  [
    "a plain request",
    426,
    (port) => ["GET / HTTP/1.1", `Host: 127.0.0.1:${port}`],
    /connect with a WebSocket/,
  ],
  ["a POST", 426, (port) => ["POST / HTTP/1.1", `Host: 127.0.0.1:${port}`, "Content-Length: 0"], /WebSocket/],
  ["what is not HTTP", 400, () => ["hello"], /^/],
  ["headers over the limit", 431, (port) => handshake(port, { more: [`X: ${"x".repeat(20_000)}`] }), /^/],
];
for (const [what, status, lines, reason] of refused) {
  test(`WsMesh answers ${what} with ${status}`, { timeout: 10_000 }, async (context) => {
    const { port, othersGoOn } = await serve(context, echo);
    const answer = await request(context, port, lines(port));
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, reason);
    await othersGoOn();
  });
}

const admitted: readonly (readonly [string, (port: number) => string[]])[] = [
  ["localhost", (port) => handshake(port, { host: `localhost:${port}` })],
  ["LocalHost without a port", (port) => handshake(port, { host: "LocalHost" })],
  ["[::1]", (port) => handshake(port, { host: `[::1]:${port}` })],
  ["another address of loopback", (port) => handshake(port, { host: `127.0.0.2:${port}` })],
  ["a configured name", (port) => handshake(port, { host: `bench.lan:${port}` })],
  ["our own page", (port) => handshake(port, { more: [`Origin: http://127.0.0.1:${port}`] })],
  [
    "our own page by a name of any case",
    (port) => handshake(port, { host: `Bench.LAN:${port}`, more: [`Origin: http://bench.lan:${port}`] }),
  ],
  ["an allowed origin", (port) => handshake(port, { more: ["Origin: http://localhost:8080"] })],
  [
    "a subprotocol, which it does not speak",
    (port) => handshake(port, { more: ["Sec-WebSocket-Protocol: other"] }),
  ],
  [
    "compression, which it declines",
    (port) => handshake(port, { more: ["Sec-WebSocket-Extensions: permessage-deflate"] }),
  ],
];
for (const [what, lines] of admitted) {
  test(`WsMesh lets in ${what}`, { timeout: 10_000 }, async (context) => {
    const rules = { allowedHosts: ["bench.lan"], allowedOrigins: ["http://localhost:8080"] };
    const { port } = await serve(context, echo, rules);
    const socket = openRaw(context, port);
    socket.write(`${lines(port).join("\r\n")}\r\n\r\n`);
    const [answer] = await once(socket, "data");
    assert.match(String(answer), /^HTTP\/1\.1 101 /);
    assert.doesNotMatch(String(answer), /Sec-WebSocket-(?:Protocol|Extensions)/);
  });
}

test("findForbidden() knows the node's own page over TLS, and at a scheme's own port", () => {
  const rules = { port: 443, address: "192.168.1.2", isSecret: true, allowedHosts: [], allowedOrigins: [] };
  const isForbidden = (origin: string, host: string, changed: Partial<typeof rules> = {}) =>
    findForbidden({ host, origin }, { ...rules, ...changed }) !== undefined;
  assert.equal(isForbidden("https://192.168.1.2", "192.168.1.2"), false);
  assert.equal(isForbidden("https://[::1]", "[::1]:443"), false);
  assert.equal(isForbidden("http://192.168.1.2", "192.168.1.2"), true);
  assert.equal(isForbidden("https://192.168.1.2:8443", "192.168.1.2"), true);
  assert.equal(isForbidden("http://localhost", "localhost", { port: 80, isSecret: false }), false);
  assert.equal(isForbidden("https://localhost", "localhost", { port: 80, isSecret: false }), true);
  assert.equal(isForbidden("https://", "", {}), true);
});

test("WsMesh cuts a connection that never asks for anything", { timeout: 10_000 }, async (context) => {
  const { port, othersGoOn } = await serve(context, echo, { limits: { handshakeMs: 100 } });
  const silent = openRaw(context, port);
  const slow = openRaw(context, port);
  slow.write("GET / HTTP/1.1\r\nHost: ");
  silent.resume();
  slow.resume();
  await Promise.all([once(silent, "close"), once(slow, "close")]);
  await othersGoOn();
});
