import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Passage } from "../safety/passage.js";
import { findLoopback } from "./address.js";

/** RFC 9266: 32 bytes under this label, without a context. */
const BINDING_LABEL = "EXPORTER-Channel-Binding";
const BINDING_BYTES = 32;

/** What is known of the way that a socket goes. */
export function passageOf(socket: Duplex): Passage {
  const isSecret = socket instanceof TLSSocket;
  return {
    isLocal: socket instanceof Socket && isLoopback(socket.remoteAddress),
    isSecret,
    binding: isSecret ? bindingOf(socket) : new Uint8Array(),
  };
}

/** What can be told of the way to an address before it is gone. */
export function passageTo(url: string): Pick<Passage, "isLocal" | "isSecret"> {
  const { protocol, hostname } = new URL(url);
  return { isLocal: findLoopback(hostname) !== undefined, isSecret: protocol === "wss:" };
}

/** The other end of a connection as people write it: an IPv4 address that came by an IPv6 socket as IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Only this machine has such an address, so whoever speaks from it is here. */
function isLoopback(address: string | undefined): boolean {
  return findLoopback(plainAddress(address)) !== undefined;
}

function bindingOf(socket: TLSSocket): Uint8Array {
  try {
    return socket.exportKeyingMaterial(BINDING_BYTES, BINDING_LABEL, Buffer.alloc(0));
  } catch {
    return new Uint8Array(); // the connection is gone, and nothing will be proved on it
  }
}
