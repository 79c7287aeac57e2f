import assert from "node:assert/strict";
import { test } from "node:test";
import { Ear, testLast, testQueues } from "../contract/events.js";
import { turns } from "../contract/waiting.js";
import { DurableEar, DurableRig } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

const skip = skipWithoutNats;
const options = { skip, timeout: 60_000 };

async function open(context: Parameters<typeof DurableRig.open>[0]) {
  const rig = await DurableRig.open(context);
  return { publisher: rig.mesh(), subscriber: rig.mesh() };
}

testQueues("NATS", open, { skip });
testLast("NATS", open, { skip, learns: true });

test("NatsMesh goes on after its last value when the server was killed", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = new Ear(mesh, "a", { last: true });
  const quiet = new Ear(mesh, "quiet", { last: true });
  await mesh.join();
  for (const data of [1, 2]) mesh.publish("a", data);
  await ear.until(2);
  const late = new Ear(mesh, "a", { last: true });
  await late.until(1);
  await rig.restart();
  const other = rig.mesh();
  await other.join();
  // Perhaps before the first mesh is back: the stream has it.
  other.publish("a", 3);
  other.publish("quiet", "at last");
  await Promise.all([ear.until(3), late.until(2), quiet.until(1)]);
  await turns();
  assert.deepEqual([ear.data, late.data, quiet.data], [[1, 2, 3], [2, 3], ["at last"]]);
});

test("NatsMesh takes last values from the stream of durable listeners", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  await DurableEar.open(mesh, "a.>", { name: "x" });
  for (const data of [1, 2]) await mesh.durable.publish("a.b", data);
  const ear = new Ear(mesh, "a.*", { last: true });
  await ear.until(1);
  assert.deepEqual(ear.data, [2]);
  const [stream, ...others] = await mesh.durable.report();
  assert.deepEqual([stream?.subjects, others], [["a.>"], []]);
});

test("NatsMesh has a last value that was handed back to a durable listener", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const does = ({ data }: { data: unknown }) => {
    if (data === 1) throw new Error("not today");
  };
  const failing = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does });
  const early = new Ear(mesh, "a", { last: true });
  await mesh.join();
  await mesh.durable.publish("a", 1);
  await failing.when(() => failing.dead.length > 0);
  assert.equal(await mesh.durable.again(1), true);
  const late = new Ear(mesh, "a", { last: true });
  await late.until(1);
  await mesh.durable.publish("a", 2);
  await Promise.all([early.until(2), late.until(2)]);
  assert.deepEqual(
    [early, late].map(({ data }) => data),
    [
      [1, 2],
      [1, 2],
    ],
  );
});

test("NatsMesh tells that nothing may come to it, once", options, async (context) => {
  // What is asked for has its answers below _INBOX.⟨one⟩, what is listened to comes to an inbox itself.
  const config = `authorization { users = [
    { user: "u", password: "p", permissions: { subscribe: { deny: "_INBOX.*" } } }
  ] }\nno_auth_user: u`;
  const rig = await DurableRig.open(context, config);
  const mesh = rig.mesh();
  const last = new Ear(mesh, "a", { last: true });
  const isDenied = (error: unknown) => (error as { code?: string }).code === "ACCESS_DENIED";
  await last.when(() => last.errors.some(isDenied));
  const kept = await DurableEar.open(mesh, "a", { name: "x" }).catch((error: unknown) => error);
  if (kept instanceof DurableEar) await kept.when(() => kept.errors.some(isDenied));
  else assert.ok(isDenied(kept));
  assert.equal(last.errors.length, 1);
});

test(
  "NatsMesh tells who wants last values of everything that it cannot have them",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    const ear = new Ear(mesh, ">", { last: true });
    await mesh.join();
    assert.equal((ear.errors[0] as { code?: string }).code, "MESSAGE_INVALID");
  },
);
