import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { collect, numbers, open, options, waitUntil } from "./nats-rig.js";

test("NatsMesh answers the requests of a foreign client", options, async (context) => {
  const { mesh, wire } = await open(context);
  const heard: string[] = [];
  await mesh().serve("buzzer", ({ channel, message }) => {
    heard.push(`${channel}:${message}`);
    if (message === "bad") throw new Error("cannot buzz\nat all");
    return message === "1" ? "buzz" : undefined;
  });
  const foreign = await wire();
  const answer = await foreign.request("circuit.buzzer.datafeed", "1");
  assert.deepEqual([answer.text, answer.headers], ["buzz", []]);
  assert.equal((await foreign.request("circuit.buzzer", "0")).text, "n/a");
  const failed = await foreign.request("circuit.buzzer.datafeed", "bad");
  assert.deepEqual(failed.headers, [
    "NATS/1.0",
    "Nats-Service-Error: cannot buzz",
    "Nats-Service-Error-Code: 500",
  ]);
  assert.equal((await foreign.request("circuit.buzzer.a=2Eb", "1")).text, "buzz");
  foreign.publish("circuit.buzzer.datafeed", "unasked");
  assert.equal((await foreign.request("circuit.buzzer.datafeed", "1")).text, "buzz");
  assert.deepEqual(heard, ["datafeed:1", ":0", "datafeed:bad", "a.b:1", "datafeed:unasked", "datafeed:1"]);
});

test(
  "NatsMesh runs a foreign client's requests on one channel one after the other",
  options,
  async (context) => {
    const { mesh, wire } = await open(context);
    let running = 0;
    let most = 0;
    await mesh().serve("slow", async ({ message }) => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return message;
    });
    const foreign = await wire();
    const answers = await Promise.all(numbers(20).map((text) => foreign.request("circuit.slow.x", text)));
    assert.deepEqual(
      answers.map(({ text }) => text),
      numbers(20),
    );
    assert.equal(most, 1);
  },
);

test(
  "NatsMesh sends to a foreign client that serves, one request after the other",
  options,
  async (context) => {
    const { mesh, wire } = await open(context);
    const foreign = await wire();
    foreign.subscribe("circuit.lamp.*", "q");
    void (async () => {
      for (;;) {
        const { subject, text, reply = "" } = await foreign.next(({ reply }) => reply !== undefined);
        foreign.publish(reply, subject.endsWith("_open") ? "what?" : `${subject} ${text}`);
      }
    })().catch(() => {});
    const near = mesh();
    assert.equal(await near.send("lamp", "1", { channel: "a.b" }), "circuit.lamp.a=2Eb 1");
    assert.deepEqual(
      await collect(near.stream("lamp", numbers(50), { channel: "x" })),
      numbers(50).map((text) => `circuit.lamp.x ${text}`),
    );
  },
);

test("NatsMesh asks anew what a node is that it has sent nothing for 20 s", options, async (context) => {
  const { mesh, wire } = await open(context);
  const foreign = await wire();
  const id = foreign.subscribe("circuit.lamp.*", "q");
  const clock = new ManualClock();
  const near = mesh({ clock });
  const ack = near.send("lamp", "1", { channel: "x" });
  for (const answer of ["what?", "plain"]) {
    const { reply = "" } = await foreign.next(({ sid }) => sid === id);
    foreign.publish(reply, answer);
  }
  assert.equal(await ack, "plain");
  foreign.write(`UNSUB ${id}\r\n`);
  assert.match((await foreign.request("circuit.lamp.x", "1")).headers[0] ?? "", /503/);
  await mesh().serve("lamp", ({ message }) => message);
  clock.advance(20_000);
  // Bytes go by the framed protocol only.
  assert.ok((await near.send("lamp", Buffer.from([255]), { channel: "x" })) instanceof Uint8Array);
});

for (const [what, subject, text] of [
  ["a channel that no name stands for", "circuit.echo.a=2e", "1"],
  ["a token of our own", "circuit.echo._link", "1"],
  ["a message over the limit", "circuit.echo.x", "x".repeat(65_537)],
  ["a request for a link that is none", "circuit.echo._open", "hello"],
  ["a link to where no inbox is", "circuit.echo._open", '{"protocol":"circuit.1","inbox":"circuit.echo.x"}'],
  ["a link to many", "circuit.echo._open", '{"protocol":"circuit.1","inbox":"_INBOX.>"}'],
] as const) {
  test(`NatsMesh refuses ${what}`, options, async (context) => {
    const { mesh, wire } = await open(context);
    await mesh().serve("echo", () => assert.fail("delivered"));
    const answer = await (await wire()).request(subject, text);
    assert.equal(answer.headers.at(-1), "Nats-Service-Error-Code: 400");
  });
}

test("NatsMesh refuses requests beyond those that may wait", options, async (context) => {
  const { mesh, wire } = await open(context);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await mesh({ limits: { outstanding: 2 } }).serve("busy", () => released.then(() => "done"));
  const foreign = await wire();
  const first = numbers(3).map((text) => foreign.request("circuit.busy.x", text));
  const last = await foreign.request("circuit.busy.x", "3");
  assert.equal(last.headers.at(-1), "Nats-Service-Error-Code: 503");
  release();
  assert.deepEqual(
    (await Promise.all(first)).map(({ text }) => text),
    ["done", "done", "done"],
  );
});

test("NatsMesh answers NATS service discovery as ADR-32 says", options, async (context) => {
  const { mesh, wire } = await open(context);
  await mesh({ version: "1.2.3" }).serve("buzzer", ({ message }) => {
    if (message === "bad") throw new Error("cannot buzz");
  });
  const foreign = await wire();
  await foreign.request("circuit.buzzer.datafeed", "1");
  await foreign.request("circuit.buzzer.datafeed", "bad");
  const ask = async (subject: string) => JSON.parse((await foreign.request(subject, "")).text);
  const ping = await ask("$SRV.PING");
  const { id } = ping;
  assert.match(id, /^[\w-]+$/);
  const standard = {
    name: "buzzer",
    id,
    version: "1.2.3",
    metadata: { node: "buzzer", protocol: "circuit.1" },
  };
  assert.deepEqual(ping, { type: "io.nats.micro.v1.ping_response", ...standard });
  assert.deepEqual(await ask("$SRV.PING.buzzer"), ping);
  assert.deepEqual(await ask(`$SRV.PING.buzzer.${id}`), ping);

  const { description, endpoints, ...info } = await ask("$SRV.INFO.buzzer");
  assert.deepEqual(info, { type: "io.nats.micro.v1.info_response", ...standard });
  assert.equal(typeof description, "string");
  assert.deepEqual(
    endpoints.map(({ name, subject, queue_group }: Record<string, string>) => [name, subject, queue_group]),
    [
      ["request", "circuit.buzzer.*", "q"],
      ["open", "circuit.buzzer._open", "q"],
    ],
  );
  for (const { metadata } of endpoints) assert.equal(typeof metadata.about, "string");

  const { started, endpoints: measured, ...stats } = await ask(`$SRV.STATS.buzzer.${id}`);
  assert.deepEqual(stats, { type: "io.nats.micro.v1.stats_response", ...standard });
  assert.equal(new Date(started).toISOString(), started);
  const { processing_time, average_processing_time, ...request } = measured[0];
  assert.deepEqual(request, {
    name: "request",
    subject: "circuit.buzzer.*",
    queue_group: "q",
    num_requests: 2,
    num_errors: 1,
    last_error: "cannot buzz",
  });
  assert.ok(Number.isSafeInteger(processing_time) && processing_time > 0);
  assert.equal(average_processing_time, Math.floor(processing_time / 2));
});

test(
  "NatsMesh.close() sends what was answered before, and leaves service discovery",
  options,
  async (context) => {
    const { mesh, wire } = await open(context);
    const far = mesh();
    let answer = (_: string) => {};
    await far.serve(
      "slow",
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
    );
    const foreign = await wire();
    const asked = foreign.request("circuit.slow.x", "1");
    await waitUntil(() => answer.length === 1 && answer.name !== "answer");
    const closed = far.close();
    answer("just in time");
    assert.equal((await asked).text, "just in time");
    await closed;
    assert.match((await foreign.request("$SRV.PING.slow", "")).headers[0] ?? "", /503/);
  },
);
