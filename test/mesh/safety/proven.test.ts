import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { MemoryMesh } from "../../../src/mesh/memory/memory-mesh.js";
import type { Handler } from "../../../src/mesh/mesh.js";
import { machine, secretOf, secretsOf } from "./desk.js";
import { framedClient, WELCOME } from "./framed-client.js";

/** A buzzer that answers whether its sender has proved who it is. */
const HANDLER: Handler = ({ isProven }) => String(isProven);

const SECRETS = secretsOf("iopin", "buzzer");

test("a sender with a credential has proved who it is, one of the plain protocol has not", async (context) => {
  const there = await machine(context, SECRETS);
  const { addresses } = await there.mesh.serve("buzzer", HANDLER, { host: "127.0.0.1", port: 0 });
  const [url = ""] = addresses;
  const here = await machine(context, SECRETS, { grid: { buzzer: url } });
  assert.equal(await here.mesh.send("buzzer", "1", { from: "iopin" }), "true");
  const ws = new WebSocket(url, { headers: { authorization: `Bearer ${secretOf("iopin")}` } });
  await once(ws, "open");
  ws.send("1");
  assert.equal(String((await once(ws, "message"))[0]), "false");
  ws.close();
});

test("a page's token is no proof", async (context) => {
  const there = await machine(context, SECRETS);
  const proven: boolean[] = [];
  const handler: Handler = ({ isProven }) => void proven.push(isProven);
  const { addresses } = await there.mesh.serve("buzzer", handler, { host: "127.0.0.1", port: 0 });
  const client = await framedClient(context, addresses[0] ?? "");
  client.hello({ token: secretOf("iopin") });
  assert.equal((await client.next())[0], WELCOME);
  // Opens channel 0, "", and sends "1" on it from sequence number 1.
  client.send(Buffer.from([0x10, 0, 0, 0x11, 0, 1, 0x80, 1, 0x31]));
  await client.next();
  assert.deepEqual(proven, [false]);
});

test("within a process nobody proves anything, and without a guard neither", async (context) => {
  const mesh = new MemoryMesh();
  context.after(() => mesh.close());
  await mesh.serve("buzzer", HANDLER);
  assert.equal(await mesh.send("buzzer", "1", { from: "iopin" }), "false");
});
