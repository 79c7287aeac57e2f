import type { IncomingHttpHeaders } from "node:http";
import { decodeChannel } from "../channel.js";
import type { MeshLimits } from "../limits.js";
import { findLoopback } from "./address.js";

export interface AdmissionRules {
  /** The port that the node listens on. */
  readonly port: number;
  /** The address of the node that the request came to. */
  readonly address: string;
  /** Names, besides those of loopback, under which requests may know this node. */
  readonly allowedHosts: readonly string[];
  /** Whether the node is reached over TLS, and only so. */
  readonly isSecret: boolean;
  /** Origins of web pages that may connect besides the node's own, for example `http://localhost:8080`. */
  readonly allowedOrigins: readonly string[];
  readonly limits: Pick<MeshLimits, "channelBytes">;
}

export type Admission =
  | { readonly channel: string }
  | { readonly status: 400 | 403 | 414; readonly reason: string };

/** A request that may not be answered. */
export interface Forbidden {
  readonly status: 403;
  readonly reason: string;
}

/** Decides whether a request may become a connection, and to which channel. */
export function admit(path: string, headers: IncomingHttpHeaders, rules: AdmissionRules): Admission {
  const forbidden = findForbidden(headers, rules);
  if (forbidden) return forbidden;
  const channel = decodeChannel(path);
  if (channel === undefined) return { status: 400, reason: "the path is not percent-encoded UTF-8" };
  const { channelBytes } = rules.limits;
  if (Buffer.byteLength(channel) > channelBytes) {
    return { status: 414, reason: `the channel has over ${channelBytes} bytes` };
  }
  return { channel };
}

/** Why a request of any kind must not be answered, if there is a reason: what a browser sends for an attacker's page. */
export function findForbidden(
  headers: IncomingHttpHeaders,
  rules: Omit<AdmissionRules, "limits">,
): Forbidden | undefined {
  const { host, origin } = headers;
  if (host === undefined || !isOurHost(host, rules)) {
    // A name of an attacker's that resolves to 127.0.0.1 makes a browser's page "same origin" with us: it is refused
    // before anything is compared with it.
    return { status: 403, reason: `Host ${quote(host)} is not this node; use localhost or 127.0.0.1` };
  }
  for (const found of [origin, headers["sec-websocket-origin"]]) {
    if (found === undefined || isAllowed(found, rules.allowedOrigins) || isOwnOrigin(found, host, rules))
      continue;
    return { status: 403, reason: `Origin ${quote(found)} is not allowed to drive this node` };
  }
  return undefined;
}

/** Only pages of the web can be allowed: any sandboxed page is `null`, and an extension speaks for any page. */
function isAllowed(origin: string | readonly string[], allowed: readonly string[]): boolean {
  return typeof origin === "string" && /^https?:\/\//.test(origin) && allowed.includes(origin);
}

/** Whether a page comes from this very node, by the name under which the request knows it. */
function isOwnOrigin(
  origin: string | readonly string[],
  host: string,
  { port, isSecret }: Omit<AdmissionRules, "limits">,
): boolean {
  const scheme = isSecret ? "https" : "http";
  const [, name = ""] = HOST.exec(host) ?? [];
  const own = `${scheme}://${name.toLowerCase()}`;
  // Browsers leave a scheme's own port out.
  return origin === `${own}:${port}` || (port === (isSecret ? 443 : 80) && origin === own);
}

/** A name or an address, and a port. */
const HOST = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/;

function isOurHost(host: string, { port, address, allowedHosts }: Omit<AdmissionRules, "limits">): boolean {
  const [, name = "", givenPort] = HOST.exec(host) ?? [];
  if (givenPort !== undefined && Number(givenPort) !== port) return false;
  if (name === "::1") return false; // an IPv6 address has brackets here
  // A numeric address cannot be rebound: whoever writes it means it.
  const isAddress = name.replace(/^\[|\]$/g, "").toLowerCase() === address.toLowerCase();
  return isAddress || findLoopback(name) !== undefined || allowedHosts.includes(name.toLowerCase());
}

function quote(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 100));
}
