import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { decodeToken, encodeToken } from "../../src/mesh/nats/subjects.js";
import { skipWithoutNats, startNats } from "./nats-server.js";
import { NatsWire } from "./nats-wire.js";

const DOCUMENT = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

/** What stands between a heading and the next one. */
function section(heading: string): string {
  const [, after = ""] = DOCUMENT.split(`### ${heading}\n`);
  assert.notEqual(after, "", `docs/protocol.md has no section ${heading}`);
  return after.split(/^##/m, 1)[0] ?? "";
}

test("docs/protocol.md shows names as the tokens that they are", () => {
  const rows = [...section("Subjects").matchAll(/^\| `([^`⟨]+)` +\| `([\w=-]+)` +\|$/gm)];
  assert.ok(rows.length > 5);
  for (const [, name = "", token = ""] of rows) {
    assert.equal(encodeToken(name), token);
    assert.equal(decodeToken(token), name);
  }
});

/** A command of the document's, or what is to come back. */
const LINE =
  /^nats sub '(?<sub>[^']+)'$|^nats req (?<req>\S+) '?(?<text>[^']*)'?$|^(?<printf>printf '.*') \| nats pub (?<pub>\S+)$|^ {3}(?<on>_INBOX\.\S+)? +(?<answer>\S.*?)(?: {5}.*)?$/u;

/** Types what the document says, and checks each answer against it; what stands in ⟨⟩ is what came first. */
class Reader {
  readonly #wire: NatsWire;
  readonly #known = new Map<string, string>();
  #answer = "";
  #sid = "";

  constructor(wire: NatsWire) {
    this.#wire = wire;
  }

  async read(line: string): Promise<void> {
    const groups = LINE.exec(line)?.groups;
    assert.ok(groups, `docs/protocol.md has a line that is nothing: ${line}`);
    const { sub, req, text = "", printf, pub = "", on, answer = "" } = groups;
    if (sub) this.#sid = this.#wire.subscribe(sub);
    else if (req) this.#answer = (await this.#wire.request(this.#fill(req), this.#fill(text))).text;
    else if (printf) this.#wire.publish(this.#fill(pub), execFileSync("sh", ["-c", this.#fill(printf)]));
    else if (on) this.#compare(answer, await this.#heard(on));
    else this.#compare(answer, this.#answer);
  }

  /** The bytes of the next message but a probe. */
  async #heard(subject: string): Promise<string> {
    const { bytes, ...heard } = await this.#wire.next(
      ({ sid, subject }) => sid === this.#sid && !subject.endsWith(".probe"),
    );
    assert.equal(heard.subject, subject);
    return bytes.toString("hex").replace(/..(?!$)/g, "$& ");
  }

  #fill(text: string): string {
    return text.replace(/⟨(\w+)⟩/gu, (_, name: string) => this.#known.get(name) ?? assert.fail(name));
  }

  #compare(pattern: string, found: string): void {
    const literal = pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const match = new RegExp(`^${literal.replace(/⟨(\w+)⟩/gu, "(?<$1>.+)")}$`, "u").exec(found);
    assert.ok(match, `docs/protocol.md says ${pattern}, and it was ${found}`);
    for (const [name, value] of Object.entries(match.groups ?? {})) this.#known.set(name, value);
  }
}

const PERMISSIONS = `
  authorization { users = [
    { user: member, password: "", permissions: {
      subscribe: ["circuit.buzzer", "circuit.buzzer.>", "$SRV.>"], publish: ["_INBOX.>"] } }
    { user: sender, password: "", permissions: {
      subscribe: ["_INBOX.>"], publish: ["circuit.buzzer", "circuit.buzzer.>"] } }
  ] }`;

test("docs/protocol.md says all that a server has to permit", {
  skip: skipWithoutNats,
  timeout: 30_000,
}, async (context) => {
  const server = await startNats({ config: PERMISSIONS });
  const [member, sender] = ["member", "sender"].map(
    (user) => new NatsMesh({ url: server.url, credentials: { user, password: "" } }),
  );
  context.after(async () => {
    await Promise.all([member?.close(), sender?.close()]);
    await server.kill();
  });
  const said = section("Subjects").replace(/\s+/g, " ").replaceAll("⟨node⟩", "buzzer");
  for (const [, quoted = ""] of PERMISSIONS.matchAll(/"([\w.$>]+)"/g)) assert.ok(said.includes(quoted));
  await member?.serve("buzzer", ({ message }) => message);
  for (const channel of ["", "bits"]) assert.equal(await sender?.send("buzzer", "1", { channel }), "1");
});

async function open(context: TestContext): Promise<NatsWire> {
  const server = await startNats();
  const mesh = new NatsMesh({ url: server.url });
  context.after(async () => {
    await mesh.close();
    await server.kill();
  });
  const runs: unknown[] = [];
  await mesh.serve("buzzer", ({ message, idempotencyKey }) => {
    assert.ok(!runs.includes(idempotencyKey));
    runs.push(idempotencyKey);
    return message === "1" ? "buzz" : "...";
  });
  const wire = await NatsWire.connect(server.port);
  context.after(() => wire.close());
  return wire;
}

test("docs/protocol.md shows what a NATS client can type, and hears", {
  skip: skipWithoutNats,
  timeout: 30_000,
}, async (context) => {
  const reader = new Reader(await open(context));
  const blocks = section("An exchange with a NATS client").matchAll(/```text\n(.*?)```/gs);
  const lines = [...blocks].flatMap(([, block = ""]) => block.split("\n")).filter((line) => line !== "");
  assert.ok(lines.length > 10);
  for (const line of lines) await reader.read(line);
});
