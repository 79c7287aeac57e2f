import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAIN } from "../../cli/cli.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { FAR, joinTwo, NEAR, skip } from "../discovery/two-machines.js";
import { Authority, skipWithoutOpenssl } from "./certificates.js";
import { secretOf, secretsOf, TRACE, writeCredentials } from "./desk.js";

const CLIENT = fileURLToPath(new URL("./lan-client.js", import.meta.url));

const BUZZER = ["buzzer", "-s", "0.0.0.0", "-p", "8766", "--board", "mock", "--lan"] as const;
const IOPIN = ["iopin", "-s", "0.0.0.0", "-p", "8765", "--board", "mock", "--lan"] as const;
const CLOCK = ["clock", "-t", "2", "-d", "0", "--lan"] as const;

/** Two machines, each with credentials of its own. */
function two(context: TestContext, far: object, near: object) {
  const folder = temporaryFolder();
  const env = (name: string, secrets: object) => ({
    CIRCUIT_CREDENTIALS: writeCredentials(join(folder, `${name}.json`), secrets),
  });
  return joinTwo(context, { far: env("far", far), near: env("near", near) });
}

const EVERYBODY = secretsOf("clock", "iopin", "buzzer");

describe("Beyond one machine", { skip, timeout: 60_000 }, () => {
  test("nodes with credentials find each other by mDNS, and talk", async (context) => {
    const { near, far } = two(context, EVERYBODY, secretsOf("clock", "iopin"));
    const buzzer = far(MAIN, ...BUZZER);
    await buzzer.said(new RegExp(`^buzzer listens on ws://127\\.0\\.0\\.1:8766 and ws://${FAR}:8766$`));
    await far(MAIN, ...IOPIN).said(/^iopin listens on/);
    const { code, stdout, stderr } = await near(MAIN, ...CLOCK).ended();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^2 ticks, 2 acks/m);
    const nodes = await near(MAIN, "nodes", "--lan").ended();
    assert.match(nodes.stdout, new RegExp(`^iopin +ws://${FAR}:8765 .* lan .* ms$`, "m"));
    // Its credential is not known here.
    assert.match(nodes.stdout, new RegExp(`^buzzer +ws://${FAR}:8766 .* lan .* no proof$`, "m"));
  });

  test("a machine with other credentials is refused at once, and exits with 77", async (context) => {
    const guessed = { ...secretsOf("iopin"), clock: secretOf("clock", "-guessed") };
    const { near, far } = two(context, EVERYBODY, guessed);
    const iopin = far(MAIN, ...IOPIN);
    await iopin.said(/^iopin listens on/);
    const { code, stderr, stdout } = await near(MAIN, ...CLOCK).ended();
    assert.equal(code, 77, stderr);
    assert.match(stderr, /^circuit: Cannot reach iopin: it refuses: the proof is wrong$/m);
    await iopin.said(
      new RegExp(`^iopin refused ${NEAR.replaceAll(".", "\\.")}, which calls itself "clock": the proof`),
    );
    iopin.kill("SIGTERM");
    const ended = await iopin.ended();
    assert.doesNotMatch(stderr + stdout + ended.stderr + ended.stdout, TRACE);
  });

  test("nodes with certificates are found, and spoken to over TLS", {
    skip: skipWithoutOpenssl,
  }, async (context) => {
    const { near, far } = two(context, EVERYBODY, EVERYBODY);
    const folder = temporaryFolder();
    const authority = new Authority(folder);
    const { certificate, key } = authority.issue("iopin", `IP:${FAR}`);
    const write = (name: string, config: object) => {
      writeFileSync(join(folder, name), JSON.stringify(config));
      return join(folder, name);
    };
    const there = write("there.json", {
      boards: { desk: "mock" },
      nodes: { iopin: { sketch: "iopin", listen: "0.0.0.0:8765" }, buzzer: { sketch: "buzzer" } },
      security: { tls: { certificate, key } },
    });
    const here = write("here.json", {
      nodes: { clock: { sketch: "clock", options: { ticks: 2, delaySeconds: 0 } } },
      security: { tls: { authority: authority.certificate } },
    });
    await far(MAIN, "run", there, "--lan").said(/^iopin listens on wss:/);
    const { code, stdout, stderr } = await near(MAIN, "run", here, "--lan").ended();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^2 ticks, 2 acks/m);
    const nodes = await near(MAIN, "nodes", here, "--lan").ended();
    assert.match(nodes.stdout, new RegExp(`^iopin +wss://${FAR}:8765 .* lan .* ms$`, "m"));
    // A token may travel there, and a page's own client is then let in.
    const token = `Bearer ${secretOf("clock")}`;
    const client = near(CLIENT, `wss://${FAR}:8765/`, "-", "", token, authority.certificate);
    await client.said(/^answer acknowledged$/);
  });

  test("the plain protocol, a rebound name and a page are refused", async (context) => {
    const { near, far } = two(context, EVERYBODY, EVERYBODY);
    await far(MAIN, ...BUZZER).said(/^buzzer listens on/);
    const ask = async (...args: string[]) => (await near(CLIENT, `ws://${FAR}:8766/`, ...args).said(/.+/))[0];
    assert.match(await ask(), /^403 the plain protocol needs wss:\/\/ from here/);
    assert.match(
      await ask("evil.example:8766", "circuit.1"),
      /^403 Host "evil\.example:8766" is not this node/,
    );
    assert.match(await ask(`${NEAR}:8766`, "circuit.1"), /^403 Host/);
    assert.match(await ask(`${FAR}:8767`, "circuit.1"), /^403 Host/);
    assert.equal(await ask(`${FAR}:8766`, "circuit.1"), "open");
    assert.equal(await ask(`${hostname().split(".")[0]}.local`, "circuit.1"), "open");
  });

  test("without credentials a node does not listen there, unless anyone may come", async (context) => {
    const { near, far } = joinTwo(context);
    const refused = await far(MAIN, ...BUZZER).ended();
    assert.equal(refused.code, 78);
    assert.match(
      refused.stderr,
      /^circuit: Cannot serve buzzer on 0\.0\.0\.0: other machines would reach it, and/m,
    );
    assert.match(
      refused.stderr,
      /^ {2}Use localhost, name a file of credentials .*, or say --allow-anyone\.$/m,
    );
    await far(MAIN, ...BUZZER, "--allow-anyone").said(/^buzzer listens on/);
    const [answer] = await near(CLIENT, `ws://${FAR}:8766/`).said(/^answer .*/);
    assert.equal(answer, "answer buzz buzz buzz");
    const iopin = near(MAIN, "iopin", "-p", "0", "--board", "mock", "--lan", "--allow-anyone");
    await iopin.said(/^iopin listens on/);
    const { code, stderr } = await near(MAIN, "clock", "-t", "2", "-d", "0").ended();
    assert.equal(code, 0, stderr);
  });

  test("without credentials nobody is believed who claims a name, but an address that was given is", async (context) => {
    const { near, far } = joinTwo(context);
    await far(MAIN, ...IOPIN, "--allow-anyone", "--peer", `buzzer=ws://127.0.0.1:8766`).said(
      /^iopin listens/,
    );
    await far(MAIN, ...BUZZER, "--allow-anyone").said(/^buzzer listens on/);
    const refused = await near(MAIN, ...CLOCK).ended();
    assert.equal(refused.code, 77, refused.stderr);
    assert.match(
      refused.stderr,
      /^circuit: Cannot reach iopin: who claims its name on the local network does not prove to be it$/m,
    );
    assert.match(refused.stderr, /^ {2}Give both ends the same credentials .* --allow-anyone/m);
    assert.equal((await near(MAIN, ...CLOCK, "--allow-anyone").ended()).code, 0);
    const given = await near(MAIN, "clock", "-t", "2", "-d", "0", "--peer", `iopin=ws://${FAR}:8765`).ended();
    assert.equal(given.code, 0, given.stderr);
  });
});
