import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { CircuitError, messageOf } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import { nodeUrl } from "./address.js";
import type { Host } from "./resolve-host.js";
import { LEAST_TLS, type OwnCertificate, type Tls } from "./tls.js";

export interface ListenOptions {
  /** Name of the node, for messages. */
  readonly name: string;
  readonly host: Host;
  readonly port: number;
  readonly limits: MeshLimits;
  /** What nodes show of themselves; without it they listen without TLS. */
  readonly tls: Tls | undefined;
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
  for (let tries = 1; ; tries++) {
    try {
      return await listenOnAll(options);
    } catch (error) {
      if (options.port === 0 && codeOf(error) === "EADDRINUSE" && tries < PORT_TRIES) continue;
      throw describe(error, options);
    }
  }
}

async function listenOnAll(options: ListenOptions): Promise<Listening> {
  const { host, tls } = options;
  const servers: Server[] = [];
  const missing = new Set<string>();
  const endings: (() => void)[] = [];
  const close = async () => {
    for (const end of endings) end();
    await Promise.all(servers.map(closeServer));
  };
  let { port } = options;
  try {
    for (const address of host.bound) {
      const server = createNodeServer(options, endings);
      if (!(await bind(server, address, port))) {
        missing.add(address);
        continue;
      }
      servers.push(server);
      port = (server.address() as AddressInfo).port; // a listening TCP server has one
    }
  } catch (error) {
    await close();
    throw error;
  }
  const reached = host.shown.filter((address) => !missing.has(address));
  const scheme = tls?.own ? "wss" : "ws";
  return { port, addresses: reached.map((address) => nodeUrl(address, port, scheme)), close };
}

/** @param endings Takes what has to be ended with it. */
function createNodeServer({ limits, upgrade, request, tls }: ListenOptions, endings: (() => void)[]): Server {
  const times = {
    headersTimeout: limits.handshakeMs,
    requestTimeout: limits.handshakeMs,
    connectionsCheckingInterval: Math.ceil(limits.handshakeMs / 4),
  };
  const own = tls?.own;
  let server: Server;
  if (tls && own) {
    const secure = createTlsServer(
      { ...times, ...secureOptions(own), handshakeTimeout: limits.handshakeMs },
      request,
    );
    endings.push(tls.follow((renewed) => secure.setSecureContext(secureOptions(renewed))));
    server = secure;
  } else {
    server = createServer(times, request);
  }
  server.maxConnections = limits.connections + HANDSHAKES;
  server.on("upgrade", upgrade);
  return server;
}

function secureOptions(own: OwnCertificate) {
  return { ...own, minVersion: LEAST_TLS } as const;
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
  // What a browser, or a client that asks a person, shows for it: RFC 9110 section 11.6.1.
  const challenge = status === 401 ? "WWW-Authenticate: Bearer\r\n" : "";
  socket.on("error", () => {}); // a peer that does not wait for the answer
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `${challenge}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function describe(error: unknown, { name, host, port }: ListenOptions): CircuitError {
  const what = `Cannot serve ${name} on ${host.name} port ${port}`;
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
