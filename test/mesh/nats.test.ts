import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { Handler } from "../../src/mesh/mesh.js";
import { NatsMesh, type NatsMeshOptions } from "../../src/mesh/nats/nats-mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { Gate } from "../contract/waiting.js";
import { type NatsServer, skipWithoutNats, startNats } from "./nats-server.js";
import { NatsWire } from "./nats-wire.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

/** A server of the test's own, and meshes that use it; all are closed with the test. */
async function open(context: TestContext, config = "") {
  const server = await startNats({ config });
  const meshes: NatsMesh[] = [];
  const current = { server };
  context.after(async () => {
    await Promise.all(meshes.map((mesh) => mesh.close()));
    await current.server.kill();
  });
  const mesh = (changed: Partial<NatsMeshOptions> = {}) => {
    const made = new NatsMesh({ url: server.url, ...changed });
    meshes.push(made);
    return made;
  };
  const wire = async () => {
    const made = await NatsWire.connect(server.port);
    context.after(() => made.close());
    return made;
  };
  return { server, current, mesh, wire };
}

async function collect(acks: AsyncIterable<Payload>): Promise<Payload[]> {
  const all: Payload[] = [];
  for await (const ack of acks) all.push(ack);
  return all;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

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

test("NatsMesh waits for a node that comes later, and says so", options, async (context) => {
  const { mesh } = await open(context);
  const notices: (string | undefined)[] = [];
  const [near, far] = [mesh({ notice: ({ problem }) => notices.push(problem?.code) }), mesh()];
  const ack = near.send("late", "1");
  await near.open();
  await waitUntil(() => notices.length === 1);
  await far.serve("late", () => "here");
  assert.equal(await ack, "here");
  assert.deepEqual(notices, ["PEER_MISSING", undefined]);
});

test("NatsMesh gives up a node that never comes", options, async (context) => {
  const { mesh } = await open(context);
  await assert.rejects(mesh({ patienceMs: 200 }).send("nobody", "1"), {
    code: "PEER_MISSING",
    message: /no node of that name/,
  });
});

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

test("NatsMesh lets the members of a node share requests and senders", options, async (context) => {
  const { mesh, wire } = await open(context);
  const counts = [0, 0];
  const count =
    (index: number): Handler =>
    () => {
      counts[index] = (counts[index] ?? 0) + 1;
      return String(index);
    };
  await mesh().serve("pool", count(0));
  await mesh().serve("pool", count(1));
  const foreign = await wire();
  for (const text of numbers(60))
    assert.match((await foreign.request("circuit.pool.x", text)).text, /^[01]$/);
  assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), 60);
  assert.ok((counts[0] ?? 0) > 5 && (counts[1] ?? 0) > 5, `one member had most: ${counts}`);
  const members = new Set<Payload>();
  for (let sender = 0; sender < 30; sender++) members.add(await mesh().send("pool", "1"));
  assert.equal(members.size, 2);
});

test("NatsMesh reaches a member by its id", options, async (context) => {
  const { mesh, wire } = await open(context);
  await mesh().serve("pool", () => "first");
  const foreign = await wire();
  const { id } = JSON.parse((await foreign.request("$SRV.PING.pool", "")).text);
  await mesh().serve("pool", () => "second");
  for (let sender = 0; sender < 10; sender++) assert.equal(await mesh().send(`pool@${id}`, "1"), "first");
  await assert.rejects(mesh({ patienceMs: 100 }).send("pool@none", "1"), { code: "PEER_MISSING" });
});

test("NatsMesh loses nothing when a member leaves and another takes over", options, async (context) => {
  const { mesh } = await open(context);
  const run: Payload[] = [];
  const handler: Handler = async ({ message }) => {
    run.push(message);
    await new Promise(setImmediate);
    return message;
  };
  const first = await mesh().serve("pool", handler);
  const acks: Payload[] = [];
  for await (const ack of mesh().stream("pool", numbers(2_000))) {
    acks.push(ack);
    if (acks.length !== 500) continue;
    await mesh().serve("pool", handler);
    void first.close();
  }
  assert.deepEqual(acks, numbers(2_000));
  assert.deepEqual(run, numbers(2_000));
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

test("NatsMesh says at once that the server refuses its credentials", options, async (context) => {
  const { mesh } = await open(context, "authorization { user: circuit, password: right }");
  await assert.rejects(
    mesh({ credentials: { user: "circuit", password: "wrong" } }).open(),
    (error: Error) => {
      assert.ok(!error.message.includes("wrong"));
      return "code" in error && error.code === "ACCESS_DENIED";
    },
  );
  await assert.rejects(
    mesh().serve("echo", () => ""),
    { code: "ACCESS_DENIED", message: /without credentials/ },
  );
  await assert.rejects(mesh({ credentials: { creds: "/nonexistent.creds" } }).open(), {
    code: "FILE_FAILED",
  });
  const far = mesh({ credentials: { user: "circuit", password: "right" } });
  await far.serve("echo", () => "in");
  assert.equal(await far.send("echo", "1"), "in");
});

test(
  "NatsMesh waits for a server that comes later, and gives up one that does not",
  options,
  async (context) => {
    const { current, server, mesh } = await open(context);
    await server.kill();
    await assert.rejects(
      mesh({ patienceMs: 100 }).serve("echo", () => ""),
      {
        code: "PEER_MISSING",
        message: /nobody listens there/,
      },
    );
    await assert.rejects(mesh({ patienceMs: 100 }).send("echo", "1"), { code: "PEER_MISSING" });
    const notices: (string | undefined)[] = [];
    const far = mesh({ notice: ({ peer, problem }) => notices.push(`${peer} ${problem?.code}`) });
    const serving = far.serve("echo", () => "here");
    const ack = mesh().send("echo", "1");
    await waitUntil(() => notices.length === 1);
    current.server = await restart(server);
    await serving;
    assert.equal(await ack, "here");
    assert.deepEqual(notices, ["NATS PEER_MISSING", "NATS undefined"]);
  },
);

test("NatsMesh goes on with a stream when its server was killed and came back", options, async (context) => {
  const { current, server, mesh } = await open(context);
  const run: Payload[] = [];
  await mesh().serve("echo", async ({ message }) => {
    run.push(message);
    if (run.length % 7 === 0) await new Promise(setImmediate);
    return message;
  });
  const acks: Payload[] = [];
  for await (const ack of mesh().stream("echo", numbers(30_000))) {
    acks.push(ack);
    if (acks.length % 10_000 !== 0 || acks.length === 30_000) continue;
    await current.server.kill();
    current.server = await restart(server);
  }
  assert.deepEqual(acks, numbers(30_000));
  assert.deepEqual(run, numbers(30_000));
});

test("NatsMesh takes each session back to its own member", options, async (context) => {
  const { current, server, mesh } = await open(context);
  const gates = new Map<string, Gate>();
  const members = new Map<string, NatsMesh>();
  for (const member of ["first", "second"]) {
    const gate = new Gate();
    const far = mesh();
    gates.set(member, gate);
    members.set(member, far);
    await far.serve("pool", async ({ message }) => {
      if (message === "wait") {
        gate.arrive();
        await gate.open;
      }
      return member;
    });
  }
  const near = mesh();
  const lanes = new Map<Payload, string>();
  for (let lane = 0; lanes.size < 2; lane++) {
    const options = { lane: String(lane) };
    lanes.set(await near.send("pool", "1", options), options.lane);
  }
  const waiting = [...lanes].map(([, lane]) => near.send("pool", "wait", { lane }));
  await Promise.all([...gates.values()].map((gate) => gate.arrivals(1)));
  await current.server.kill();
  current.server = await restart(server);
  for (const gate of gates.values()) gate.release();
  assert.deepEqual(await Promise.all(waiting), [...lanes.keys()]);
  // One member leaves: its session goes on with the other, whose own session is not disturbed.
  await members.get("first")?.close();
  for (const lane of lanes.values()) assert.equal(await near.send("pool", "1", { lane }), "second");
});

/** Starts a server again where it was. */
function restart(server: NatsServer, config = ""): Promise<NatsServer> {
  return startNats({ port: server.port, config });
}

/** Looks again in every turn of the event loop, for 10 s at most. */
async function waitUntil(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`Not so within 10 s: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
