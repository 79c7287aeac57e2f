import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NodeTable } from "../../../src/mesh/discovery/table.js";
import { advertOf, bootOf } from "./adverts.js";

function watched() {
  const table = new NodeTable();
  const changes: string[] = [];
  table.watch(({ type, node }) => changes.push(`${type} ${node.name} ${node.addresses[0]} ${node.source}`));
  return { table, changes };
}

describe("NodeTable", () => {
  test("tells what comes, changes and goes, once each", () => {
    const { table, changes } = watched();
    const local = table.sightings("local");
    local.announce(advertOf(1));
    local.announce(advertOf(1));
    local.announce(advertOf(1, { addresses: ["ws://127.0.0.1:2"] }));
    local.forget(bootOf(1));
    local.forget(bootOf(1));
    assert.deepEqual(changes, [
      "came buzzer ws://127.0.0.1:10001 local",
      "changed buzzer ws://127.0.0.1:2 local",
      "went buzzer ws://127.0.0.1:2 local",
    ]);
    assert.deepEqual(table.nodes, []);
    assert.deepEqual(table.named("buzzer"), []);
  });

  test("keeps a node that two sources know until both forget it, as the more trusted one says", () => {
    const { table, changes } = watched();
    table.sightings("lan").announce(advertOf(1, { addresses: ["ws://192.0.2.1:1"] }));
    table.sightings("local").announce(advertOf(1));
    table.sightings("local").forget(bootOf(1));
    table.sightings("lan").forget(bootOf(1));
    assert.deepEqual(changes, [
      "came buzzer ws://192.0.2.1:1 lan",
      "changed buzzer ws://127.0.0.1:10001 local",
      "changed buzzer ws://192.0.2.1:1 lan",
      "went buzzer ws://192.0.2.1:1 lan",
    ]);
  });

  test("does not let the network rename a node of this machine, or move it", () => {
    const { table } = watched();
    table.sightings("local").announce(advertOf(1));
    table.sightings("lan").announce(advertOf(1, { name: "iopin", addresses: ["ws://192.0.2.1:1"] }));
    assert.deepEqual(table.named("iopin"), []);
    assert.equal(table.named("buzzer")[0]?.addresses[0], "ws://127.0.0.1:10001");
  });

  test("puts the most trusted source first, then the oldest", () => {
    const { table } = watched();
    table.sightings("lan").announce(advertOf(1));
    table.sightings("local").announce(advertOf(3));
    table.sightings("local").announce(advertOf(2));
    table.sightings("grid").announce(advertOf(4));
    assert.deepEqual(
      table.named("buzzer").map(({ boot }) => boot),
      [4, 2, 3, 1].map(bootOf),
    );
  });

  test("tells who follows a name of that name only, also when a node takes another", () => {
    const { table } = watched();
    let calls = 0;
    const stop = table.follow("buzzer", () => calls++);
    const local = table.sightings("local");
    local.announce(advertOf(1, { name: "iopin" }));
    assert.equal(calls, 0);
    local.announce(advertOf(1));
    assert.equal(calls, 1);
    local.announce(advertOf(1, { name: "iopin" }));
    assert.equal(calls, 2);
    stop();
    local.announce(advertOf(1));
    assert.equal(calls, 2);
  });

  test("holds 10 000 nodes and no more", () => {
    const { table } = watched();
    const lan = table.sightings("lan");
    for (let number = 0; number < 10_001; number++) lan.announce(advertOf(number));
    assert.equal(table.nodes.length, 10_000);
    lan.forget(bootOf(0));
    lan.announce(advertOf(10_001));
    assert.equal(table.nodes.length, 10_000);
  });
});
