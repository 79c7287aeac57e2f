import assert from "node:assert/strict";
import { test } from "node:test";
import { machine, secretsOf } from "./desk.js";

test("who may not publish on a subject is not heard, and the refusal is told once with its name", async (context) => {
  const secrets = secretsOf("iopin", "buzzer");
  const publish = { iopin: ["events.level.*"] };
  const there = await machine(context, secrets, { safety: { publish } });
  const served = await there.mesh.serve("buzzer", () => undefined, { host: "127.0.0.1", port: 0 });
  const heard: unknown[] = [];
  let done = () => {};
  const isDone = new Promise<void>((resolve) => {
    done = resolve;
  });
  there.mesh.subscribe("events.>", ({ subject, data, from }) => {
    heard.push([from, subject, data]);
    if (data === "last") done();
  });
  const here = await machine(context, secrets, { grid: { buzzer: served.addresses[0] ?? "" } });
  await here.mesh.serve("iopin", () => undefined);
  await here.mesh.join();
  here.mesh.publish("events.level.door", 1);
  here.mesh.publish("events.alarm", "false");
  here.mesh.publish("events.level.door", "last");
  await isDone;
  assert.deepEqual(heard, [
    ["iopin", "events.level.door", 1],
    ["iopin", "events.level.door", "last"],
  ]);
  assert.match(there.notices.join("\n"), /buzzer refused .*"iopin": it may not publish on "events\.alarm"/);
});
