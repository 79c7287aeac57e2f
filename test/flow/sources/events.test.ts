import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.js";
import { toEvents } from "../../../src/flow/outputs/to-events.js";
import { type EventItem, events } from "../../../src/flow/sources/events.js";
import { MemoryMesh } from "../../../src/mesh/memory/memory-mesh.js";
import type { Payload } from "../../../src/mesh/payload.js";
import { turns } from "../../contract/waiting.js";
import { bench, reader } from "../source-context.js";

test("events() has what toEvents() publishes on a mesh, and stops listening", async (t) => {
  const mesh = new MemoryMesh({ clock: systemClock });
  t.after(() => mesh.close());
  const { context, stop } = bench();
  const items = reader(events<Payload>(mesh, "price.*")(context));
  const first = items.next();
  await turns();
  const output = toEvents<Payload, { readonly symbol: string; readonly price: number }>(
    mesh,
    ({ symbol }) => `price.${symbol}`,
    { data: ({ price }) => price, headers: ({ symbol }) => ({ symbol }) },
  );
  await output({ symbol: "ACME", price: 12 }, context);
  await output({ symbol: "EMCA", price: 13 }, context);
  assert.deepEqual(await first, { subject: "price.ACME", data: 12, headers: { symbol: "ACME" }, missed: 0 });
  assert.deepEqual((await items.next()).data, 13);
  const rest = items.rest();
  await turns();
  stop();
  assert.deepEqual(await rest, []);
  assert.equal(mesh.publish("price.ACME", 1), 0, "somebody listens still");
});

for (const [overflow, wanted] of [
  ["drop-oldest", [0, 8, 9]],
  ["drop-newest", [0, 1, 2]],
] as const) {
  test(`events() with "${overflow}" counts and tells what nobody took in time`, async () => {
    const { context, logged } = bench();
    let publish = (_data: number) => {};
    const place = {
      subscribe(_: string, handler: (event: Omit<EventItem<number>, "missed">) => void) {
        publish = (data) => handler({ subject: "a", data, headers: {} });
        return { close() {} };
      },
    };
    const items = reader(events(place, "a", { mostWaiting: 2, overflow })(context));
    const first = items.next();
    await turns();
    publish(0);
    const got = [await first];
    for (let data = 1; data < 10; data++) publish(data);
    got.push(...(await items.take(2)));
    assert.deepEqual(
      got.map(({ data }) => data),
      wanted,
    );
    assert.equal(got[1]?.missed, 7);
    assert.equal(got[2]?.missed, 0);
    assert.deepEqual(logged, [
      "Drops events of a: 2 wait already",
      "7 events of a were dropped: they were not taken in time",
    ]);
  });
}

test("events() that is stopped tells how many nobody takes any more, with those that it dropped last", async () => {
  const { context, logged, stop } = bench();
  let publish = (_data: number) => {};
  const place = {
    subscribe(_: string, handler: (event: Omit<EventItem<number>, "missed">) => void) {
      publish = (data) => handler({ subject: "a", data, headers: {} });
      return { close() {} };
    },
  };
  const items = reader(events(place, "a", { mostWaiting: 2 })(context));
  const first = items.next();
  await turns();
  publish(0);
  await first;
  for (const data of [1, 2, 3]) publish(data);
  stop();
  assert.deepEqual(await items.rest(), []);
  assert.deepEqual(logged.slice(1), [
    "1 events of a were dropped: they were not taken in time",
    "2 events of a were dropped: they waited when the source was stopped",
  ]);
});
