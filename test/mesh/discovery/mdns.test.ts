import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAIN, Running } from "../../cli/cli.js";

const END = fileURLToPath(new URL("./lan-end.js", import.meta.url));

/** Addresses for documentation (RFC 5737): none of them is anybody's. */
const NEAR = "192.0.2.1";
const FAR = "192.0.2.2";

function ip(...args: readonly string[]): boolean {
  return spawnSync("ip", args, { stdio: "ignore" }).status === 0;
}

function canMakeNamespaces(): boolean {
  const name = `circuit-try-${process.pid}`;
  return ip("netns", "add", name) && ip("netns", "delete", name);
}

const skip = canMakeNamespaces()
  ? false
  : "needs network namespaces: run the tests as root, with iproute2 (apt-get install iproute2)";

/** Two machines on one cable, without any other network: nothing that they say leaves this test. */
function joinTwo(context: TestContext) {
  const id = `${process.pid}-${(made++).toString(36)}`;
  const spaces = { near: `circuit-near-${id}`, far: `circuit-far-${id}` };
  context.after(() => {
    for (const space of Object.values(spaces)) ip("netns", "delete", space);
  });
  assert.ok(ip("netns", "add", spaces.near) && ip("netns", "add", spaces.far));
  // The pair is made within the first namespace: this machine's own network never sees it.
  const pair = ["link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", spaces.far];
  assert.ok(ip("-n", spaces.near, ...pair), "cannot join two namespaces");
  for (const [space, address] of [
    [spaces.near, NEAR],
    [spaces.far, FAR],
  ] as const) {
    assert.ok(ip("-n", space, "address", "add", `${address}/24`, "dev", "eth0"));
    for (const device of ["lo", "eth0"]) assert.ok(ip("-n", space, "link", "set", device, "up"));
    assert.ok(ip("-n", space, "route", "add", "224.0.0.0/4", "dev", "eth0"));
  }
  const run = (space: string, ...args: string[]) =>
    new Running(context, ["ip", "netns", "exec", space, process.execPath, ...args]);
  return {
    near: (...args: string[]) => run(spaces.near, ...args),
    far: (...args: string[]) => run(spaces.far, ...args),
    spaces,
  };
}

let made = 0;

describe("MdnsSource between two machines", { skip, timeout: 60_000 }, () => {
  test("finds who comes later, and is told when it goes", async (context) => {
    const { near, far } = joinTwo(context);
    const hearing = near(END, "hear");
    await hearing.said(/^started$/);
    const telling = far(END, "tell", "buzzer", `ws://${FAR}:8766`);
    const [, boot = ""] = await telling.said(/^told (.+)$/);
    await hearing.said(new RegExp(`^came buzzer ws://${FAR}:8766 ${boot}$`));
    telling.kill("SIGTERM");
    await hearing.said(new RegExp(`^went buzzer ws://${FAR}:8766 ${boot}$`));
  });

  test("finds who was there before, also with `circuit nodes --lan`", async (context) => {
    const { near, far } = joinTwo(context);
    await far(END, "tell", "buzzer", `ws://${FAR}:8766`).said(/^told /);
    await near(END, "hear").said(new RegExp(`^came buzzer ws://${FAR}:8766 `));
    const { code, stdout, stderr } = await near(MAIN, "nodes", "--lan").ended();
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^buzzer +ws://${FAR}:8766 +- +- +ws +lan +- +no answer$`, "m"));
  });

  test("forgets who was killed, when it has left questions without an answer", async (context) => {
    const { near, far } = joinTwo(context);
    const hearing = near(END, "hear", "200");
    const telling = far(END, "tell", "buzzer", `ws://${FAR}:8766`);
    await hearing.said(/^came buzzer/);
    telling.kill("SIGKILL");
    await hearing.said(/^went buzzer/);
  });

  test("finds again whom a cut cable hid", async (context) => {
    const { near, far, spaces } = joinTwo(context);
    const hearing = near(END, "hear", "200");
    await far(END, "tell", "buzzer", `ws://${FAR}:8766`).said(/^told /);
    await hearing.said(/^came buzzer/);
    ip("-n", spaces.far, "link", "set", "eth0", "down");
    await hearing.said(/^went buzzer/);
    ip("-n", spaces.far, "link", "set", "eth0", "up");
    ip("-n", spaces.far, "route", "add", "224.0.0.0/4", "dev", "eth0");
    await hearing.said(/^went buzzer.*\n(?:.*\n)*came buzzer/);
  });

  test("does not tell of a node that listens to its own machine only", async (context) => {
    const { near, far } = joinTwo(context);
    const hearing = near(END, "hear");
    await hearing.said(/^started$/);
    await far(END, "tell", "hidden", "ws://127.0.0.1:8766").said(/^told /);
    await far(END, "tell", "buzzer", `ws://${FAR}:8766`).said(/^told /);
    await hearing.said(/^came buzzer/);
    assert.doesNotMatch(hearing.stdout, /hidden/);
  });
});
