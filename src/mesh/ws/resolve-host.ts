import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { CircuitError, messageOf } from "../../core/error.js";
import { findLoopback } from "./address.js";

/** Where a host means to listen. */
export interface Host {
  /** What it was given as. */
  readonly name: string;
  /** Addresses to bind. */
  readonly bound: readonly string[];
  /** Addresses under which it is then reached, this machine's own first. */
  readonly shown: readonly string[];
  /** Nobody but this machine reaches it. */
  readonly isLocal: boolean;
}

/**
 * The addresses that a name or an address to listen on stands for; `0.0.0.0` and `::` stand for all of the machine's.
 *
 * @throws {CircuitError} `ADDRESS_INVALID` for a name that has none.
 */
export async function resolveHost(host: string): Promise<Host> {
  const loopback = findLoopback(host);
  if (loopback) return { name: host, bound: loopback, shown: loopback, isLocal: true };
  const bare = host.replace(/^\[|\]$/g, "");
  if (bare === "0.0.0.0") return { name: host, bound: [bare], shown: ownAddresses(["IPv4"]), isLocal: false };
  // An IPv6 socket on `::` takes IPv4 too.
  if (bare === "::")
    return { name: host, bound: [bare], shown: ownAddresses(["IPv4", "IPv6"]), isLocal: false };
  if (isIP(bare) !== 0) return { name: host, bound: [bare], shown: [bare], isLocal: false };
  const found = await addressesOf(bare);
  return {
    name: host,
    bound: found,
    shown: found,
    isLocal: found.every((address) => findLoopback(address) !== undefined),
  };
}

async function addressesOf(name: string): Promise<readonly string[]> {
  try {
    const found = await lookup(name, { all: true });
    const addresses = [...new Set(found.map(({ address }) => address))].filter(
      (address) => isIP(address) !== 0,
    );
    if (addresses.length === 0) throw new Error("it has no address");
    return addresses;
  } catch (cause) {
    throw new CircuitError("ADDRESS_INVALID", `Cannot listen on ${name}: ${messageOf(cause)}`, {
      hint: "Give an address of this machine, or 0.0.0.0 for all of them.",
      cause,
    });
  }
}

function ownAddresses(families: readonly string[]): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const reachable = all.filter(
    ({ family, address, internal }) => !internal && families.includes(family) && !/^fe80:/i.test(address),
  );
  return ["127.0.0.1", ...reachable.map(({ address }) => address)];
}
