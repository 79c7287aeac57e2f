import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { circuit, startCircuit } from "./cli.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

test(
  "circuit runs a clock, a pin and a buzzer as processes of their own on NATS",
  options,
  async (context) => {
    const server = await startNats();
    context.after(() => server.kill());
    const mesh = ["--mesh", server.url];
    startCircuit(context, ["buzzer", "--board", "mock"], { env: { CIRCUIT_MESH: server.url } });
    const iopin = startCircuit(context, ["iopin", "--board", "mock", ...mesh]);
    await iopin.said(/iopin listens on nats:.*\/circuit\.iopin/);
    const clock = await circuit(context, ["clock", "-t", "3", "-d", "0", ...mesh]);
    assert.equal(clock.code, 0, clock.stderr);
    assert.match(clock.stdout, /3 ticks, 3 acks/);
  },
);

test("circuit run --mesh exits with 77 when the server refuses it", options, async (context) => {
  const server = await startNats({ config: "authorization { token: right }" });
  context.after(() => server.kill());
  const args = ["clock", "-t", "1", "-d", "0", "--mesh", server.url];
  const refused = await circuit(context, args, { env: { CIRCUIT_NATS_TOKEN: "wrong" } });
  assert.equal(refused.code, 77);
  assert.match(refused.stderr, /Cannot use NATS at .*: it refuses the token/);
  assert.doesNotMatch(refused.stdout + refused.stderr, /wrong/);
});

for (const [address, code, said] of [
  ["nats://127.0.0.1:1", 69, /nobody listens there/],
  ["nats://user:secret@127.0.0.1:1", 78, /user or a password/],
  ["http://127.0.0.1:1", 78, /must be an address such as nats:/],
] as const) {
  test(`circuit clock --mesh ${address} exits with ${code}`, async (context) => {
    const ended = await circuit(context, ["clock", "-t", "1", "--timeout", "0.2", "--mesh", address]);
    assert.equal(ended.code, code);
    assert.match(ended.stderr, said);
  });
}
