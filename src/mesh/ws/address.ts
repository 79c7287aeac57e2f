import { CircuitError } from "../../core/error.js";

/** The addresses that a name or address of this machine alone stands for; `undefined` for any other. */
export function findLoopback(host: string): readonly string[] | undefined {
  if (host.toLowerCase() === "localhost") return ["127.0.0.1", "::1"];
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (bare === "::1" || isLoopback4(bare)) return [bare];
  return undefined;
}

function isLoopback4(host: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(host) && host.split(".").every((byte) => Number(byte) <= 255);
}

/** The URL of a node at a numeric address. */
export function nodeUrl(address: string, port: number, scheme: "ws" | "wss" = "ws"): string {
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/**
 * Checks the address of a peer: `ws://host:port`, and nothing after it, because the path is the channel.
 *
 * @returns The address without a slash at its end.
 * @throws {CircuitError} `ADDRESS_INVALID`.
 */
export function parsePeerUrl(peer: string, address: string): string {
  const problem = findUrlProblem(address);
  if (problem === undefined) return address.replace(/\/$/, "");
  throw new CircuitError("ADDRESS_INVALID", `Cannot use ${JSON.stringify(address)} for ${peer}: ${problem}`, {
    hint: `Write it like ${peer}=ws://127.0.0.1:8766.`,
  });
}

function findUrlProblem(address: string): string | undefined {
  if (!URL.canParse(address)) return "it is not a URL";
  const { protocol, username, password, pathname, search, hash } = new URL(address);
  if (protocol !== "ws:" && protocol !== "wss:") return `its scheme is ${protocol} instead of ws:`;
  if (username !== "" || password !== "") return "it has a user or a password";
  if (pathname !== "/" || search !== "" || hash !== "") return "it has something after the port";
  return undefined;
}
