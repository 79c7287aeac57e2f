import { CircuitError } from "../core/error.js";
import type { MeshLimits } from "./limits.js";
import { isLonger } from "./payload.js";

/** The runtime's own channel of every node: what comes there is not its sketch's. */
export const CONTROL_CHANNEL = "circuit.control";

/**
 * Lets through what the path of a URL can carry.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkChannel(channel: string, limits: Pick<MeshLimits, "channelBytes">): void {
  const problem = findProblem(channel, limits.channelBytes);
  if (problem === undefined) return;
  throw new CircuitError("MESSAGE_INVALID", `Cannot use the channel ${JSON.stringify(channel)}: ${problem}`, {
    hint: "Choose a short name of letters and digits.",
  });
}

function findProblem(channel: string, maxBytes: number): string | undefined {
  if (!channel.isWellFormed()) return "it has half of a surrogate pair";
  if (isLonger(channel, maxBytes)) return `it has ${Buffer.byteLength(channel)} bytes of at most ${maxBytes}`;
  // URL parsers resolve these segments, encoded or not, so another channel would get the message.
  if (channel.includes(".") && channel.split("/").some((segment) => segment === "." || segment === "..")) {
    return 'no URL can carry "." or ".." between slashes';
  }
  return undefined;
}

/** The path of a URL for a checked channel: a slash, then the channel, percent-encoded but for its slashes. */
export function encodeChannel(channel: string): string {
  return `/${channel.split("/").map(encodeURIComponent).join("/")}`;
}

/** The channel of a request's path; `undefined` where the percent-encoding is broken. The query is no part of it. */
export function decodeChannel(path: string): string | undefined {
  const [encoded = ""] = path.split("?", 1);
  try {
    return decodeURIComponent(encoded.startsWith("/") ? encoded.slice(1) : encoded);
  } catch {
    return undefined;
  }
}
