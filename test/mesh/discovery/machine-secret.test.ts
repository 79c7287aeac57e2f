import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { MachineSecret } from "../../../src/mesh/discovery/machine-secret.js";
import { temporaryFolder } from "../../temporary-folder.js";

async function open(context: TestContext, directory: string) {
  const clock = new ManualClock();
  const secret = await MachineSecret.open(directory, clock);
  context.after(() => secret.close());
  return { secret, clock };
}

const hex = (secret: MachineSecret) => Buffer.from(secret.keysOf()[0] ?? []).toString("hex");

test("MachineSecret is made once, for this user alone", async (context) => {
  const directory = join(temporaryFolder(), "circuit");
  const first = await open(context, directory);
  const second = await open(context, directory);
  assert.equal(hex(first.secret), hex(second.secret));
  assert.equal(hex(first.secret).length, 64);
  assert.equal(lstatSync(directory).mode & 0o777, 0o700);
  assert.equal(lstatSync(join(directory, "secret")).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ["secret"]);
});

test("MachineSecret is the same for all processes that begin at the same time", async () => {
  const directory = join(temporaryFolder(), "circuit");
  const module = fileURLToPath(new URL("../../../src/mesh/discovery/machine-secret.js", import.meta.url));
  const program = `
    const { MachineSecret } = await import(${JSON.stringify(module)});
    const { systemClock } = await import(${JSON.stringify(module.replace("mesh/discovery/machine-secret", "core/clock"))});
    const secrets = await Promise.all(Array.from({ length: 16 }, () => MachineSecret.open(${JSON.stringify(directory)}, systemClock)));
    for (const secret of secrets) { console.log(Buffer.from(secret.keysOf()[0]).toString("hex")); secret.close(); }`;
  const said = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      for await (const chunk of child.stdout) text += chunk;
      return text.trim().split("\n");
    }),
  );
  assert.deepEqual(
    said.map((lines) => lines.length),
    [16, 16, 16, 16],
  );
  assert.equal(new Set(said.flat()).size, 1);
  assert.deepEqual(readdirSync(directory), ["secret"]);
});

const refused: readonly (readonly [what: string, code: string, prepare: (path: string) => void])[] = [
  ["that others may read", "ACCESS_DENIED", (path) => writeFileSync(path, Buffer.alloc(32), { mode: 0o644 })],
  ["of another length", "FILE_FAILED", (path) => writeFileSync(path, "short", { mode: 0o600 })],
  ["that is a folder", "FILE_FAILED", (path) => mkdirSync(path)],
  ["that leads nowhere", "FILE_FAILED", (path) => symlinkSync("/nowhere", path)],
  ["in a folder that others may use", "FILE_FAILED", (path) => chmodSync(join(path, ".."), 0o755)],
];
for (const [what, code, prepare] of refused) {
  test(`MachineSecret refuses a file ${what}`, async (context) => {
    const directory = temporaryFolder();
    prepare(join(directory, "secret"));
    await assert.rejects(open(context, directory), { code });
  });
}

test("MachineSecret puts back what tidying took, and takes what others have agreed on since", async (context) => {
  const directory = temporaryFolder();
  const path = join(directory, "secret");
  const { secret, clock } = await open(context, directory);
  const before = hex(secret);
  rmSync(path);
  await secret.look();
  assert.equal(readFileSync(path, "hex"), before);
  let changes = 0;
  secret.watch(() => changes++);
  rmSync(path);
  writeFileSync(path, Buffer.alloc(32, 1), { mode: 0o600 });
  await secret.look();
  assert.equal(hex(secret), "01".repeat(32));
  assert.equal(changes, 1);
  chmodSync(path, 0o644);
  await secret.look();
  assert.equal(hex(secret), "01".repeat(32));
  secret.close();
  assert.equal(clock.pending, 0);
});
