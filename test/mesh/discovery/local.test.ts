import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/core/clock.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import type { Identify } from "../../../src/mesh/discovery/discovery.js";
import { LocalSource, RESCAN_MS } from "../../../src/mesh/discovery/local.js";
import { findRuntimeDirectory } from "../../../src/mesh/discovery/runtime-directory.js";
import { NodeTable } from "../../../src/mesh/discovery/table.js";
import { probeWs } from "../../../src/mesh/ws/probe.js";
import { Running } from "../../cli/cli.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { advertOf, bootOf } from "./adverts.js";

const END = fileURLToPath(new URL("./local-end.js", import.meta.url));

/** Time that any one wait of these tests may take, in milliseconds. */
const WAIT_LIMIT_MS = 10_000;

const nobody: Identify = async () => ({ kind: "nobody" });

function folderOf(): string {
  return join(temporaryFolder(), "circuit");
}

async function open(
  context: TestContext,
  directory: string,
  { clock = systemClock, identify = probeWs }: { clock?: typeof systemClock; identify?: Identify } = {},
) {
  const table = new NodeTable();
  const source = new LocalSource({ directory, clock, identify });
  context.after(() => source.close());
  await source.start(table.sightings("local"));
  return { table, source };
}

/** Resolves when the table has nodes of these names. */
function untilNamed(table: NodeTable, ...names: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const namesNow = () => table.nodes.map(({ name }) => name).sort();
    const look = () => {
      if (namesNow().join() !== [...names].sort().join()) return;
      stop();
      clearTimeout(limit);
      resolve();
    };
    const limit = setTimeout(
      () => reject(new Error(`The table has ${namesNow()} instead of ${names} after ${WAIT_LIMIT_MS} ms`)),
      WAIT_LIMIT_MS,
    );
    const stop = table.watch(look);
    look();
  });
}

const startEnd = (context: TestContext, directory: string, name: string) =>
  new Running(context, [process.execPath, END, directory, name]);

describe("LocalSource", { concurrency: 4 }, () => {
  test("finds the nodes of other processes as they come and go", async (context) => {
    const directory = folderOf();
    const { table } = await open(context, directory);
    const buzzer = startEnd(context, directory, "buzzer");
    const iopin = startEnd(context, directory, "iopin");
    await untilNamed(table, "buzzer", "iopin");
    const [, address] = await buzzer.said(/^listening (.+)$/);
    assert.equal(table.named("buzzer")[0]?.addresses[0], address);
    buzzer.kill("SIGTERM");
    iopin.kill("SIGTERM");
    await untilNamed(table);
    assert.deepEqual(readdirSync(directory), []);
  });

  test("finds at once what is there before it", async (context) => {
    const directory = folderOf();
    await startEnd(context, directory, "buzzer").said(/^listening/);
    const { table } = await open(context, directory);
    assert.equal(table.named("buzzer").length, 1);
  });

  test("removes what a killed process left, at the next look", async (context) => {
    const directory = folderOf();
    const { table, source } = await open(context, directory, { clock: new ManualClock() });
    const buzzer = startEnd(context, directory, "buzzer");
    await untilNamed(table, "buzzer");
    buzzer.kill("SIGKILL");
    await buzzer.ended();
    assert.equal(readdirSync(directory).length, 1);
    await source.rescan();
    assert.deepEqual(table.nodes, []);
    assert.deepEqual(readdirSync(directory), []);
  });

  test("looks again by itself", async (context) => {
    const directory = folderOf();
    const clock = new ManualClock();
    const { table } = await open(context, directory, { clock });
    const buzzer = startEnd(context, directory, "buzzer");
    await untilNamed(table, "buzzer");
    buzzer.kill("SIGKILL");
    await buzzer.ended();
    clock.advance(RESCAN_MS);
    await untilNamed(table);
  });

  test("lets a successor take the place of a killed one without a look at everything", async (context) => {
    const directory = folderOf();
    const { table } = await open(context, directory, { clock: new ManualClock() });
    const killed = startEnd(context, directory, "buzzer");
    await untilNamed(table, "buzzer");
    killed.kill("SIGKILL");
    await killed.ended();
    const successor = startEnd(context, directory, "buzzer");
    const [, address] = await successor.said(/^listening (.+)$/);
    await new Promise<void>((resolve) => {
      const look = () => {
        const named = table.named("buzzer");
        if (named.length === 1 && named[0]?.addresses[0] === address) resolve();
      };
      table.follow("buzzer", look);
      look();
    });
  });

  test("leaves alone what is no word of a node's, and looks past it", async (context) => {
    const directory = folderOf();
    mkdirSync(directory, { mode: 0o700 });
    const write = (file: string, content: string) => writeFileSync(join(directory, file), content);
    const process_ = { pid: process.pid };
    write(`${bootOf(1)}.json`, "{");
    write(`${bootOf(2)}.json`, "null");
    write(`${bootOf(3)}.json`, "\0".repeat(100));
    write(`${bootOf(4)}.json`, JSON.stringify({ ...advertOf(5), process: process_ }));
    write(`${bootOf(6)}.json`, JSON.stringify({ ...advertOf(6), process: { pid: -1 } }));
    write(
      `${bootOf(7)}.json`,
      JSON.stringify({ ...advertOf(7), process: process_, more: "x".repeat(20_000) }),
    );
    write("notes.txt", "mine");
    mkdirSync(join(directory, `${bootOf(8)}.json`));
    write("elsewhere", JSON.stringify({ ...advertOf(9), process: process_ }));
    symlinkSync(join(directory, "elsewhere"), join(directory, `${bootOf(9)}.json`));
    const before = readdirSync(directory);
    const { table, source } = await open(context, directory);
    await source.publish(advertOf(10));
    await untilNamed(table, "buzzer");
    await source.rescan();
    assert.deepEqual(
      table.nodes.map(({ boot }) => boot),
      [bootOf(10)],
    );
    await source.close();
    assert.deepEqual(readdirSync(directory), before);
  });

  test("does not take a later process with the same number for the one that left word", async (context) => {
    const directory = folderOf();
    mkdirSync(directory, { mode: 0o700 });
    const word = { ...advertOf(1), process: { pid: process.pid, started: "another boot/1" } };
    writeFileSync(join(directory, `${bootOf(1)}.json`), JSON.stringify(word));
    const { table } = await open(context, directory, { identify: nobody });
    assert.deepEqual(table.nodes, []);
    assert.deepEqual(readdirSync(directory), []);
  });

  const GONE = { pid: process.pid, started: "another boot/1" };
  const ANSWERS: readonly (readonly [string, Awaited<ReturnType<Identify>>, number])[] = [
    ["keeps", { kind: "node", node: "buzzer", boot: bootOf(1), roundTripMs: 1 }, 1],
    ["keeps", { kind: "silent" }, 1],
    ["removes", { kind: "node", node: "buzzer", boot: bootOf(2), roundTripMs: 1 }, 0],
    ["removes", { kind: "nobody" }, 0],
  ];
  for (const [does, answer, left] of ANSWERS) {
    const who = "boot" in answer ? `boot ${answer.boot.at(-1)}` : answer.kind;
    test(`${does} the word of boot 1, whose process cannot be seen, where ${who} answers`, async (context) => {
      const directory = folderOf();
      mkdirSync(directory, { mode: 0o700 });
      const word = { ...advertOf(1), process: GONE };
      writeFileSync(join(directory, `${bootOf(1)}.json`), JSON.stringify(word));
      const { table } = await open(context, directory, { identify: async () => answer });
      assert.equal(table.nodes.length, left);
      assert.equal(readdirSync(directory).length, left);
    });
  }

  test("removes what a process left that was killed while it wrote, and no other's", async (context) => {
    const directory = folderOf();
    const end = startEnd(context, directory, "buzzer");
    await end.said(/^listening/);
    mkdirSync(directory, { mode: 0o700, recursive: true });
    const own = `.${process.pid}-${bootOf(1)}.tmp`;
    const dead = `.4194305-${bootOf(2)}.tmp`; // above the most that Linux counts to
    for (const file of [own, dead]) writeFileSync(join(directory, file), "{");
    await open(context, directory);
    const left = readdirSync(directory).filter((file) => file.endsWith(".tmp"));
    assert.deepEqual(left, [own]);
  });

  test("writes again what somebody has tidied away", async (context) => {
    const directory = folderOf();
    const { table, source } = await open(context, directory, { clock: new ManualClock() });
    const takeBack = await source.publish(advertOf(1));
    unlinkSync(join(directory, `${bootOf(1)}.json`));
    await source.rescan();
    await source.rescan();
    assert.equal(table.nodes.length, 1);
    await takeBack();
    await source.rescan();
    assert.deepEqual(readdirSync(directory), []);
    assert.deepEqual(table.nodes, []);
  });
});

describe("LocalSource refuses a folder", () => {
  const isWindows = process.platform === "win32";

  test("that others may use", { skip: isWindows && "needs Unix permissions" }, async (context) => {
    for (const mode of [0o755, 0o770, 0o701]) {
      const directory = folderOf();
      mkdirSync(directory);
      chmodSync(directory, mode);
      await assert.rejects(open(context, directory), {
        code: "FILE_FAILED",
        message: `Cannot find nodes of this machine in ${directory}: other users may use it (mode ${mode.toString(8)})`,
        hint: `Run \`chmod 700 ${directory}\`.`,
      });
    }
  });

  const skip = process.getuid?.() !== 0 && "needs root, who may give a folder away";
  test("that belongs to another user", { skip }, async (context) => {
    const { chownSync } = await import("node:fs");
    const directory = folderOf();
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, 65_534, 65_534);
    await assert.rejects(open(context, directory), {
      code: "FILE_FAILED",
      message: /it belongs to user 65534$/,
    });
  });

  test("that is a link to one, or a file", async (context) => {
    const parent = temporaryFolder();
    mkdirSync(join(parent, "real"), { mode: 0o700 });
    symlinkSync(join(parent, "real"), join(parent, "link"));
    writeFileSync(join(parent, "file"), "");
    for (const name of ["link", "file"]) {
      await assert.rejects(open(context, join(parent, name)), {
        code: "FILE_FAILED",
        message: /it is no folder$/,
      });
    }
  });

  test("that cannot be made", async (context) => {
    const directory = join(temporaryFolder(), "no", "circuit");
    await assert.rejects(open(context, directory), {
      code: "FILE_FAILED",
      message: /there is no such file$/,
    });
  });
});

test("findRuntimeDirectory() takes the session's folder where it is this user's, else one named for the user", () => {
  const own = temporaryFolder();
  assert.equal(findRuntimeDirectory({ XDG_RUNTIME_DIR: own }), join(own, "circuit"));
  const named = findRuntimeDirectory({});
  assert.match(named, new RegExp(`circuit-${process.getuid?.() ?? ""}`));
  for (const other of ["", join(own, "missing")]) {
    assert.equal(findRuntimeDirectory({ XDG_RUNTIME_DIR: other }), named);
  }
});
