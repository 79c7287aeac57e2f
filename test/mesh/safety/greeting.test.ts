import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { type Machine, machine, refusal, secretOf, secretsOf, TRACE, writeCredentials } from "./desk.js";
import { frameProxy, jsonFrame, type Meddle, readJson } from "./frame-proxy.js";
import { BYE, CHALLENGE, framedClient, HELLO, PROOF, WELCOME } from "./framed-client.js";

const LOOPBACK = { host: "127.0.0.1", port: 0 } as const;
const FROM = { from: "iopin", channel: "bits" } as const;

type Context = Parameters<typeof machine>[0];

/** A buzzer with credentials, which notes what it runs. */
async function buzzer(context: Context, secrets: object = secretsOf("iopin", "buzzer"), options = {}) {
  const at = await machine(context, secrets, options);
  const runs: unknown[] = [];
  const { addresses } = await at.mesh.serve(
    "buzzer",
    ({ message }) => {
      runs.push(message);
      return `buzz ${String(message)}`;
    },
    LOOPBACK,
  );
  return { ...at, runs, url: addresses[0] ?? "" };
}

/** An iopin with credentials, or with `"none"`. */
async function iopin(context: Context, url: string, given: object | "none" = secretsOf("iopin", "buzzer")) {
  const secrets = typeof given === "string" ? undefined : given;
  return machine(context, secrets, { grid: { buzzer: url }, patienceMs: 2_000 });
}

function assertNoTrace(...machines: readonly Pick<Machine, "notices">[]): void {
  for (const { notices } of machines) for (const notice of notices) assert.doesNotMatch(notice, TRACE);
}

test("Two nodes that know each other's secrets talk", async (context) => {
  const there = await buzzer(context);
  const proxy = await frameProxy(context, there.url);
  const here = await iopin(context, proxy.url);
  assert.equal(await here.mesh.send("buzzer", "1", FROM), "buzz 1");
  assert.deepEqual(
    proxy.seen.slice(0, 4).map(({ direction, frame }) => [direction, frame[0]]),
    [
      ["out", HELLO],
      ["in", CHALLENGE],
      ["out", PROOF],
      ["in", WELCOME],
    ],
  );
  for (const { frame } of proxy.seen) assert.doesNotMatch(frame.toString("latin1"), TRACE);
  assert.deepEqual([...there.notices, ...here.notices], []);
});

test("Two nodes talk when only one of their secrets is the same", async (context) => {
  const both = (name: string, ...how: string[]) => ({ [name]: how.map((each) => secretOf(name, each)) });
  const there = await buzzer(context, {
    ...both("iopin", "-new", "-old"),
    ...both("buzzer", "-old", "-new"),
  });
  const here = await iopin(context, there.url, {
    ...both("iopin", "-old"),
    ...both("buzzer", "-new", "-newer"),
  });
  assert.equal(await here.mesh.send("buzzer", "1", FROM), "buzz 1");
});

const strangers: readonly (readonly [
  what: string,
  secrets: object | "none",
  from: string | undefined,
  said: RegExp,
  noticed: RegExp | undefined,
])[] = [
  [
    "a secret of its own making",
    { ...secretsOf("buzzer"), iopin: secretOf("iopin", "-guessed") },
    "iopin",
    /it refuses: the proof is wrong/,
    /^buzzer refused 127\.0\.0\.1, which calls itself "iopin": the proof is wrong$/,
  ],
  [
    "a name that nobody knows",
    secretsOf("buzzer", "lamp"),
    "lamp",
    /it refuses: the proof is wrong/,
    /calls itself "lamp": the proof is wrong$/,
  ],
  [
    "the receiver's secret only, in another's name",
    { ...secretsOf("buzzer"), clock: secretOf("clock", "-guessed") },
    "clock",
    /it refuses: the proof is wrong/,
    /"clock": the proof is wrong$/,
  ],
  [
    "no name",
    secretsOf("iopin", "buzzer"),
    undefined,
    /it refuses: no proof was given/,
    /no proof was given/,
  ],
  ["no credentials", "none", "iopin", /it refuses: no proof was given/, /"iopin": no proof was given/],
  ["no secret of its own name", secretsOf("buzzer"), "iopin", /iopin has no credential/, undefined],
  ["no secret of the receiver's", secretsOf("iopin"), "iopin", /no credential of its name/, undefined],
  [
    "another secret of the receiver's",
    { ...secretsOf("iopin"), buzzer: secretOf("buzzer", "-other") },
    "iopin",
    /Cannot reach buzzer: its proof is wrong/,
    undefined,
  ],
];
for (const [what, secrets, from, said, noticed] of strangers) {
  test(`A sender with ${what} is refused, at once`, { timeout: 5_000 }, async (context) => {
    const there = await buzzer(context, secretsOf("iopin", "buzzer", "clock"));
    const here = await iopin(context, there.url, secrets);
    const { code, text } = await refusal(here.mesh.send("buzzer", "1", { ...(from && { from }) }));
    assert.equal(code, "ACCESS_DENIED");
    assert.match(text, said);
    assert.doesNotMatch(text, TRACE);
    assert.deepEqual(there.runs, []);
    assert.equal(there.notices.length, noticed ? 1 : 0);
    if (noticed) assert.match(there.notices[0] ?? "", noticed);
    assertNoTrace(there, here);
  });
}

test("An impostor collects nothing but a hello", { timeout: 5_000 }, async (context) => {
  const impostors: readonly Meddle[] = [
    // Welcomes as if no proof were needed.
    (frame, direction, answer) => {
      if (direction === "out" && frame[0] === HELLO) {
        const welcome = { version: 1, node: "buzzer", boot: "b", session: "s", resumed: false, channels: [] };
        answer(jsonFrame(WELCOME, { ...welcome, window: 64, windowBytes: 4_096 }));
      }
      return undefined;
    },
    // Asks for the proof without giving one.
    (frame, direction, answer) => {
      if (direction === "out" && frame[0] === HELLO) {
        answer(jsonFrame(CHALLENGE, { node: "buzzer", boot: "b", nonce: "A".repeat(43), proofs: [] }));
      }
      return undefined;
    },
    // Gives the one that it has made up.
    (frame, direction, answer) => {
      if (direction === "out" && frame[0] === HELLO) {
        const proofs = ["A".repeat(43)];
        answer(jsonFrame(CHALLENGE, { node: "buzzer", boot: "b", nonce: "A".repeat(43), proofs }));
      }
      return undefined;
    },
  ];
  for (const meddle of impostors) {
    const there = await buzzer(context);
    const proxy = await frameProxy(context, there.url, meddle);
    const here = await iopin(context, proxy.url);
    const { code, text } = await refusal(here.mesh.send("buzzer", "a secret plan", FROM));
    assert.equal(code, "ACCESS_DENIED");
    assert.match(text, /prove|proof/);
    const collected = proxy.seen.filter(({ direction }) => direction === "out");
    assert.deepEqual(
      collected.map(({ frame }) => frame[0]),
      [HELLO],
    );
    assert.doesNotMatch(String(collected[0]?.frame), /plan/);
  }
});

test("An impostor that speaks only the plain protocol collects nothing", {
  timeout: 5_000,
}, async (context) => {
  const heard: unknown[] = [];
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => false });
  context.after(() => server.close());
  server.on("connection", (socket) => socket.on("message", (data) => heard.push(String(data))));
  await once(server, "listening");
  // The cast: a listening TCP server has one.
  const { port } = server.address() as AddressInfo;
  const here = await iopin(context, `ws://127.0.0.1:${port}`);
  const { code, text } = await refusal(here.mesh.send("buzzer", "1", FROM));
  assert.equal(code, "ACCESS_DENIED");
  assert.match(text, /speaks only the plain protocol, in which it cannot prove its credential/);
  assert.deepEqual(heard, []);
  assertNoTrace(here);
});

/** Changes one field of a record of JSON. */
const change =
  (type: number, of: (fields: Record<string, unknown>) => object): Meddle =>
  (frame) =>
    frame[0] === type ? jsonFrame(type, { ...readJson(frame), ...of(readJson(frame)) }) : frame;

const OTHER_NONCE = Buffer.alloc(32, 9).toString("base64url");

const tampered: readonly (readonly [what: string, meddle: Meddle])[] = [
  ["the sender's name", change(HELLO, () => ({ from: "clock" }))],
  ["the target", change(HELLO, () => ({ target: "lamp" }))],
  ["the session", change(HELLO, () => ({ sender: "another" }))],
  ["what is resumed", change(HELLO, () => ({ boot: "another" }))],
  ["the channels", change(HELLO, () => ({ channels: [[0, "alarm", 1]] }))],
  ["the sender's nonce", change(HELLO, () => ({ nonce: OTHER_NONCE }))],
  ["what nobody reads", change(HELLO, () => ({ more: 1 }))],
  ["the receiver's name", change(CHALLENGE, () => ({ node: "lamp" }))],
  ["the receiver's boot id", change(CHALLENGE, () => ({ boot: "another" }))],
  ["the receiver's nonce", change(CHALLENGE, () => ({ nonce: OTHER_NONCE }))],
  ["the receiver's proof", change(CHALLENGE, () => ({ proofs: [OTHER_NONCE] }))],
  ["the sender's proof", change(PROOF, () => ({ proofs: [OTHER_NONCE] }))],
  ["no proof", change(PROOF, () => ({ proofs: [] }))],
  ["the name in the welcome", change(WELCOME, () => ({ node: "lamp" }))],
  ["the boot id in the welcome", change(WELCOME, () => ({ boot: "another" }))],
];
for (const [what, meddle] of tampered) {
  test(`Who changes ${what} on the way is found out`, { timeout: 5_000 }, async (context) => {
    const there = await buzzer(context, secretsOf("iopin", "buzzer", "clock", "lamp"));
    const proxy = await frameProxy(context, there.url, meddle);
    const here = await iopin(context, proxy.url, secretsOf("iopin", "buzzer", "clock", "lamp"));
    assert.equal((await refusal(here.mesh.send("buzzer", "1", FROM))).code, "ACCESS_DENIED");
    assert.deepEqual(there.runs, []);
  });
}

const broken: readonly (readonly [what: string, frame: (asked: Record<string, unknown>) => Buffer])[] = [
  ["a proof that is cut short", () => jsonFrame(PROOF, { proofs: [OTHER_NONCE.slice(1)] })],
  ["five proofs", () => jsonFrame(PROOF, { proofs: Array(5).fill(OTHER_NONCE) })],
  ["proofs that are no list", () => jsonFrame(PROOF, { proofs: OTHER_NONCE })],
  ["a second hello", () => jsonFrame(HELLO, { version: 1, sender: "s", target: "buzzer", channels: [] })],
  ["messages before the proof", () => Buffer.from("1000046269747311000180013 1".replace(" ", ""), "hex")],
  ["its own proof", ({ proofs }) => jsonFrame(PROOF, { proofs })],
  ["nothing", () => Buffer.alloc(0)],
];
for (const [what, answer] of broken) {
  test(`Who answers a challenge with ${what} loses the link`, { timeout: 5_000 }, async (context) => {
    const there = await buzzer(context);
    const client = await framedClient(context, there.url);
    client.hello({ from: "iopin", nonce: OTHER_NONCE });
    const [type, challenge] = await client.next();
    assert.equal(type, CHALLENGE);
    client.send(answer(challenge));
    const frames = await client.rest();
    assert.ok(
      frames.every(([kind]) => kind === BYE),
      "it was let in",
    );
    assert.deepEqual(there.runs, []);
  });
}

test("Who does not answer a challenge in time loses the link", { timeout: 5_000 }, async (context) => {
  const there = await buzzer(context, secretsOf("iopin", "buzzer"), { limits: { handshakeMs: 100 } });
  const client = await framedClient(context, there.url);
  client.hello({ from: "iopin", nonce: OTHER_NONCE });
  assert.equal((await client.next())[0], CHALLENGE);
  assert.deepEqual(await client.rest(), []);
});

test("What was recorded lets nobody in", { timeout: 5_000 }, async (context) => {
  const there = await buzzer(context);
  const proxy = await frameProxy(context, there.url);
  const here = await iopin(context, proxy.url);
  await here.mesh.send("buzzer", "1", FROM);
  await here.mesh.close();
  const recorded = proxy.seen.filter(({ direction }) => direction === "out").map(({ frame }) => frame);
  assert.equal(there.runs.length, 1);
  const client = await framedClient(context, there.url);
  for (const frame of recorded) client.send(frame);
  const frames = await client.rest();
  assert.deepEqual(
    frames.map(([type]) => type),
    [CHALLENGE, BYE],
  );
  assert.equal(there.runs.length, 1);
  assert.match(there.notices[0] ?? "", /the proof is wrong$/);
});

test("A session is its sender's, whoever has seen its id", { timeout: 5_000 }, async (context) => {
  const there = await buzzer(context, secretsOf("iopin", "buzzer", "clock"));
  const first = await framedClient(context, there.url);
  await first.greet({ from: "iopin", sender: "session-1" }, secretsOf("iopin", "buzzer"));
  const thief = await framedClient(context, there.url);
  const answer = await thief.greet({ from: "clock", sender: "session-1" }, secretsOf("clock", "buzzer"));
  assert.deepEqual(answer, [BYE, { denied: "the session is another's" }]);
  const again = await framedClient(context, there.url);
  const [type] = await again.greet({ from: "iopin", sender: "session-1" }, secretsOf("iopin", "buzzer"));
  assert.equal(type, WELCOME);
});

test("A receiver answers one that is known and one that is not in the same way", async (context) => {
  const there = await buzzer(context);
  const answers = [];
  for (const from of ["iopin", "nobody"]) {
    const client = await framedClient(context, there.url);
    client.hello({ from, nonce: OTHER_NONCE });
    const [type, challenge] = await client.next();
    client.send(jsonFrame(PROOF, { proofs: [OTHER_NONCE] }));
    answers.push([type, Object.keys(challenge), Object(challenge.proofs).length, await client.rest()]);
  }
  assert.deepEqual(answers[0], answers[1]);
});

test("A receiver that asks for nothing welcomes at once, also one who could prove its name", async (context) => {
  const plain = new WsMesh();
  context.after(() => plain.close());
  const { addresses } = await plain.serve("lamp", ({ message }) => message, LOOPBACK);
  const proxy = await frameProxy(context, addresses[0] ?? "");
  const here = await machine(context, secretsOf("iopin", "buzzer"), { grid: { lamp: proxy.url } });
  assert.equal(await here.mesh.send("lamp", "1", FROM), "1");
  assert.deepEqual(
    proxy.seen.slice(0, 2).map(({ frame }) => frame[0]),
    [HELLO, WELCOME],
  );
});

test("Each node of a process proves its own name, over a link of its own", async (context) => {
  const there = await buzzer(context, secretsOf("iopin", "buzzer", "clock"));
  const proxy = await frameProxy(context, there.url);
  const here = await iopin(context, proxy.url, secretsOf("iopin", "buzzer", "clock"));
  assert.equal(await here.mesh.send("buzzer", "1", FROM), "buzz 1");
  assert.equal(await here.mesh.send("buzzer", "2", { from: "clock" }), "buzz 2");
  assert.equal(await here.mesh.send("buzzer", "3", FROM), "buzz 3");
  const hellos = proxy.seen
    .filter(({ frame }) => frame[0] === HELLO)
    .map(({ frame }) => readJson(frame).from);
  assert.deepEqual(hellos, ["iopin", "clock"]);
});

test("Credentials change without a restart: a new one is let in, one that is gone loses its link", async (context) => {
  const there = await buzzer(context, secretsOf("buzzer"));
  const here = await iopin(context, there.url);
  assert.equal((await refusal(here.mesh.send("buzzer", "1", FROM))).code, "ACCESS_DENIED");

  writeCredentials(there.path, secretsOf("iopin", "buzzer"));
  await look(there);
  assert.equal(await here.mesh.send("buzzer", "2", FROM), "buzz 2");

  // A list lets old and new overlap: nobody loses a link.
  writeCredentials(there.path, {
    ...secretsOf("buzzer"),
    iopin: [secretOf("iopin", "-new"), secretOf("iopin")],
  });
  await look(there);
  assert.equal(await here.mesh.send("buzzer", "3", FROM), "buzz 3");

  writeCredentials(there.path, { ...secretsOf("buzzer"), iopin: secretOf("iopin", "-new") });
  await look(there);
  await waitUntil(async () => (await refusal(here.mesh.send("buzzer", "4", FROM))).code === "ACCESS_DENIED");

  writeCredentials(here.path, { ...secretsOf("buzzer"), iopin: secretOf("iopin", "-new") });
  await look(here);
  assert.equal(await here.mesh.send("buzzer", "5", FROM), "buzz 5");

  // A bad file keeps the old ones.
  writeCredentials(there.path, { iopin: "s3cr3t" });
  await look(there);
  assert.equal(await here.mesh.send("buzzer", "6", FROM), "buzz 6");
  assert.match(there.notices.at(-1) ?? "", /^Cannot renew the credentials, those of before still count: /);
  assert.equal(there.runs.includes("4"), false);
  assertNoTrace(there, here);
});

test("A sender whose receiver's credential is gone takes another link", async (context) => {
  const there = await buzzer(context);
  const proxy = await frameProxy(context, there.url);
  const here = await iopin(context, proxy.url);
  assert.equal(await here.mesh.send("buzzer", "1", FROM), "buzz 1");
  writeCredentials(there.path, {
    ...secretsOf("iopin"),
    buzzer: [secretOf("buzzer", "-new"), secretOf("buzzer")],
  });
  await look(there);
  writeCredentials(here.path, { ...secretsOf("iopin"), buzzer: secretOf("buzzer", "-new") });
  await look(here);
  assert.equal(await here.mesh.send("buzzer", "2", FROM), "buzz 2");
  assert.equal(proxy.seen.filter(({ frame }) => frame[0] === HELLO).length, 2);
});

test("Without credentials, the processes of one user on one machine prove its secret", async (context) => {
  const [mine, another] = [temporaryFolder(), temporaryFolder()];
  const options = (directory: string) => ({ safety: { directory } });
  const there = await buzzerOf(context, options(mine));
  const grid = { buzzer: there.url };
  const friend = await machine(context, undefined, { grid, ...options(mine) });
  assert.equal(await friend.mesh.send("buzzer", "1", FROM), "buzz 1");
  const stranger = await machine(context, undefined, { grid, ...options(another) });
  const { code, text } = await refusal(stranger.mesh.send("buzzer", "2", FROM));
  assert.equal(code, "ACCESS_DENIED");
  assert.match(text, /Run both ends as one user of one machine/);
  const library = new WsMesh({ grid });
  context.after(() => library.close());
  assert.equal((await refusal(library.send("buzzer", "3", FROM))).code, "ACCESS_DENIED");
  assert.match(
    there.notices[0] ?? "",
    /^buzzer refused 127\.0\.0\.1, which calls itself "iopin": no proof was given/,
  );
});

async function buzzerOf(context: Context, options: Parameters<typeof machine>[2]) {
  const at = await machine(context, undefined, options);
  const { addresses } = await at.mesh.serve("buzzer", ({ message }) => `buzz ${String(message)}`, LOOPBACK);
  return { ...at, url: addresses[0] ?? "" };
}

async function look({ safety }: Machine): Promise<void> {
  await safety.look();
}

async function waitUntil(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await isSo())) assert.ok(performance.now() < deadline, "it did not happen within 5 s");
}
