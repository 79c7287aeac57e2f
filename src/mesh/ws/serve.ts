import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../../core/clock.js";
import type { MeshLimits } from "../limits.js";
import type { Node } from "../node.js";
import { admit } from "./admission.js";
import { type Listening, listen, refuseUpgrade } from "./listen.js";
import { KEEP_ALIVE_MS, MAX_PARTS } from "./parts.js";
import { CLOSE, WsLink } from "./ws-link.js";

export interface ServeWsOptions {
  readonly node: Node;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/** Opens a port for a node and lets WebSockets in: the plain protocol, receiver's end. */
export function serveWs(options: ServeWsOptions): Promise<Listening> {
  const { node, limits, host, port } = options;
  const open = new Set<WsLink>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.frameBytes,
    handleProtocols: () => false,
    ...MAX_PARTS,
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const rules = { ...options, port: request.socket.localPort ?? port };
    const admission = admit(request.url ?? "/", request.headers, rules);
    if ("status" in admission) {
      refuseUpgrade(socket, admission.status, admission.reason);
    } else if (open.size >= limits.connections) {
      refuseUpgrade(socket, 503, `${node.name} has ${open.size} connections, as many as it may`);
    } else {
      request.socket.setKeepAlive(true, KEEP_ALIVE_MS);
      server.handleUpgrade(request, socket, head, (ws) => {
        const link = new WsLink(ws, socket, "server", options);
        open.add(link);
        void link.closed.then(() => open.delete(link));
        attach(node, admission.channel, link);
      });
    }
  };
  return listen({ name: node.name, host, port, limits, upgrade });
}

/** Joins a connection to an inbox of the node. */
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
