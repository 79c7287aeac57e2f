import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { echo, serve } from "./raw-client.js";

test("WsMesh says which port is taken, on 127.0.0.1 and on localhost", async (context) => {
  const { port } = await serve(context, echo);
  for (const host of ["127.0.0.1", "localhost"]) {
    const mesh = new WsMesh();
    await assert.rejects(mesh.serve("twin", echo, { host, port }), {
      code: "ADDRESS_BUSY",
      message: `Cannot serve twin on ${host} port ${port}: another process listens there`,
    });
    const free = await mesh.serve("twin", echo, { host, port: 0 });
    assert.equal(free.addresses.length >= 1, true);
    await mesh.close();
  }
});

for (const host of ["0.0.0.0", "::", "192.168.1.2", "example.com", "127.0.0.256", ""]) {
  test(`WsMesh refuses to listen on ${JSON.stringify(host)}`, async () => {
    const mesh = new WsMesh();
    await assert.rejects(mesh.serve("node", echo, { host, port: 0 }), { code: "ADDRESS_INVALID" });
    await mesh.close();
  });
}

for (const address of [
  "",
  "buzzer",
  "http://127.0.0.1:1",
  "ws://",
  "ws://u:p@127.0.0.1:1",
  "ws://127.0.0.1:1/path",
  "ws://127.0.0.1:99999",
]) {
  test(`WsMesh refuses ${JSON.stringify(address)} in its grid`, () => {
    assert.throws(() => new WsMesh({ grid: { buzzer: address } }), { code: "ADDRESS_INVALID" });
  });
}

test("WsMesh gives up on a peer that accepts and says nothing", { timeout: 10_000 }, async (context) => {
  const clock = new ManualClock();
  const server = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const mesh = new WsMesh({ grid: { mute: `ws://127.0.0.1:${port}` }, clock, patienceMs: 8_000 });
  const sent = mesh.send("mute", "1");
  await once(server, "connection");
  clock.advance(8_000);
  await assert.rejects(sent, { code: "PEER_MISSING", message: /no handshake after 5000 ms$/ });
  await mesh.close();
});
