import type { IncomingMessage } from "node:http";
import type { Trust } from "../safety/trust.js";
import { passageOf } from "./passage.js";

/**
 * Whether an HTTP request may read what a node tells of itself: from this machine, or with the token of a credential
 * (`Authorization: Bearer …`) over TLS. Its `Host` and `Origin` are to be checked before.
 */
export function mayRead(request: IncomingMessage, trust: Trust | undefined): boolean {
  const passage = passageOf(request.socket);
  if (passage.isLocal) return true;
  return passage.isSecret && trust?.nameOf(request.headers.authorization) !== undefined;
}
