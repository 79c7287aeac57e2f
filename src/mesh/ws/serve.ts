import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Duplex } from "node:stream";
import "./word-masks.js";
import { WebSocketServer } from "ws";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { encodeChannel } from "../channel.js";
import { FRAMED_PROTOCOL } from "../framed/records.js";
import type { MeshLimits } from "../limits.js";
import type { Node } from "../node.js";
import type { Trust } from "../safety/trust.js";
import type { FrameTap } from "../tap.js";
import { findTrace, type TraceContext } from "../trace.js";
import { type AdmissionRules, admit } from "./admission.js";
import { type Listening, listen, refuseUpgrade } from "./listen.js";
import { answerRequest, type Pages } from "./pages.js";
import { KEEP_ALIVE_MS, MAX_PARTS, MOST_RECEIVED_FRAME_BYTES } from "./parts.js";
import { passageOf, plainAddress } from "./passage.js";
import type { Poll } from "./poll.js";
import { type Host, resolveHost } from "./resolve-host.js";
import type { Tls } from "./tls.js";
import { WsFrameLink } from "./ws-frame-link.js";
import { CLOSE, WsLink } from "./ws-link.js";

export interface ServeWsOptions {
  readonly node: Node;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly poll?: Poll | undefined;
  readonly tap?: FrameTap | undefined;
  /** What the port says to those who ask without a WebSocket. */
  readonly pages?: Pages;
  /** What is asked of whoever connects; without it nothing is, and only this machine can. */
  readonly trust?: Trust | undefined;
  readonly tls?: Tls | undefined;
}

/**
 * Opens a port for a node and lets WebSockets in: the framed protocol where it is asked for, else the plain one.
 *
 * @throws {CircuitError} `ADDRESS_BUSY` or `ADDRESS_INVALID`.
 */
export async function serveWs(options: ServeWsOptions): Promise<Listening> {
  const host = await resolveHost(options.host);
  const { node, limits, port, tls, trust } = options;
  if (!host.isLocal && trust?.isForOthers !== true) {
    throw new CircuitError(
      "ADDRESS_INVALID",
      `Cannot serve ${node.name} on ${options.host}: other machines would reach it, and there are no credentials`,
      {
        hint: "Use localhost, name a file of credentials (CIRCUIT_CREDENTIALS), or say --allow-anyone.",
      },
    );
  }
  const doors = new Doors(options, host);
  return listen({
    name: node.name,
    host,
    port,
    limits,
    tls,
    request: (request, response) => doors.answer(request, response),
    upgrade: (request, socket, head) => doors.upgrade(request, socket, head),
  });
}

/** The two ways into a node. */
class Doors {
  readonly #options: ServeWsOptions;
  readonly #hosts: readonly string[];
  readonly #open = new Set<WsLink | WsFrameLink>();
  readonly #plain: WebSocketServer;
  readonly #framed: WebSocketServer;

  constructor(options: ServeWsOptions, host: Host) {
    this.#options = options;
    const names = isIP(host.name.replace(/^\[|\]$/g, "")) === 0 ? [host.name.toLowerCase()] : [];
    this.#hosts = host.isLocal ? options.allowedHosts : [...options.allowedHosts, ...names, mdnsName()];
    this.#plain = makeServer(options.limits.frameBytes, () => false);
    this.#framed = makeServer(MOST_RECEIVED_FRAME_BYTES, () => FRAMED_PROTOCOL);
  }

  #rulesFor({ socket }: IncomingMessage): AdmissionRules {
    const { port, allowedOrigins, limits, tls } = this.#options;
    return {
      port: socket.localPort ?? port,
      isSecret: tls?.own !== undefined,
      address: plainAddress(socket.localAddress),
      allowedHosts: this.#hosts,
      allowedOrigins,
      limits,
    };
  }

  /** Answers a request that is no upgrade. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const { node, clock, limits, trust, pages = {} } = this.#options;
    const rules = this.#rulesFor(request);
    const refused = (reason: string) => this.#note(request, reason);
    answerRequest(request, response, { node, pages, rules, trust, clock, limits, refused });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { node, limits } = this.#options;
    const admission = admit(request.url ?? "/", request.headers, this.#rulesFor(request));
    if ("status" in admission) {
      this.#refuse(request, socket, admission);
      return;
    }
    const busy = node.isLeaving
      ? `${node.name} is leaving`
      : this.#open.size >= limits.connections
        ? `${node.name} has ${this.#open.size} connections, as many as it may`
        : undefined;
    if (busy !== undefined) {
      node.refusedConnections.add("503");
      refuseUpgrade(socket, 503, busy);
      return;
    }
    request.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (asksForFrames(request)) this.#openFramed(request, socket, head);
    else this.#openPlain(request, socket, { head, channel: admission.channel });
  }

  #openFramed(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { node, trust } = this.#options;
    const peer = plainAddress(request.socket.remoteAddress);
    this.#framed.handleUpgrade(request, socket, head, (ws) => {
      const link = new WsFrameLink(ws, socket, "server", this.#options, addressOf(request), this.#gone);
      this.#open.add(link);
      link.listen(node.accept(link, peer, trust?.guard(node.name, peer, passageOf(socket))));
    });
  }

  #openPlain(
    request: IncomingMessage,
    socket: Duplex,
    { head, channel }: { readonly head: Buffer; readonly channel: string },
  ): void {
    const { node, trust } = this.#options;
    const { authorization } = request.headers;
    const admission = trust?.admitPlain(authorization, passageOf(socket)) ?? { from: undefined };
    if ("status" in admission) {
      this.#refuse(request, socket, admission);
      return;
    }
    const { from } = admission;
    if (trust?.mayTake(node.name, from ?? "", channel) === false) {
      const reason = `${node.name} takes nothing from it on channel ${JSON.stringify(channel)}`;
      this.#refuse(request, socket, { status: 403, reason, from });
      return;
    }
    this.#plain.handleUpgrade(request, socket, head, (ws) => {
      const place = `${addressOf(request)}${encodeChannel(channel)}`;
      const link = new WsLink(ws, socket, "server", this.#options, place);
      this.#open.add(link);
      void link.closed.then(() => this.#gone(link));
      const { traceparent, tracestate } = request.headers;
      attach(node, channel, { link, trace: findTrace(traceparent, tracestate) });
      if (from === undefined) return;
      const stopWatching = trust?.watch(() => {
        if (trust.nameOf(authorization) !== from) link.close(CLOSE.denied, "its credential counts no more");
      });
      void link.closed.then(stopWatching);
    });
  }

  #refuse(
    request: IncomingMessage,
    socket: Duplex,
    {
      status,
      reason,
      from,
    }: { readonly status: number; readonly reason: string; readonly from?: string | undefined },
  ): void {
    this.#note(request, reason, from);
    this.#options.node.refusedConnections.add(String(status));
    refuseUpgrade(socket, status, reason);
  }

  #note(request: IncomingMessage, reason: string, from?: string): void {
    const { node, trust } = this.#options;
    trust?.refused({ node: node.name, peer: plainAddress(request.socket.remoteAddress), from, reason });
  }

  readonly #gone = (link: WsLink | WsFrameLink): void => {
    this.#open.delete(link);
  };
}

/** The name of this machine on a local network: RFC 6762 section 3. */
function mdnsName(): string {
  const [name = ""] = hostname().split(".", 1);
  return `${name.toLowerCase()}.local`;
}

function makeServer(maxPayload: number, handleProtocols: () => string | false): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols,
    ...MAX_PARTS,
  });
}

function asksForFrames({ headers }: IncomingMessage): boolean {
  const asked = headers["sec-websocket-protocol"] ?? "";
  return asked.split(",").some((protocol) => protocol.trim() === FRAMED_PROTOCOL);
}

/** Where a connection comes from: no other one that is open has the same. */
function addressOf({ socket }: IncomingMessage): string {
  return `${plainAddress(socket.remoteAddress)}:${socket.remotePort ?? 0}`;
}

/** Joins a plain connection to an inbox of the node. */
function attach(
  node: Node,
  channel: string,
  { link, trace }: { readonly link: WsLink; readonly trace: TraceContext | undefined },
): void {
  let isHeldUp = false;
  const { inbox, ended } = node.open(
    channel,
    {
      isFull: () => {
        isHeldUp = link.isFull;
        return isHeldUp;
      },
      ack: (text) => link.send(text),
      refuse: (reason) => link.close(CLOSE.handlerFailed, reason),
      setReading: (reading) => link.setReading(reading),
    },
    () => link.close(CLOSE.goingAway, "the node closes"),
    trace,
  );
  link.listen({
    text: (text) => inbox.push(text),
    room: () => {
      if (isHeldUp) inbox.run();
    },
    ended,
  });
}
