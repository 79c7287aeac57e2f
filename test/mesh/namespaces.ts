import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { CleanUp } from "./child.js";

function ip(...args: readonly string[]): boolean {
  return spawnSync("ip", args, { stdio: "ignore" }).status === 0;
}

function canMakeNamespaces(): boolean {
  const name = `circuit-try-${process.pid}`;
  return ip("netns", "add", name) && ip("netns", "delete", name);
}

/** Why no machines can be made up here, as `skip` wants it. */
export const skipWithoutNamespaces: string | false = canMakeNamespaces()
  ? false
  : "needs network namespaces: run the tests as root, with iproute2 (apt-get install iproute2)";

/** Address of a host, from 0 on: for documentation (RFC 5737), so that it is nobody's. */
export function addressOf(host: number): string {
  return `192.0.2.${host + 1}`;
}

/** What runs a command on a host. */
export function within(space: string): readonly string[] {
  return ["ip", "netns", "exec", space];
}

let made = 0;

/**
 * Machines that are plugged into one switch, without any other network: nothing that they say leaves this test.
 *
 * @returns The hosts' namespaces.
 */
export function joinHosts(context: CleanUp, hosts: number): readonly string[] {
  const id = `${process.pid}-${(made++).toString(36)}`;
  const middle = `circuit-switch-${id}`;
  const spaces = Array.from({ length: hosts }, (_, host) => `circuit-host${host}-${id}`);
  context.after(() => {
    for (const space of [...spaces, middle]) ip("netns", "delete", space);
  });
  for (const space of [...spaces, middle]) assert.ok(ip("netns", "add", space), `cannot make ${space}`);
  assert.ok(ip("-n", middle, "link", "add", "switch", "type", "bridge"), "cannot make a switch");
  assert.ok(ip("-n", middle, "link", "set", "switch", "up"));
  for (const [host, space] of spaces.entries()) {
    // The pair is made within the namespaces: this machine's own network never sees it.
    const pair = ["link", "add", `port${host}`, "type", "veth", "peer", "name", "eth0", "netns", space];
    assert.ok(ip("-n", middle, ...pair), "cannot join a namespace");
    assert.ok(ip("-n", middle, "link", "set", `port${host}`, "master", "switch", "up"));
    assert.ok(ip("-n", space, "address", "add", `${addressOf(host)}/24`, "dev", "eth0"));
    assert.ok(ip("-n", space, "link", "set", "lo", "up"));
    plugIn(space);
  }
  return spaces;
}

/** Pulls a host's plug: nothing is told to either end of its connections. */
export function unplug(space: string): void {
  assert.ok(ip("-n", space, "link", "set", "eth0", "down"));
}

export function plugIn(space: string): void {
  assert.ok(ip("-n", space, "link", "set", "eth0", "up"));
  assert.ok(ip("-n", space, "route", "add", "224.0.0.0/4", "dev", "eth0"));
}
