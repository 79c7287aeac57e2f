import type { IncomingHttpHeaders } from "node:http";
import { decodeChannel } from "../channel.js";
import type { MeshLimits } from "../limits.js";
import { findLoopback } from "./address.js";

export interface AdmissionRules {
  /** The port that the node listens on. */
  readonly port: number;
  /** Names, besides those of loopback, under which requests may know this node. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may connect, for example `http://localhost:8080`. */
  readonly allowedOrigins: readonly string[];
  readonly limits: Pick<MeshLimits, "channelBytes">;
}

export type Admission =
  | { readonly channel: string }
  | { readonly status: 400 | 403 | 414; readonly reason: string };

/** Decides whether a request may become a connection, and to which channel. */
export function admit(path: string, headers: IncomingHttpHeaders, rules: AdmissionRules): Admission {
  const { host, origin } = headers;
  if (!isOurHost(host, rules)) {
    // A name of an attacker's that resolves to 127.0.0.1 makes a browser's page "same origin" with us.
    return { status: 403, reason: `Host ${quote(host)} is not this node; use localhost or 127.0.0.1` };
  }
  for (const found of [origin, headers["sec-websocket-origin"]]) {
    if (found === undefined || (typeof found === "string" && rules.allowedOrigins.includes(found))) continue;
    return { status: 403, reason: `Origin ${quote(found)} is not allowed to drive this node` };
  }
  const channel = decodeChannel(path);
  if (channel === undefined) return { status: 400, reason: "the path is not percent-encoded UTF-8" };
  const { channelBytes } = rules.limits;
  if (Buffer.byteLength(channel) > channelBytes) {
    return { status: 414, reason: `the channel has over ${channelBytes} bytes` };
  }
  return { channel };
}

function isOurHost(host: string | undefined, { port, allowedHosts }: AdmissionRules): boolean {
  const [, name = "", givenPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host ?? "") ?? [];
  if (givenPort !== undefined && Number(givenPort) !== port) return false;
  if (name === "::1") return false; // an IPv6 address has brackets here
  return findLoopback(name) !== undefined || allowedHosts.includes(name.toLowerCase());
}

function quote(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 100));
}
