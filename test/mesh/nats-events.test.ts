import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { Ear } from "../contract/events.js";
import { turns } from "../contract/waiting.js";
import { skipWithoutNats, startNats } from "./nats-server.js";
import { NatsWire } from "./nats-wire.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

async function open(context: TestContext, config = "") {
  const server = await startNats({ config });
  const current = { server };
  const mesh = new NatsMesh({ url: server.url });
  context.after(async () => {
    await mesh.close();
    await current.server.kill();
  });
  const wire = async () => {
    const made = await NatsWire.connect(server.port);
    context.after(() => made.close());
    return made;
  };
  return { server, current, mesh, wire };
}

test("NatsMesh hears a foreign client: text where it is UTF-8, bytes where not", options, async (context) => {
  const { mesh, wire } = await open(context);
  const ear = new Ear(mesh, "sensor.>");
  await mesh.join();
  const foreign = await wire();
  foreign.publish("sensor.attic", "21.5 °C");
  foreign.write(Buffer.concat([Buffer.from("PUB sensor.raw 2\r\n"), Buffer.of(0xc3, 0x28, 13, 10)]));
  for (const data of ['{"on":1}', "{"]) {
    const head = "NATS/1.0\r\nCircuit-Type: json\r\nunit: C\r\n\r\n";
    foreign.write(`HPUB sensor.json ${head.length} ${head.length + data.length}\r\n${head}${data}\r\n`);
  }
  await ear.until(4);
  assert.deepEqual(
    ear.events.map(({ subject, data, headers, from }) => [subject, data, headers, from]),
    [
      ["sensor.attic", "21.5 °C", {}, undefined],
      ["sensor.raw", Uint8Array.of(0xc3, 0x28), {}, undefined],
      ["sensor.json", { on: 1 }, { unit: "C" }, undefined],
      ["sensor.json", "{", { unit: "C" }, undefined],
    ],
  );
});

test("NatsMesh tells a foreign client: text as it is, the rest by its header", options, async (context) => {
  const { mesh, wire } = await open(context);
  const foreign = await wire();
  const sid = foreign.subscribe("a.*");
  await foreign.request("nobody.there", "");
  await mesh.join();
  mesh.publish("a.text", "♪ 1");
  mesh.publish("a.json", { on: true }, { headers: { unit: "°C" } });
  mesh.publish("a.bytes", Uint8Array.of(65, 66));
  const next = () => foreign.next((message) => message.sid === sid);
  const [text, json, bytes] = [await next(), await next(), await next()];
  assert.deepEqual([text.subject, text.text, text.headers], ["a.text", "♪ 1", []]);
  assert.equal(json.text, '{"on":true}');
  assert.deepEqual([...json.headers].sort(), ["Circuit-Type: json", "NATS/1.0", "unit: °C"]);
  assert.deepEqual([bytes.text, bytes.headers], ["AB", ["NATS/1.0", "Circuit-Type: bytes"]]);
});

test('NatsMesh keeps the traffic of the mesh from who listens to ">"', options, async (context) => {
  const { server, mesh } = await open(context);
  const other = new NatsMesh({ url: server.url });
  context.after(() => other.close());
  const ear = new Ear(mesh, ">");
  await other.serve("node", ({ message }) => message);
  assert.equal(await mesh.send("node", "1"), "1");
  other.publish("a", "only this");
  await ear.until(1);
  await turns();
  assert.deepEqual(ear.data, ["only this"]);
});

test("NatsMesh hears again when its server was killed and came back", options, async (context) => {
  const { server, current, mesh } = await open(context);
  const ear = new Ear(mesh, "a");
  await mesh.join();
  mesh.publish("a", 1);
  await ear.until(1);
  await server.kill();
  while (mesh.publish("a", "lost") !== 0) await turns();
  assert.ok(mesh.counts().events.dropped > 0);
  current.server = await startNats({ port: server.port });
  await mesh.join();
  mesh.publish("a", 2);
  await ear.when(() => ear.data.includes(2));
  assert.deepEqual(
    ear.data.filter((data) => typeof data === "number"),
    [1, 2],
  );
});

test("NatsMesh tells who listens that the server does not let it", options, async (context) => {
  const { mesh } = await open(
    context,
    'authorization { users = [{ user: "u", password: "p", permissions: { subscribe: { deny: "secret.>" } } }] }\nno_auth_user: u',
  );
  const secret = new Ear(mesh, "secret.x");
  const fine = new Ear(mesh, "open.x");
  await mesh.join();
  await secret.when(() => secret.errors.length > 0);
  assert.equal((secret.errors[0] as { code?: string }).code, "ACCESS_DENIED");
  mesh.publish("open.x", 1);
  await fine.until(1);
});

test("NatsMesh takes no more than the server does, and counts the rest", options, async (context) => {
  const { server, current, mesh } = await open(context);
  await mesh.join();
  server.pause();
  const long = "x".repeat(60_000);
  for (let sent = 0; sent < 100; sent++) mesh.publish("a", long);
  const { published, dropped } = mesh.counts().events;
  assert.equal(published, 100);
  assert.ok(dropped >= 90, `${dropped} dropped`);
  server.resume();
  while (mesh.publish("a", "") === 0) await turns();
  // Nor does it wait for what a server that has died did not say.
  server.pause();
  for (let sent = 0; sent < 100; sent++) mesh.publish("a", long);
  await server.kill();
  current.server = await startNats({ port: server.port });
  while (mesh.publish("a", "") === 0) await turns();
});
