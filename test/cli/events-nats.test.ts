import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type NatsServer, type NatsServerOptions, skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { NatsWire } from "../mesh/nats-wire.js";
import { circuit, startCircuit } from "./cli.js";

const LISTENS = /^Listening to .* on nats:/;

async function serve(context: TestContext, options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await startNats(options);
  context.after(() => server.kill());
  return server;
}

describe("circuit listen and send over NATS", { concurrency: 2, skip: skipWithoutNats }, () => {
  test("talk with a foreign client", async (context) => {
    const server = await serve(context);
    const env = { CIRCUIT_MESH: server.url };
    const wire = await NatsWire.connect(server.port);
    context.after(() => wire.close());
    const listener = startCircuit(context, ["listen", "--json", "--count", "3", "--on", "sensor.>"], { env });
    await listener.said(LISTENS);
    wire.publish("sensor.heat", "21.5", "", ["Room: 7"]);
    wire.publish("other", "not heard");
    wire.publish("sensor.heat", "[21.5]", "", ["Circuit-Type: json"]);
    const sid = wire.subscribe("sensor.cold");
    wire.write("PING\r\n");
    await wire.request("nobody.there", "").catch(() => {});
    const { code, stdout } = await circuit(
      context,
      ["send", "--on", "sensor.cold", "brr", "--header", "A: b"],
      { env },
    );
    assert.equal(code, 0);
    assert.match(stdout, /^Sent 1 event to sensor\.cold: NATS has taken it, and does not tell who listens$/m);
    const heard = await wire.next((message) => message.sid === sid);
    assert.equal(heard.text, "brr");
    assert.ok(
      heard.headers.some((line) => /^A: ?b$/.test(line)),
      heard.headers.join(),
    );
    const ended = await listener.ended();
    assert.deepEqual(
      ended.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
        .map(({ data, headers }) => [data, headers]),
      [
        ["21.5", { Room: "7" }],
        [[21.5], {}],
        ["brr", { A: "b" }],
      ],
    );
  });

  test("find it by the original cluster's variables", async (context) => {
    const server = await serve(context);
    const env = { __BROKER_HOST__: "127.0.0.1", __BROKER_PORT__: String(server.port) };
    const listener = startCircuit(context, ["listen", "--quiet", "--count", "1000"], { env });
    await listener.said(LISTENS);
    const input = Array.from({ length: 1_000 }, (_, at) => `${at}\n`).join("");
    await circuit(context, ["send"], { env, input });
    assert.equal((await listener.ended()).stdout, input);
    const buzzer = startCircuit(context, ["buzzer", "--board", "mock"], { env });
    await buzzer.said(/buzzer listens on nats:/);
  });

  test("go on when the server was away", async (context) => {
    const server = await serve(context);
    const env = { CIRCUIT_MESH: server.url };
    const listener = startCircuit(context, ["listen", "--quiet"], { env });
    await listener.said(LISTENS);
    await circuit(context, ["send", "before"], { env });
    await listener.said(/^before$/);
    await server.kill();
    await listener.said(/^Cannot use NATS at .*; trying again$/);
    const sender = startCircuit(context, ["send", "after", "--wait"], { env });
    await sender.said(/^Cannot use NATS at .*: nobody listens there; trying again$/);
    const gone = await circuit(context, ["send", "lost"], { env });
    assert.equal(gone.code, 69);
    assert.match(gone.stderr, /^circuit: Cannot use NATS at .*: nobody listens there$/m);
    const refused = startCircuit(context, ["listen", "--wait", "0.2"], { env });
    assert.equal((await refused.ended()).code, 69);
    const stopped = startCircuit(context, ["listen", "--wait"], { env });
    await stopped.said(/trying again$/);
    stopped.kill("SIGINT");
    assert.equal((await stopped.ended()).code, 130);
    await serve(context, { port: server.port });
    assert.equal((await sender.ended()).code, 0);
    await listener.said(/^NATS is there \(nats:/m);
    // Who publishes is not told who listens: what the first of the two sent was heard if the other was back by then.
    await circuit(context, ["send", "later"], { env });
    await listener.said(/^later$/m);
    listener.kill("SIGINT");
    assert.match((await listener.ended()).stdout, /^before\n(?:after\n)?later\n$/);
  });

  test("send says what was not taken when the server goes away in the middle", async (context) => {
    const server = await serve(context);
    const args = ["send", "x", "--count", "0", "--rate", "100", "--on", "a", "--mesh", server.url];
    const listener = startCircuit(context, ["listen", "--on", "a", "--mesh", server.url]);
    await listener.said(LISTENS);
    const sender = startCircuit(context, args);
    await listener.said(/(?:.* {2}a {2}x\n){20}/);
    await server.kill();
    const { code, stderr } = await sender.ended();
    assert.equal(code, 69);
    assert.match(stderr, /^Sent \d+ events? to a before that$/m);
    assert.doesNotMatch(stderr, /trying again/);
    listener.kill("SIGINT");
    assert.equal((await listener.ended()).code, 130);
  });

  test("are refused by what the server does not allow", async (context) => {
    const config =
      'authorization { users = [{user: me, password: right, permissions: {publish: "ok.>", subscribe: "ok.>"}}] }';
    const { url } = await serve(context, { config });
    const env = { CIRCUIT_MESH: url, CIRCUIT_NATS_USER: "me", CIRCUIT_NATS_PASSWORD: "right" };
    for (const [args, given, code, said] of [
      [["send", "x", "--on", "ok.x"], env, 0, /^/],
      [["send", "x", "--on", "ok.x"], { ...env, CIRCUIT_NATS_PASSWORD: "wrong" }, 77, /refuses the user me/],
      [["listen", "--wait"], { ...env, CIRCUIT_NATS_PASSWORD: "wrong" }, 77, /refuses the user me/],
      [["send", "x", "--on", "no.x"], env, 77, /Cannot publish to no\.x on NATS/],
      [["listen", "--on", "no.x"], env, 77, /Cannot listen to no\.x on NATS/],
    ] as const) {
      const ended = await circuit(context, args, { env: given });
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, said);
      assert.doesNotMatch(ended.stderr, /wrong/);
    }
  });
});
