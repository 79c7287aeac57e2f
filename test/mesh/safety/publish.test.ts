import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameWriter } from "../../../src/mesh/framed/frame-writer.js";
import { Ear } from "../../contract/events.js";
import { turns } from "../../contract/waiting.js";
import { machine, refusal, secretsOf } from "./desk.js";
import { framedClient, WELCOME } from "./framed-client.js";

const LOOPBACK = { host: "127.0.0.1", port: 0 } as const;
const options = { timeout: 20_000 };
const SECRETS = secretsOf("iopin", "buzzer", "lamp");

test(
  "who may not publish on a subject is not heard, and the refusal is told once with its name",
  options,
  async (context) => {
    const publish = { iopin: ["events.level.*"] };
    const there = await machine(context, SECRETS, { safety: { publish } });
    const served = await there.mesh.serve("buzzer", () => undefined, LOOPBACK);
    const ear = new Ear(there.mesh, "events.>");
    const here = await machine(context, SECRETS, { grid: { buzzer: served.addresses[0] ?? "" } });
    await here.mesh.serve("iopin", () => undefined);
    await here.mesh.join();
    here.mesh.publish("events.level.door", 1);
    here.mesh.publish("events.alarm", "false");
    here.mesh.publish("events.level.door", "last");
    await ear.when(() => ear.data.includes("last"));
    assert.deepEqual(
      ear.events.map(({ from, subject, data }) => [from, subject, data]),
      [
        ["iopin", "events.level.door", 1],
        ["iopin", "events.level.door", "last"],
      ],
    );
    assert.match(there.notices.join("\n"), /buzzer refused .*"iopin": it may not publish on "events\.alarm"/);
  },
);

test("a node may tell of its own observers' failures, whatever it may publish", options, async (context) => {
  const publish = { iopin: ["level.*"] };
  const there = await machine(context, SECRETS, { safety: { publish } });
  const served = await there.mesh.serve("buzzer", () => undefined, LOOPBACK);
  const ear = new Ear(there.mesh, "circuit.errors.>");
  const here = await machine(context, SECRETS, { grid: { buzzer: served.addresses[0] ?? "" } });
  await here.mesh.serve("iopin", () => undefined);
  await here.mesh.join();
  here.mesh.publishOwn("circuit.errors.lamp", "another's");
  here.mesh.publishOwn("circuit.errors.iopin", "its own");
  await ear.until(1);
  assert.deepEqual(ear.data, ["its own"]);
  assert.match(there.notices.join("\n"), /"iopin": it may not publish on "circuit\.errors\.lamp"/);
});

test(
  "publish() rejects what this process's own rules forbid, for each node that publishes",
  options,
  async (context) => {
    const publish = { iopin: ["level.*"], lamp: ["light"] };
    const { mesh } = await machine(context, SECRETS, { safety: { publish } });
    const ear = new Ear(mesh, ">");
    const deny = (subject: string, from?: string) =>
      refusal((async () => mesh.publish(subject, 1, from === undefined ? {} : { from }))());
    assert.match(
      (await deny("level.door")).text,
      /Cannot publish to level\.door: .* who has no name publish/,
    );
    await mesh.serve("iopin", () => undefined);
    await mesh.serve("lamp", () => undefined);
    const { code, text } = await deny("light");
    assert.equal(code, "ACCESS_DENIED");
    assert.match(text, /Cannot publish to light: `publish` does not let iopin publish there/);
    assert.match((await deny("level.door", "lamp")).text, /does not let lamp/);
    assert.match((await deny("level.door", "buzzer")).text, /does not let buzzer/);
    mesh.publish("level.door", 1);
    mesh.publish("light", 2, { from: "lamp" });
    await ear.until(2);
    assert.deepEqual(
      ear.events.map(({ from, data }) => [from, data]),
      [
        ["iopin", 1],
        ["lamp", 2],
      ],
    );
  },
);

for (const side of ["publisher", "listener"] as const) {
  test(
    `nodes of one process are heard once each, by their own names, over links that the ${side} made`,
    options,
    async (context) => {
      const publish = { iopin: ["iopin"], lamp: ["lamp"] };
      const near = await machine(context, SECRETS);
      const far = await machine(context, SECRETS, { safety: { publish } });
      const heard = new Ear(far.mesh, ">");
      const addressOf = async (mesh: typeof near.mesh, name: string) =>
        (await mesh.serve(name, () => undefined, LOOPBACK)).addresses[0] ?? "";
      const addresses = {
        iopin: await addressOf(near.mesh, "iopin"),
        lamp: await addressOf(near.mesh, "lamp"),
      };
      const buzzer = await addressOf(far.mesh, "buzzer");
      if (side === "publisher") near.mesh.introduce("buzzer", buzzer);
      else for (const [name, address] of Object.entries(addresses)) far.mesh.introduce(name, address);
      for (const from of ["iopin", "lamp"]) near.mesh.publish("nobody.listens", 0, { from });
      await near.mesh.join();
      await far.mesh.join();
      for (let data = 0; data < 20; data++) {
        for (const from of ["iopin", "lamp"])
          assert.equal(near.mesh.publish(from, data, { from }), 1, "the other process, once");
        near.mesh.publish("lamp", "stolen"); // as the iopin
      }
      near.mesh.publish("lamp", "end", { from: "lamp" });
      near.mesh.publish("iopin", "end");
      await heard.when(() => heard.data.filter((data) => data === "end").length === 2);
      for (const name of ["iopin", "lamp"])
        assert.deepEqual(
          heard.events.filter(({ from }) => from === name).map(({ subject, data }) => [subject, data]),
          [...Array.from({ length: 20 }, (_, data) => [name, data]), [name, "end"]],
        );
      assert.equal(heard.events.length, 42);
      assert.match(far.notices.join("\n"), /it may not publish on "lamp"/);
    },
  );
}

test(
  "who claims another's process speaks for itself only, and takes nothing from it",
  options,
  async (context) => {
    const near = await machine(context, SECRETS);
    const served = await near.mesh.serve("buzzer", () => undefined, LOOPBACK);
    const [buzzer = ""] = served.addresses;
    const far = await machine(context, SECRETS);
    const [iopin = ""] = (await far.mesh.serve("iopin", () => undefined, LOOPBACK)).addresses;
    const heardNear = new Ear(near.mesh, "x");
    const heardFar = new Ear(far.mesh, "y");

    // Asks one for the other's name, then says to each to be the other, and is there first.
    const claim = async (url: string, target: string, process?: unknown) => {
      const lamp = await framedClient(context, url);
      const [type, { process: learned }] = await lamp.greet(
        { from: "lamp", sender: url, ...{ target } },
        SECRETS,
      );
      assert.equal(type, WELCOME);
      if (process === undefined) return { lamp, learned };
      const writer = new FrameWriter();
      writer.interest({ process: String(process), patterns: [] });
      writer.event("x", "as the lamp", undefined);
      writer.event("y", "as the lamp", undefined);
      lamp.send(writer.take());
      return { lamp, learned };
    };
    const { learned: far1 } = await claim(iopin, "iopin");
    const { learned: near1 } = await claim(buzzer, "buzzer");
    await claim(buzzer, "buzzer", far1);
    await claim(iopin, "iopin", near1);
    await heardNear.until(1);
    await heardFar.until(1);
    far.mesh.introduce("buzzer", buzzer);
    // They answer no pings, so that a join() would wait for them as long as it may.
    while (far.mesh.publish("x", "soon") === 0 || near.mesh.publish("y", "soon") === 0) await turns();
    for (let data = 0; data < 10; data++) {
      assert.equal(far.mesh.publish("x", data), 1);
      assert.equal(near.mesh.publish("y", data), 1);
    }
    await heardNear.when(() => heardNear.data.includes(9));
    await heardFar.when(() => heardFar.data.includes(9));
    const expected = (name: string) => [
      ["lamp", "as the lamp"],
      ...Array.from({ length: 10 }, (_, data) => [name, data]),
    ];
    const said = ({ events }: Ear) =>
      events.filter(({ data }) => data !== "soon").map(({ from, data }) => [from, data]);
    assert.deepEqual(said(heardNear), expected("iopin"));
    assert.deepEqual(said(heardFar), expected("buzzer"));
  },
);

test(
  "last events, and those of queues, pass by the rules of who published them",
  options,
  async (context) => {
    const there = await machine(context, SECRETS, { safety: { publish: { iopin: ["level"] } } });
    const served = await there.mesh.serve("buzzer", () => undefined, LOOPBACK);
    const here = await machine(context, SECRETS, { grid: { buzzer: served.addresses[0] ?? "" } });
    await here.mesh.serve("iopin", () => undefined);
    await here.mesh.serve("lamp", () => undefined);
    here.mesh.publish("level", "last");
    here.mesh.publish("alarm", "last");
    here.mesh.publish("level", "of the lamp", { from: "lamp" });
    const late = new Ear(there.mesh, "*", { last: true });
    const member = new Ear(there.mesh, "*", { queue: "q" });
    await there.mesh.join();
    await here.mesh.join();
    for (const subject of ["alarm", "level"]) here.mesh.publish(subject, "now");
    await member.until(1);
    for (const ear of [late, member])
      for (const { from, subject } of ear.events) assert.deepEqual([from, subject], ["iopin", "level"]);
    assert.deepEqual([late.data, member.data], [["last", "now"], ["now"]]);
  },
);
