import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { Trust } from "../../../src/mesh/safety/trust.js";
import { mayRead } from "../../../src/mesh/ws/may-read.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { Authority, skipWithoutOpenssl } from "./certificates.js";
import { machine, refusal, secretOf, secretsOf, TRACE, writeCredentials } from "./desk.js";
import { BYE, framedClient, WELCOME } from "./framed-client.js";

const LOOPBACK = { host: "127.0.0.1", port: 0 } as const;

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

async function buzzer(context: TestContext, options: Parameters<typeof machine>[2] = {}) {
  const there = await machine(context, secretsOf("iopin", "buzzer"), options);
  const { addresses } = await there.mesh.serve(
    "buzzer",
    ({ message }) => `buzz ${String(message)}`,
    LOOPBACK,
  );
  return { ...there, url: addresses[0] ?? "" };
}

/** What a foreign client gets for its first message, or the status and body by which it is refused. */
async function ask(
  context: TestContext,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  more: object = {},
): Promise<string> {
  const ws = new WebSocket(url, { headers, ...more });
  context.after(() => ws.terminate());
  return new Promise((resolve) => {
    ws.on("error", (error) => resolve(error.message));
    ws.on("unexpected-response", (_, response: IncomingMessage) => {
      let body = `${response.statusCode} ${response.headers["www-authenticate"] ?? "-"} `;
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve(body.trim()));
    });
    ws.on("open", () => ws.send("1"));
    ws.on("message", (data) => resolve(String(data)));
    ws.on("close", (code, reason) => resolve(`closed ${code} ${reason}`));
  });
}

const UNAUTHORIZED = "401 Bearer give the token of a node's credential";

const asks: readonly (readonly [
  what: string,
  headers: Record<string, string>,
  path: string,
  answer: string,
])[] = [
  ["with a node's secret", bearer(secretOf("iopin")), "/bits", "buzz 1"],
  ["with a scheme in another case", { authorization: `bearer ${secretOf("iopin")}` }, "/", "buzz 1"],
  ["without a token", {}, "/", UNAUTHORIZED],
  ["with a token that is nobody's", bearer(secretOf("iopin", "-guessed")), "/", UNAUTHORIZED],
  ["with the beginning of a secret", bearer(secretOf("iopin").slice(0, -1)), "/", UNAUTHORIZED],
  ["with nothing", bearer(""), "/", UNAUTHORIZED],
  ["with Basic", { authorization: `Basic ${secretOf("iopin")}` }, "/", UNAUTHORIZED],
  ["with the secret in the query", {}, `/?token=${secretOf("iopin")}`, UNAUTHORIZED],
  ["with the secret in a cookie", { cookie: `token=${secretOf("iopin")}` }, "/", UNAUTHORIZED],
];
for (const [what, headers, path, answer] of asks) {
  test(`A plain client ${what} gets ${answer.slice(0, 6)} where there are credentials`, async (context) => {
    const { url, notices } = await buzzer(context);
    assert.equal(await ask(context, url + path, headers), answer);
    assert.equal(notices.length, answer === UNAUTHORIZED ? 1 : 0);
    for (const notice of notices) assert.doesNotMatch(notice, TRACE);
  });
}

test("A plain client loses its connection with its credential", async (context) => {
  const { url, path, safety } = await buzzer(context);
  const ws = new WebSocket(url, { headers: bearer(secretOf("iopin")) });
  context.after(() => ws.terminate());
  await once(ws, "open");
  writeCredentials(path, secretsOf("buzzer"));
  const closed = once(ws, "close");
  await safety.look();
  const [code, reason] = await closed;
  assert.deepEqual([code, String(reason)], [1008, "its credential counts no more"]);
});

test("The plain protocol can be closed", async (context) => {
  const { url } = await buzzer(context, { safety: { plain: false } });
  assert.match(
    await ask(context, url, bearer(secretOf("iopin"))),
    /^403 - the plain protocol is closed here/,
  );
  const foreign = await machine(context, undefined);
  const { addresses } = await foreign.mesh.serve("lamp", () => "on", LOOPBACK);
  const here = await machine(context, undefined, {
    ...{ safety: { plain: false }, framed: false, grid: { lamp: addresses[0] ?? "" } },
  });
  const { code, text } = await refusal(here.mesh.send("lamp", "1"));
  assert.equal(code, "ACCESS_DENIED");
  assert.match(text, /plain protocol, which is closed/);
});

test("A page gives its token in the hello, once", async (context) => {
  const { url, path, safety, notices } = await buzzer(context);
  const rows = [
    [{ token: secretOf("iopin") }, WELCOME],
    [{ token: secretOf("iopin"), from: "iopin" }, WELCOME],
    [{ token: secretOf("iopin"), from: "buzzer" }, BYE],
    [{ token: secretOf("iopin", "-guessed"), from: "iopin" }, BYE],
    [{ token: "" }, BYE],
  ] as const;
  for (const [fields, expected] of rows) {
    const client = await framedClient(context, url);
    client.hello({ sender: crypto.randomUUID(), ...fields });
    const [type] = await client.next().catch(() => [BYE]);
    assert.equal(type, expected, JSON.stringify(fields));
  }
  const client = await framedClient(context, url);
  client.hello({ sender: "kept", token: secretOf("iopin") });
  await client.next();
  writeCredentials(path, secretsOf("buzzer"));
  const rest = client.rest();
  await safety.look();
  await rest;
  for (const notice of notices) assert.doesNotMatch(notice, TRACE);
});

test("Access lists refuse a channel to a sender, and say so to both", async (context) => {
  const access = { buzzer: { iopin: ["bits"], "*": ["status"] } };
  const there = await machine(context, secretsOf("iopin", "clock", "buzzer"), { safety: { access } });
  const runs: unknown[] = [];
  const { addresses } = await there.mesh.serve("buzzer", ({ channel }) => void runs.push(channel), LOOPBACK);
  const [url = ""] = addresses;
  const here = await machine(context, secretsOf("iopin", "clock", "buzzer"), { grid: { buzzer: url } });
  const send = (from: string, channel: string) => here.mesh.send("buzzer", "1", { from, channel });
  assert.equal(await send("iopin", "bits"), "n/a");
  assert.equal(await send("clock", "status"), "n/a");
  for (const [from, channel] of [
    ["clock", "bits"],
    ["iopin", "status"],
    ["iopin", ""],
  ] as const) {
    const { code, text } = await refusal(send(from, channel));
    assert.equal(code, "ACCESS_DENIED");
    assert.match(text, new RegExp(`buzzer takes nothing from it on channel "${channel}"`));
  }
  // One that is refused does not hold up the others of its channel, or of its session.
  assert.equal(await send("iopin", "bits"), "n/a");
  assert.deepEqual(runs, ["bits", "status", "bits"]);
  assert.equal(there.notices.length, 3);
  assert.equal(
    there.notices[0],
    'buzzer refused 127.0.0.1, which calls itself "clock": it may not send to "bits"',
  );
  assert.equal(await ask(context, `${url}/bits`, bearer(secretOf("iopin"))), "n/a");
  assert.match(
    await ask(context, `${url}/bits`, bearer(secretOf("clock"))),
    /^403 - buzzer takes nothing from it/,
  );
});

test("Access lists count within a process, too", async (context) => {
  const access = { buzzer: { iopin: ["bits"] } };
  const { mesh } = await machine(context, secretsOf("buzzer"), { safety: { access } });
  await mesh.serve("buzzer", () => "buzz");
  assert.equal(await mesh.send("buzzer", "1", { from: "iopin", channel: "bits" }), "buzz");
  assert.equal(
    (await refusal(mesh.send("buzzer", "1", { from: "clock", channel: "bits" }))).code,
    "ACCESS_DENIED",
  );
});

test("A node that the credentials do not name is not served to others", async (context) => {
  const { mesh } = await machine(context, secretsOf("iopin"));
  const { code, text } = await refusal(mesh.serve("buzzer", () => {}, LOOPBACK));
  assert.equal(code, "CONFIG_INVALID");
  assert.match(text, /the credentials have none of that name/);
  await mesh.serve("buzzer", () => {}); // to its own process it is
});

describe("Over TLS", { skip: skipWithoutOpenssl }, () => {
  test("a token lets a plain client in", async (context) => {
    const authority = new Authority(temporaryFolder());
    const { certificate, key } = authority.issue("buzzer");
    const { url } = await buzzer(context, { safety: { tls: { certificate, key } } });
    const ca = readFileSync(authority.certificate);
    assert.equal(await ask(context, url, bearer(secretOf("iopin")), { ca }), "buzz 1");
    assert.equal(await ask(context, url, {}, { ca }), UNAUTHORIZED);
  });
});

test("mayRead() lets this machine read, and over TLS whoever has a token", async () => {
  const trust = new Trust({
    credentials: {
      keysOf: () => [],
      watch: () => () => {},
      nameOf: (token) => (token === "right" ? "iopin" : undefined),
    },
  });
  const { Socket } = await import("node:net");
  const { TLSSocket } = await import("node:tls");
  const requestFrom = (remoteAddress: string, authorization: string | undefined, isSecret: boolean) => {
    const socket = isSecret ? new TLSSocket(new Socket()) : new Socket();
    Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
    // The cast: what is asked of a request.
    return { socket, headers: { authorization } } as IncomingMessage;
  };
  const rows = [
    ["127.0.0.1", undefined, false, true],
    ["::1", undefined, false, true],
    ["::ffff:127.0.0.1", undefined, false, true],
    ["192.0.2.1", undefined, false, false],
    ["192.0.2.1", "Bearer right", false, false],
    ["192.0.2.1", "Bearer right", true, true],
    ["192.0.2.1", "Bearer wrong", true, false],
    ["192.0.2.1", undefined, true, false],
    ["::ffff:192.0.2.1", undefined, true, false],
  ] as const;
  for (const [address, authorization, isSecret, may] of rows) {
    const request = requestFrom(address, authorization, isSecret);
    assert.equal(mayRead(request, trust), may, `${address} ${authorization} ${isSecret}`);
  }
  assert.equal(mayRead(requestFrom("192.0.2.1", "Bearer right", true), undefined), false);
});
