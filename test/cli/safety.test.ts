import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { WebSocket as WebSocketClient } from "ws";
import { Authority, skipWithoutOpenssl } from "../mesh/safety/certificates.js";
import { secretOf, secretsOf, TRACE, writeCredentials } from "../mesh/safety/desk.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, type Ended, type Running, startCircuit } from "./cli.js";

const LISTENS = /listens on (ws:\/\/127\.0\.0\.1:\d+)/;
const ALL = secretsOf("clock", "iopin", "buzzer");

/** A configuration of one clock with this security, run to its end. */
function runWith(context: TestContext, security: object, more: object = {}, env = {}): Promise<Ended> {
  const folder = temporaryFolder();
  const nodes = { clock: { sketch: "clock", options: { ticks: 1, delaySeconds: 0 } } };
  writeFileSync(
    join(folder, "circuit.json"),
    JSON.stringify({ nodes, security, timeoutSeconds: 2, ...more }),
  );
  return circuit(context, ["run", "circuit.json"], { folder, env });
}

function assertNoTrace(...ended: readonly Pick<Ended, "stdout" | "stderr">[]): void {
  for (const { stdout, stderr } of ended) assert.doesNotMatch(stdout + stderr, TRACE);
}

async function stop(running: Running): Promise<Ended> {
  running.kill("SIGTERM");
  return running.ended();
}

describe("circuit with credentials", { concurrency: 2 }, () => {
  test("runs the cluster of three processes, and shows no secret", async (context) => {
    const env = { CIRCUIT_CREDENTIALS: writeCredentials(join(temporaryFolder(), "all.json"), ALL) };
    const start = (...args: string[]) => startCircuit(context, args, { env });
    const buzzer = start("buzzer", "-p", "0", "--board", "mock");
    const iopin = start("iopin", "-p", "0", "--board", "mock");
    for (const node of [buzzer, iopin]) await node.said(LISTENS);
    const clock = await start("clock", "-t", "2", "-d", "0").ended();
    assert.equal(clock.code, 0, clock.stderr);
    assert.match(clock.stdout, /^2 ticks, 2 acks/m);
    const nodes = await start("nodes").ended();
    assert.equal(nodes.stdout.match(/ ms$/gm)?.length, 2, nodes.stdout);
    const without = await circuit(context, ["clock", "-t", "1"], {});
    assert.equal(without.code, 77, without.stderr);
    assert.match(without.stderr, /^circuit: Cannot reach iopin: /m);
    const seen = await circuit(context, ["nodes"], {});
    assert.equal(seen.stdout.match(/ no proof$/gm)?.length, 2, seen.stdout);
    assertNoTrace(clock, nodes, without, await stop(buzzer), await stop(iopin));
  });

  test("takes new credentials without a restart", async (context) => {
    const folder = temporaryFolder();
    const [there, here] = [join(folder, "there.json"), join(folder, "here.json")];
    writeCredentials(there, secretsOf("iopin", "buzzer"));
    writeCredentials(here, ALL);
    const env = { CIRCUIT_CREDENTIALS: there };
    startCircuit(context, ["buzzer", "-p", "0", "--board", "mock"], { env });
    const iopin = startCircuit(context, ["iopin", "-p", "0", "--board", "mock"], { env });
    await iopin.said(LISTENS);
    const clock = () =>
      circuit(context, ["clock", "-t", "1", "-d", "0"], { env: { CIRCUIT_CREDENTIALS: here } });
    assert.equal((await clock()).code, 77);
    writeFileSync(there, JSON.stringify({ iopin: "s3cr3t" }), { mode: 0o600 });
    await iopin.said(/^Cannot renew the credentials, those of before still count: /);
    writeCredentials(there, ALL);
    // It looks every second; a process takes nearly as long to start.
    let ended = await clock();
    for (let tries = 0; tries < 4 && ended.code === 77; tries++) ended = await clock();
    assert.equal(ended.code, 0, ended.stderr);
    assertNoTrace(ended, await stop(iopin));
  });

  test("finds paths beside the configuration, and refuses what others may read", async (context) => {
    const folder = temporaryFolder();
    writeCredentials(join(folder, "credentials.json"), ALL, 0o644);
    const nodes = { buzzer: { sketch: "buzzer", listen: "127.0.0.1:0" } };
    const config = { boards: { desk: "mock" }, nodes, security: { credentials: "credentials.json" } };
    writeFileSync(join(folder, "circuit.json"), JSON.stringify(config));
    const { code, stderr } = await circuit(context, ["run", join(folder, "circuit.json")]);
    assert.equal(code, 77);
    assert.match(stderr, /^circuit: Cannot use .*credentials\.json: other users may read it \(mode 644\)$/m);
    writeCredentials(join(folder, "credentials.json"), secretsOf("iopin"));
    const other = await circuit(context, ["run", join(folder, "circuit.json")]);
    assert.equal(other.code, 78);
    assert.match(other.stderr, /^circuit: Cannot serve buzzer: the credentials have none of that name$/m);
    assertNoTrace({ stdout: "", stderr }, other);
  });

  test("listens on wss:// with a certificate", { skip: skipWithoutOpenssl }, async (context) => {
    const folder = temporaryFolder();
    const authority = new Authority(folder);
    const { certificate, key } = authority.issue("iopin");
    writeCredentials(join(folder, "credentials.json"), ALL);
    const write = (name: string, config: object) => writeFileSync(join(folder, name), JSON.stringify(config));
    const bits = { sketch: "iopin", options: { sequence: 1, target: "buzzer" }, listen: "127.0.0.1:0" };
    write("there.json", {
      boards: { desk: "mock" },
      nodes: { iopin: bits, buzzer: { sketch: "buzzer" } },
      security: { credentials: "credentials.json", tls: { certificate, key } },
    });
    const there = startCircuit(context, ["run", join(folder, "there.json")]);
    const [, url = ""] = await there.said(/listens on (wss:\/\/127\.0\.0\.1:\d+)/);
    write("here.json", {
      nodes: { clock: { sketch: "clock", options: { ticks: 2, delaySeconds: 0 } } },
      grid: { iopin: url },
      security: { credentials: "credentials.json", tls: { authority: "authority.pem" } },
    });
    const { code, stdout, stderr } = await circuit(context, ["run", join(folder, "here.json")]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^2 ticks, 2 acks/m);
    const nodes = await circuit(context, ["nodes", join(folder, "here.json")]);
    assert.match(nodes.stdout, new RegExp(`^iopin +${url} .* ms$`, "m"));
    assertNoTrace({ stdout, stderr }, nodes, await stop(there));
  });

  test("--no-plain closes the plain protocol, and the processes of one user go on", async (context) => {
    const buzzer = startCircuit(context, ["buzzer", "-p", "0", "--board", "mock", "--no-plain"]);
    const [, url = ""] = await buzzer.said(LISTENS);
    const answer = await new Promise<string>((resolve) => {
      const ws = new WebSocketClient(url);
      ws.on("unexpected-response", (_, { statusCode }) => resolve(String(statusCode)));
      ws.on("error", (error) => resolve(error.message));
      ws.on("open", () => resolve("open"));
    });
    assert.equal(answer, "403");
    await startCircuit(context, ["iopin", "-p", "0", "--board", "mock", "--no-plain"]).said(LISTENS);
    assert.equal((await circuit(context, ["clock", "-t", "1", "-d", "0"])).code, 0);
  });

  test("another user of this machine is refused, and told what to do", async (context) => {
    const iopin = startCircuit(context, ["iopin", "-p", "0", "--board", "mock"]);
    const [, url = ""] = await iopin.said(LISTENS);
    const env = { XDG_RUNTIME_DIR: temporaryFolder() };
    const { code, stderr } = await circuit(context, ["clock", "-t", "1", "-p", new URL(url).port], { env });
    assert.equal(code, 77);
    assert.match(stderr, /^circuit: Cannot reach iopin: its proof is wrong$/m);
    assert.match(stderr, /^ {2}Run both ends as one user of one machine, or give both the same credentials/m);
  });
});

const mistakes: readonly (readonly [what: string, security: object, more: object, said: RegExp])[] = [
  ["security over NATS", {}, { mesh: "nats://127.0.0.1:1" }, /security: is for WebSockets; over NATS/],
  [
    "an extension's origin",
    { origins: ["chrome-extension://abc"] },
    {},
    /security\.origins\.0: must be an origin/,
  ],
  ["the origin of a sandbox", { origins: ["null"] }, {}, /security\.origins\.0: must be an origin/],
  ["an origin with a path", { origins: ["http://a.example/"] }, {}, /must be an origin/],
  ["a host with a port", { hosts: ["bench.lan:80"] }, {}, /security\.hosts\.0: must be a name/],
  ["a certificate without a key", { tls: { certificate: "a.pem" } }, {}, /security\.tls: must have both/],
  ["both credentials and anyone", { credentials: "a", anyone: true }, {}, /security: must have either/],
  ["what is not known", { password: secretOf("x") }, {}, /security\.password: is not known here/],
  [
    "a subject that nobody can mean",
    { publish: { iopin: ["a..b"] } },
    {},
    /security\.publish\.iopin\.0: must be a/,
  ],
  [
    "a channel that is none",
    { access: { buzzer: { iopin: [1] } } },
    {},
    /security\.access\.buzzer\.iopin\.0: must/,
  ],
  ["a sender that is none", { access: { buzzer: { "io pin": [] } } }, {}, /must be a name of letters/],
  [
    "rules without credentials",
    { access: { buzzer: {} } },
    {},
    /Cannot tell who may send: there are no credentials/,
  ],
];

describe("circuit run refuses", { concurrency: 2 }, () => {
  for (const [what, security, more, said] of mistakes) {
    test(what, async (context) => {
      const ended = await runWith(context, security, more);
      assert.equal(ended.code, 78, ended.stderr);
      assert.match(ended.stderr, said);
      assertNoTrace(ended);
    });
  }

  test("--allow-anyone with credentials in the environment", async (context) => {
    const env = { CIRCUIT_CREDENTIALS: "/nowhere.json" };
    const { code, stderr } = await circuit(context, ["buzzer", "--board", "mock", "--allow-anyone"], { env });
    assert.equal(code, 78);
    assert.match(stderr, /^circuit: Cannot let anyone in: there are credentials, \/nowhere\.json$/m);
  });
});
