import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import "./word-masks.js";
import { WebSocketServer } from "ws";
import type { Clock } from "../../core/clock.js";
import { FRAMED_PROTOCOL } from "../framed/records.js";
import type { MeshLimits } from "../limits.js";
import type { Node } from "../node.js";
import { admit } from "./admission.js";
import { type Listening, listen, refuseUpgrade } from "./listen.js";
import { KEEP_ALIVE_MS, MAX_PARTS, MOST_RECEIVED_FRAME_BYTES } from "./parts.js";
import type { Poll } from "./poll.js";
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
}

/** Opens a port for a node and lets WebSockets in: the framed protocol where it is asked for, else the plain one. */
export function serveWs(options: ServeWsOptions): Promise<Listening> {
  const { node, limits, host, port } = options;
  const open = new Set<WsLink | WsFrameLink>();
  const plain = makeServer(limits.frameBytes, () => false);
  const framed = makeServer(MOST_RECEIVED_FRAME_BYTES, () => FRAMED_PROTOCOL);
  // Apart from `upgrade`, whose request would otherwise be kept for as long as the connection.
  const gone = (link: WsLink | WsFrameLink) => open.delete(link);
  const keepPlain = (link: WsLink) => {
    open.add(link);
    void link.closed.then(() => gone(link));
  };
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const rules = { ...options, port: request.socket.localPort ?? port };
    const admission = admit(request.url ?? "/", request.headers, rules);
    if ("status" in admission) {
      refuseUpgrade(socket, admission.status, admission.reason);
      return;
    }
    if (open.size >= limits.connections) {
      refuseUpgrade(socket, 503, `${node.name} has ${open.size} connections, as many as it may`);
      return;
    }
    request.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (asksForFrames(request)) {
      framed.handleUpgrade(request, socket, head, (ws) => {
        const link = new WsFrameLink(ws, socket, "server", options, gone);
        open.add(link);
        link.listen(node.accept(link, request.socket.remoteAddress ?? ""));
      });
    } else {
      plain.handleUpgrade(request, socket, head, (ws) => {
        const link = new WsLink(ws, socket, "server", options);
        keepPlain(link);
        attach(node, admission.channel, link);
      });
    }
  };
  return listen({ name: node.name, host, port, limits, upgrade });
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

/** Joins a plain connection to an inbox of the node. */
function attach(node: Node, channel: string, link: WsLink): void {
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
  );
  link.listen({
    text: (text) => inbox.push(text),
    room: () => {
      if (isHeldUp) inbox.run();
    },
    ended,
  });
}
