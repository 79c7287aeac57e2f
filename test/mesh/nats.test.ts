import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, numbers, open, options } from "./nats-rig.js";

test(
  "NatsMesh carries text, bytes and JSON, whatever node and channel are called",
  options,
  async (context) => {
    const { mesh } = await open(context);
    const [near, far] = [mesh(), mesh()];
    for (const name of ["buzzer", "my.node", "_open", "ä ☃", "*", "a..b", ">"]) {
      await far.serve(name, ({ channel, message }) => [channel, typeof message, message]);
      for (const channel of ["", "datafeed", "_open", "a.b"]) {
        assert.deepEqual(await near.send(name, "1", { channel }), [channel, "string", "1"]);
      }
      assert.deepEqual(await near.send(name, { a: [1] }), ["", "object", { a: [1] }]);
    }
    await far.serve("bytes", ({ message }) => message);
    assert.deepEqual(
      Buffer.from((await near.send("bytes", Buffer.from([0, 255]))) as Uint8Array),
      Buffer.from([0, 255]),
    );
  },
);

test("NatsMesh.stream() yields every ack in order", options, async (context) => {
  const { mesh } = await open(context);
  const [near, far] = [mesh(), mesh()];
  await far.serve("echo", ({ message }) => message);
  assert.deepEqual(await collect(near.stream("echo", numbers(20_000))), numbers(20_000));
});

test("NatsMesh splits frames that are longer than the server takes", options, async (context) => {
  const { mesh } = await open(context, "max_payload: 2048");
  const [near, far] = [mesh(), mesh()];
  await far.serve("echo", ({ message }) => message);
  const long = numbers(5).map((digit) => digit.repeat(50_000));
  assert.deepEqual(await collect(near.stream("echo", long)), long);
});

test("NatsMesh rejects a message that its handler failed, and only that", options, async (context) => {
  const { mesh } = await open(context);
  const [near, far] = [mesh(), mesh()];
  await far.serve("moody", ({ message }) => {
    if (message === "1") throw new Error("no ones");
    return "fine";
  });
  await assert.rejects(near.send("moody", "1"), { code: "PEER_REFUSED", message: /no ones/ });
  assert.equal(await near.send("moody", "0"), "fine");
});

test("NatsMesh refuses targets that NATS cannot name", options, async (context) => {
  const { mesh } = await open(context);
  const near = mesh();
  await assert.rejects(near.send("a@b.c", "1"), { code: "ADDRESS_INVALID" });
  await assert.rejects(collect(near.stream("\ud83d", ["1"])), { code: "ADDRESS_INVALID" });
  await assert.rejects(
    near.serve("a@b", () => ""),
    { code: "ADDRESS_INVALID" },
  );
});
