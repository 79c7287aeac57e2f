import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { TestContext } from "node:test";
import { Running, temporaryFolder } from "../../cli/cli.js";

/** Addresses for documentation (RFC 5737): none of them is anybody's. */
export const NEAR = "192.0.2.1";
export const FAR = "192.0.2.2";

/** Runs ip(8). @returns Whether it did it. */
export function ip(...args: readonly string[]): boolean {
  return spawnSync("ip", args, { stdio: "ignore" }).status === 0;
}

function canMakeNamespaces(): boolean {
  const name = `circuit-try-${process.pid}`;
  return ip("netns", "add", name) && ip("netns", "delete", name);
}

/** Why there can be no two machines here, as `skip` wants it. */
export const skip = canMakeNamespaces()
  ? false
  : "needs network namespaces: run the tests as root, with iproute2 (apt-get install iproute2)";

/** Two machines on one cable, without any other network: nothing that they say leaves this test. */
export function joinTwo(
  context: TestContext,
  env: Partial<Record<"near" | "far", Readonly<Record<string, string>>>> = {},
) {
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
  // Two machines have no files in common.
  const runtimes = { near: temporaryFolder(context), far: temporaryFolder(context) };
  const run = (at: "near" | "far", args: readonly string[]) =>
    new Running(context, ["ip", "netns", "exec", spaces[at], process.execPath, ...args], {
      env: { XDG_RUNTIME_DIR: runtimes[at], ...env[at] },
    });
  return {
    near: (...args: string[]) => run("near", args),
    far: (...args: string[]) => run("far", args),
    spaces,
  };
}

let made = 0;
