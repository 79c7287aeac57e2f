import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { CircuitError, messageOf } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import { findLoopback, nodeUrl } from "./address.js";

export interface ListenOptions {
  /** Name of the node, for messages. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly limits: MeshLimits;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A request that asks for no WebSocket. */
  request(request: IncomingMessage, response: ServerResponse): void;
}

/** Sockets on one port of this machine, for each address of a host. */
export interface Listening {
  readonly port: number;
  readonly addresses: readonly string[];
  /** Listens no more and cuts what has not become a WebSocket. Resolves when all connections are gone. */
  close(): Promise<void>;
}

/** Connections that may be in their opening handshake besides those that are open. */
const HANDSHAKES = 64;

/** How often the system may choose a port that is free on 127.0.0.1 and taken on ::1. */
const PORT_TRIES = 8;

/** @throws {CircuitError} `ADDRESS_BUSY` or `ADDRESS_INVALID`. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const addresses = findLoopback(options.host);
  if (addresses === undefined) {
    throw new CircuitError(
      "ADDRESS_INVALID",
      `Cannot serve ${options.name} on ${options.host}: nodes listen on this machine's loopback only`,
      { hint: "Use localhost, 127.0.0.1 or ::1." },
    );
  }
  for (let tries = 1; ; tries++) {
    try {
      return await listenOnAll(addresses, options);
    } catch (error) {
      if (options.port === 0 && codeOf(error) === "EADDRINUSE" && tries < PORT_TRIES) continue;
      throw describe(error, options);
    }
  }
}

async function listenOnAll(addresses: readonly string[], options: ListenOptions): Promise<Listening> {
  const servers: Server[] = [];
  const close = async () => {
    await Promise.all(servers.map(closeServer));
  };
  const urls: string[] = [];
  let { port } = options;
  try {
    for (const address of addresses) {
      const server = createNodeServer(options);
      if (!(await bind(server, address, port))) continue;
      servers.push(server);
      port = (server.address() as AddressInfo).port; // a listening TCP server has one
      urls.push(nodeUrl(address, port));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { port, addresses: urls, close };
}

function createNodeServer({ limits, upgrade, request }: ListenOptions): Server {
  const server = createServer(
    {
      headersTimeout: limits.handshakeMs,
      requestTimeout: limits.handshakeMs,
      connectionsCheckingInterval: Math.ceil(limits.handshakeMs / 4),
    },
    request,
  );
  server.maxConnections = limits.connections + HANDSHAKES;
  server.on("upgrade", upgrade);
  return server;
}

/** Returns false where this machine has no such address. */
function bind(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      // No IPv6 on this machine: 127.0.0.1 alone has to do.
      if (host === "::1" && /EADDRNOTAVAIL|EAFNOSUPPORT/.test(codeOf(error))) resolve(false);
      else reject(error);
    });
    server.listen({ host, port }, () => resolve(true));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Answers an upgrade that is not wanted, and lets the socket go. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string): void {
  const body = `${reason}\n`;
  socket.on("error", () => {}); // a peer that does not wait for the answer
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function describe(error: unknown, { name, host, port }: ListenOptions): CircuitError {
  const what = `Cannot serve ${name} on ${host} port ${port}`;
  if (codeOf(error) === "EADDRINUSE") {
    return new CircuitError("ADDRESS_BUSY", `${what}: another process listens there`, {
      hint: "Stop it, or choose another port.",
      cause: error,
    });
  }
  return new CircuitError("ADDRESS_INVALID", `${what}: ${messageOf(error)}`, {
    hint: "Choose a port from 1024 to 65535, or 0 to let the system choose.",
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
