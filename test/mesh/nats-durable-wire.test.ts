import assert from "node:assert/strict";
import { test } from "node:test";
import { DurableEar, DurableRig } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

test(
  "NatsDurable hears what a foreign client publishes to the stream, with its id",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const ear = await DurableEar.open(rig.mesh(), "alarm.>", { name: "siren" });
    const wire = await rig.wire();
    wire.publish("alarm.attic", "without an ack");
    const headers = ["Nats-Msg-Id: 7", "level: high"];
    const stored = await wire.request("alarm.cellar", "with an ack", headers);
    assert.deepEqual(JSON.parse(stored.text), { stream: "CIRCUIT", seq: 2 });
    const again = await wire.request("alarm.cellar", "with an ack", headers);
    assert.equal(JSON.parse(again.text).duplicate, true);
    await ear.until(2);
    assert.deepEqual(
      ear.events.map(({ subject, data, headers: heard, id }) => [subject, data, heard, id]),
      [
        ["alarm.attic", "without an ack", {}, "CIRCUIT:1"],
        ["alarm.cellar", "with an ack", { level: "high" }, "7"],
      ],
    );
  },
);

test("A foreign client listens durably to what NatsDurable publishes", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  await DurableEar.open(mesh, "alarm.>", { name: "siren" });
  const wire = await rig.wire();
  const config = { durable_name: "foreign", ack_policy: "explicit", filter_subject: "alarm.*" };
  const create = { stream_name: "CIRCUIT", config };
  await wire.request("$JS.API.CONSUMER.DURABLE.CREATE.CIRCUIT.foreign", JSON.stringify(create));
  await mesh.durable.publish("alarm.attic", { on: true }, { id: "7", headers: { level: "high" } });
  const taken = await wire.request("$JS.API.CONSUMER.MSG.NEXT.CIRCUIT.foreign", "");
  assert.deepEqual([taken.subject, taken.text], ["alarm.attic", '{"on":true}']);
  assert.deepEqual(taken.headers.toSorted(), [
    "Circuit-Type: json",
    "NATS/1.0",
    "Nats-Msg-Id: 7",
    "level: high",
  ]);
  await wire.request(taken.reply ?? "", "+ACK");
  const [stream] = await mesh.durable.report();
  const foreign = stream?.consumers.find(({ name }) => name === "foreign");
  assert.deepEqual([foreign?.lag, foreign?.unacknowledged], [0, 0]);
});
