import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { Credentials, parseCredentials } from "../../../src/mesh/safety/credentials.js";
import { Refusals } from "../../../src/mesh/safety/refusals.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { secretOf, secretsOf, TRACE, writeCredentials } from "./desk.js";

const SECRET = secretOf("iopin");

const refused: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
  ["no JSON", `{ "iopin": "${SECRET}"`, /no JSON object$/],
  ["a list", `["${SECRET}"]`, /no JSON object$/],
  ["null", "null", /no JSON object$/],
  ["nobody", "{}", /it names nobody$/],
  ["a node without a name", JSON.stringify({ "": "s3cr3t-0123456789" }), /of 0 bytes, is none of a node/],
  ["any node", JSON.stringify({ "*": "s3cr3t-0123456789" }), /of 1 bytes, is none of a node: .* and no \*$/],
  [
    "a name as long as none",
    JSON.stringify({ ["n".repeat(256)]: "s3cr3t-0123456789" }),
    /of 256 bytes, is none/,
  ],
  [
    "a short secret",
    '{ "iopin": "s3cr3t-0123456" }',
    /a secret of iopin has 14 characters instead of 16 to 255$/,
  ],
  ["a long secret", `{ "iopin": "${SECRET.repeat(12)}" }`, /has 276 characters/],
  ["a secret with a space", `{ "iopin": "${SECRET} " }`, /no text of visible ASCII without spaces$/],
  ["a secret that no header can carry", `{ "iopin": "${SECRET}ä" }`, /visible ASCII/],
  ["a number", '{ "iopin": 12345678901234567 }', /visible ASCII/],
  ["no secret", '{ "iopin": [] }', /iopin has 0 secrets instead of 1 to 4$/],
  ["five secrets", `{ "iopin": ["1","2","3","4","5"] }`, /iopin has 5 secrets/],
  [
    "one secret for two",
    `{ "iopin": "${SECRET}", "clock": "${SECRET}" }`,
    /iopin and clock have a secret in common$/,
  ],
];
for (const [what, text, problem] of refused) {
  test(`parseCredentials() refuses ${what}, and does not repeat it`, () => {
    assert.throws(
      () => parseCredentials(text, "the file"),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "CONFIG_INVALID");
        assert.match(error.message, problem);
        assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, TRACE);
        return true;
      },
    );
  });
}

test("parseCredentials() reads a secret, or a list, for each name", () => {
  const secrets = parseCredentials(
    `{ "iopin": "${SECRET}", "clock": ["${SECRET}1", "${SECRET}2"] }`,
    "the file",
  );
  assert.deepEqual(
    [...secrets].map(([name, keys]) => [name, keys.map(String)]),
    [
      ["iopin", [SECRET]],
      ["clock", [`${SECRET}1`, `${SECRET}2`]],
    ],
  );
});

async function open(context: TestContext, path: string) {
  const notices: string[] = [];
  const clock = new ManualClock();
  const credentials = await Credentials.open(path, { clock, notice: (text) => void notices.push(text) });
  context.after(() => credentials.close());
  return { credentials, notices, clock };
}

test("Credentials are refused when others may read them", async (context) => {
  const folder = temporaryFolder();
  for (const mode of [0o604, 0o640, 0o666, 0o620]) {
    const path = writeCredentials(join(folder, "open.json"), secretsOf("iopin"));
    chmodSync(path, mode);
    await assert.rejects(open(context, path), {
      code: "ACCESS_DENIED",
      message: `Cannot use ${path}: other users may read it (mode ${mode.toString(8)})`,
    });
  }
});

test("Credentials are refused when there are none", async (context) => {
  const folder = temporaryFolder();
  await assert.rejects(open(context, join(folder, "none.json")), {
    code: "FILE_FAILED",
    message: /no such file$/,
  });
  mkdirSync(join(folder, "folder"));
  await assert.rejects(open(context, join(folder, "folder")), { code: "FILE_FAILED" });
});

test("Credentials follow their file, and a bad one leaves them as they were", async (context) => {
  const path = writeCredentials(join(temporaryFolder(), "credentials.json"), secretsOf("iopin"));
  const { credentials, notices } = await open(context, path);
  let changes = 0;
  credentials.watch(() => changes++);
  assert.equal(credentials.nameOf(secretOf("iopin")), "iopin");
  await credentials.look();
  assert.equal(changes, 0);

  writeCredentials(path, { iopin: [secretOf("iopin"), secretOf("iopin", "2")], clock: secretOf("clock") });
  await credentials.look();
  assert.equal(changes, 1);
  assert.deepEqual(credentials.keysOf("iopin").map(String), [secretOf("iopin"), secretOf("iopin", "2")]);
  assert.equal(credentials.nameOf(secretOf("iopin", "2")), "iopin");
  assert.equal(credentials.nameOf(secretOf("clock")), "clock");

  for (const [spoil, problem] of [
    [() => writeCredentials(path, { clock: "s3cr3t" }), /a secret of clock has 6 characters/],
    [() => writeFileSync(path, `{ "clock": "${secretOf("clock")}`), /no JSON object/],
    [() => chmodSync(path, 0o644), /other users may read it \(mode 644\)/],
    [() => rmSync(path), /there is no such file/],
  ] as const) {
    spoil();
    await credentials.look();
    await credentials.look();
    assert.match(notices.at(-1) ?? "", /^Cannot renew the credentials, those of before still count: /);
    assert.match(notices.at(-1) ?? "", problem);
    assert.equal(credentials.nameOf(secretOf("iopin", "2")), "iopin");
  }
  assert.equal(notices.length, 4);
  assert.equal(changes, 1);

  writeCredentials(path, secretsOf("clock"));
  await credentials.look();
  assert.deepEqual(credentials.keysOf("iopin"), []);
  assert.equal(changes, 2);
  for (const notice of notices) assert.doesNotMatch(notice, TRACE);
});

test("Credentials follow a link that is moved, as a mounted secret is", async (context) => {
  const folder = temporaryFolder();
  writeCredentials(join(folder, "1.json"), secretsOf("iopin"));
  writeCredentials(join(folder, "2.json"), secretsOf("clock"));
  const path = join(folder, "credentials.json");
  symlinkSync("1.json", path);
  const { credentials } = await open(context, path);
  rmSync(path);
  symlinkSync("2.json", path);
  await credentials.look();
  assert.equal(credentials.nameOf(secretOf("clock")), "clock");
});

test("Credentials look by themselves, every second, until they are closed", async (context) => {
  const path = writeCredentials(join(temporaryFolder(), "credentials.json"), secretsOf("iopin"));
  const { credentials, clock } = await open(context, path);
  const changed = new Promise<void>((resolve) => credentials.watch(resolve));
  writeCredentials(path, secretsOf("clock"));
  clock.advance(1_000);
  await changed;
  assert.equal(credentials.nameOf(secretOf("clock")), "clock");
  credentials.close();
  assert.equal(clock.pending, 0);
});

test("Refusals tells ten in ten seconds, and then how many more there were", () => {
  const clock = new ManualClock();
  const notices: string[] = [];
  const refusals = new Refusals(clock, (text) => void notices.push(text));
  const refusal = {
    node: "buzzer",
    peer: "192.0.2.1",
    from: "io\u202epin\u001b[2J",
    reason: "its proof is wrong",
  };
  for (let count = 0; count < 1_000; count++) refusals.tell(refusal);
  assert.equal(notices.length, 10);
  assert.equal(
    notices[0],
    'buzzer refused 192.0.2.1, which calls itself "io\ufffdpin\ufffd[2J": its proof is wrong',
  );
  clock.advance(10_000);
  refusals.tell({ ...refusal, from: undefined });
  assert.deepEqual(notices.slice(10), [
    "990 more were refused",
    "buzzer refused 192.0.2.1: its proof is wrong",
  ]);
});
