import type { IncomingMessage, ServerResponse } from "node:http";
import { hostname } from "node:os";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";
import { findForbidden } from "../mesh/ws/admission.js";
import { type Listening, listen, refuseUpgrade } from "../mesh/ws/listen.js";
import { plainAddress } from "../mesh/ws/passage.js";
import { type Host, resolveHost } from "../mesh/ws/resolve-host.js";
import type { Tls } from "../mesh/ws/tls.js";
import { findAsset } from "./assets.js";
import { Broadcast } from "./broadcast.js";
import type { LiveCircuit } from "./live-circuit.js";
import { Token } from "./token.js";
import { Viewer } from "./viewer.js";

export interface DashboardOptions {
  readonly circuit: LiveCircuit;
  readonly clock: Clock;
  readonly version: string;
  /** Loopback by default, where whoever reaches it may look on; elsewhere the token is asked for. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** What acting needs. A new one by default. */
  readonly token?: string | undefined;
  /** The certificate to show; without it the page is plain HTTP. */
  readonly tls?: Tls | undefined;
  /** Whether it may be reached from elsewhere without TLS. */
  readonly allowsPlain?: boolean;
}

/** Pages that may look on at a time: each costs the circuit something. */
const MOST_PAGES = 32;

/** The longest that a page says, in bytes: a message, quoted. */
const MOST_SAID_BYTES = 262_144;

const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** Serves the page of a circuit, and tells it what happens. */
export class Dashboard {
  readonly #options: DashboardOptions;
  readonly #token: Token;
  readonly #broadcast: Broadcast;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_SAID_BYTES,
    perMessageDeflate: false,
  });
  #host: Host | undefined;
  #listening: Listening | undefined;

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.#token = new Token(options.token);
    this.#broadcast = new Broadcast(options.circuit, options.clock);
  }

  /**
   * Listens, and resolves with the addresses under which the page is there, with the token.
   *
   * @throws {CircuitError} `ADDRESS_BUSY` or `ADDRESS_INVALID`.
   */
  async open(): Promise<readonly string[]> {
    const { host: name = "localhost", port, tls, allowsPlain = false } = this.#options;
    const host = await resolveHost(name);
    const isSecret = tls?.own !== undefined;
    if (!host.isLocal && !isSecret && !allowsPlain) {
      throw new CircuitError(
        "ADDRESS_INVALID",
        `Cannot show the page on ${name}: others could read its token on the way`,
        {
          hint: "Use localhost, give nodes a certificate (security.tls), or say --allow-anyone.",
        },
      );
    }
    this.#host = host;
    const listening = await listen({
      ...{ name: "the page", host, port, tls, limits: DEFAULT_LIMITS },
      request: (request, response) => void this.#answer(request, response),
      upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
    });
    this.#listening = listening;
    this.#broadcast.open();
    return listening.addresses.map(
      (address) => `${address.replace(/^ws/, "http")}/#token=${this.#token.text}`,
    );
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#broadcast.close();
    for (const socket of this.#sockets.clients) socket.terminate();
    await this.#listening?.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const forbidden = this.#findForbidden(request);
    if (forbidden) return end(response, 403, `${forbidden}\n`);
    if (request.method !== "GET" && request.method !== "HEAD")
      return end(response, 405, "Read it with GET.\n");
    const [path = ""] = (request.url ?? "").split("?", 1);
    const asset = await findAsset(path).catch(() => undefined);
    if (asset === undefined) return end(response, 404, "There is no such page.\n");
    response.writeHead(200, {
      ...HEADERS,
      "Content-Type": asset.contentType,
      "Content-Length": asset.bytes.byteLength,
    });
    response.end(asset.bytes); // of which Node sends nothing in answer to HEAD
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const forbidden = this.#findForbidden(request);
    if (forbidden) refuseUpgrade(socket, 403, forbidden);
    else if (request.url !== "/live") refuseUpgrade(socket, 404, "there is no such page");
    else if (this.#sockets.clients.size >= MOST_PAGES)
      refuseUpgrade(socket, 503, `${MOST_PAGES} pages look on, as many as may`);
    else this.#welcome(request, socket, head);
  }

  #welcome(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { circuit, version } = this.#options;
    this.#sockets.handleUpgrade(request, socket, head, (page) => {
      const viewer = new Viewer(
        {
          send: (data) => page.send(data),
          get unsentBytes() {
            return page.bufferedAmount;
          },
          close: (reason) => page.close(POLICY, reason),
        },
        {
          ...{ circuit, version, broadcast: this.#broadcast, isOpen: this.#host?.isLocal === true },
          mayAct: (token) => this.#token.fits(token),
        },
      );
      page.on("error", () => page.terminate());
      page.on("close", () => viewer.gone());
      page.on("message", (data, isBinary) => {
        if (!isBinary) viewer.take(String(data));
      });
    });
  }

  /** Why a request must not be answered: another page's, or one under a name that is not ours. */
  #findForbidden({ headers, socket }: IncomingMessage): string | undefined {
    const host = this.#host;
    const allowedHosts =
      host === undefined || host.isLocal
        ? []
        : [host.name.toLowerCase(), `${hostname()}.local`.toLowerCase()];
    return findForbidden(headers, {
      ...{ allowedHosts, allowedOrigins: [] },
      port: socket.localPort ?? this.#options.port,
      isSecret: this.#options.tls?.own !== undefined,
      address: plainAddress(socket.localAddress),
    })?.reason;
  }
}

/** RFC 6455 section 7.4.1: what was received violates a policy. */
const POLICY = 1_008;

function end(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" });
  response.end(body);
}
