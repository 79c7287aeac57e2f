import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { circuit, type Running, type StartOptions, startCircuit } from "./cli.js";

const LISTENS = /^Listening to/;

async function listening(
  context: TestContext,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Running> {
  const listener = startCircuit(context, ["listen", ...args], options);
  await listener.said(LISTENS);
  return listener;
}

/** Whether anybody is left in a process group. */
function isThere(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when nobody is left in a process group, within 10 s. */
async function gone(group: number): Promise<void> {
  for (let tries = 0; tries < 500 && isThere(group); tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isThere(group), false, `group ${group} is still there`);
}

describe("circuit listen --exec", { concurrency: 2, skip: process.platform === "win32" }, () => {
  test("gives a command the event, and no credentials", async (context) => {
    const env = {
      CIRCUIT_NATS_TOKEN: "secret-1",
      CIRCUIT_NATS_PASSWORD: "secret-2",
      CIRCUIT_TOKEN: "secret-3",
      NATS_CREDS: "secret-4",
      ROOM: "7",
    };
    const command =
      'cat; echo; echo "$CIRCUIT_SUBJECT $CIRCUIT_HEADERS $ROOM"; env; tr "\\0" " " < /proc/$$/cmdline';
    const listener = await listening(context, ["--count", "1", "--exec", command], { env });
    await circuit(context, ["send", "--on", "a.b", '{"x": "$(id)"}', "--json", "--header", "Room: 7"]);
    const { code, stdout } = await listener.ended();
    assert.equal(code, 0);
    assert.match(stdout, /^\{"x":"\$\(id\)"\}\na\.b \{"Room":"7"\} 7\n/);
    assert.doesNotMatch(stdout, /secret/);
    assert.doesNotMatch(stdout.split("\n").at(-1) ?? "", /a\.b|\$\(id\)/);
  });

  test("passes on all that a command writes, whether it reads or not", async (context) => {
    const command = "seq 1 20000; echo trouble >&2";
    const listener = await listening(context, ["--count", "2", "--parallel", "2", "--exec", command]);
    await circuit(context, ["send", "--count", "2", "x".repeat(60_000)]);
    const { code, stdout, stderr } = await listener.ended();
    assert.equal(code, 0);
    const once = Array.from({ length: 20_000 }, (_, at) => `${at + 1}\n`).join("");
    assert.ok(stdout === once + once, "not one after the other");
    assert.equal(stderr.match(/^trouble$/gm)?.length, 2);
  });

  test("runs one after the other, in order, and says which failed", async (context) => {
    const command = 'read n; echo "$n"; test "$n" != 2';
    const listener = await listening(context, ["--count", "3", "--exec", command]);
    await circuit(context, ["send"], { input: "1\n2\n3\n" });
    const { code, stdout, stderr } = await listener.ended();
    assert.equal(code, 1);
    assert.equal(stdout, "1\n2\n3\n");
    assert.match(stderr, /^circuit: Cannot handle an event of some_event by the command: it exited with 1$/m);
  });

  test("ends a command's whole group after its time, also who ignores it", async (context) => {
    const command = "echo $$; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & wait";
    const listener = await listening(context, ["--count", "1", "--exec-timeout", "0.2", "--exec", command]);
    await circuit(context, ["send", "x"]);
    const [, group = ""] = await listener.said(/^(\d+)$/);
    const { code, stderr } = await listener.ended();
    assert.equal(code, 1);
    assert.match(stderr, /it took more than 0\.2 s and was ended$/m);
    await gone(Number(group));
  });

  test("lets a command finish when it is stopped", async (context) => {
    const command = "echo begun; sleep 0.3; echo done";
    const listener = await listening(context, ["--exec", command]);
    await circuit(context, ["send", "--count", "2", "x"]);
    await listener.said(/^begun$/);
    listener.kill("SIGINT");
    const { code, stdout } = await listener.ended();
    assert.equal(code, 130);
    assert.equal(stdout, "begun\ndone\n");
  });

  test("leaves nothing behind when it is stopped twice", async (context) => {
    const listener = await listening(context, ["--exec", "trap '' TERM; echo $$; sleep 600"]);
    await circuit(context, ["send", "x"]);
    const [, group = ""] = await listener.said(/^(\d+)$/);
    listener.kill("SIGINT");
    listener.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 50));
    listener.kill("SIGINT");
    const { code, durationMs } = await listener.ended();
    assert.equal(code, 130);
    assert.ok(durationMs < 5_000, `${durationMs} ms`);
    await gone(Number(group));
  });
});
