import type { Duplex } from "node:stream";
import "./word-masks.js";
import { WebSocket } from "ws";
import { backoff } from "../../core/backoff.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { encodeChannel } from "../channel.js";
import type { Dialing } from "../framed/dialing.js";
import { FRAMED_PROTOCOL } from "../framed/records.js";
import type { LinkEvents } from "../link.js";
import { KEEP_ALIVE_MS, MAX_PARTS, MOST_RECEIVED_FRAME_BYTES } from "./parts.js";
import { LEAST_TLS, type Tls } from "./tls.js";
import { WsFrameLink } from "./ws-frame-link.js";
import { CLOSE, WsLink, type WsLinkOptions } from "./ws-link.js";

export interface WsConnectorOptions extends WsLinkOptions {
  /** Whose certificates are trusted; the system's where it is left out. */
  readonly tls?: Tls | undefined;
}

interface Request {
  /** Asked before each try. */
  url(): string;
  readonly protocols: readonly string[];
}

interface Outcome {
  /** Wait before the first try, in milliseconds. */
  readonly waitMs: number;
  opened(ws: WebSocket, socket: Duplex): void;
  /** @returns Whether to try again. */
  failed(reason: string): boolean;
}

/** What ws says of a server that took the connection and not the protocol. */
const PLAIN_ONLY = /subprotocol/i;

/** Opens the connections of a mesh to other nodes, and knows those that are open. */
export class WsConnector {
  readonly #options: WsConnectorOptions;
  readonly #open = new Set<WsLink | WsFrameLink>();

  constructor(options: WsConnectorOptions) {
    this.#options = options;
  }

  /** Connects by the plain protocol. See `Connect`. */
  connect(target: string, url: string, channel: string, events: LinkEvents): () => void {
    return this.#try(
      { url: () => `${url}${encodeChannel(channel)}`, protocols: [] },
      {
        waitMs: 0,
        opened: (ws, socket) => {
          const peer = `${target}${encodeChannel(channel)}`;
          this.#opened(new WsLink(ws, socket, "client", this.#options, peer), events);
        },
        failed: (reason) => {
          events.missing(url, describeMissing(target, url, reason));
          return true;
        },
      },
    );
  }

  /**
   * Connects by the framed protocol. See `DialPeer`. Without `plain`, who does not speak it is not the target.
   *
   * @param findUrl Says where to try next.
   */
  dial(
    target: string,
    findUrl: () => string,
    dialing: Dialing & { plain?(): void },
    waitMs: number,
  ): () => void {
    let url = "";
    const next = () => {
      url = findUrl();
      return `${url}/`;
    };
    return this.#try(
      { url: next, protocols: [FRAMED_PROTOCOL] },
      {
        waitMs,
        opened: (ws, socket) => {
          const gone = (link: WsFrameLink) => this.#open.delete(link);
          const link = new WsFrameLink(ws, socket, "client", this.#options, target, gone);
          this.#open.add(link);
          link.listen(dialing.opened(link));
        },
        failed: (reason) => {
          if (PLAIN_ONLY.test(reason) && dialing.plain) {
            dialing.plain();
            return false;
          }
          dialing.missing(url, describeMissing(target, url, reason));
          return true;
        },
      },
    );
  }

  /** Resolves when every connection that was open is gone. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((link) => link.closed));
  }

  /** Tries, with growing waits between, until there is a connection, it is not worth it, or it is cancelled. */
  #try(request: Request, outcome: Outcome): () => void {
    const { clock } = this.#options;
    const waits = backoff();
    let stop = () => {};
    let isCancelled = false;
    const attempt = () => {
      stop = this.#attempt(request, outcome, (reason) => {
        stop = () => {};
        const goesOn = outcome.failed(reason);
        if (goesOn && !isCancelled) stop = clock.after(waits.next().value, attempt);
      });
    };
    if (outcome.waitMs > 0) stop = clock.after(outcome.waitMs, attempt);
    else attempt();
    return () => {
      isCancelled = true; // perhaps by who is told of a failure
      stop();
    };
  }

  #attempt({ url, protocols }: Request, { opened }: Outcome, failed: (reason: string) => void): () => void {
    const { clock, limits, tls } = this.#options;
    const authority = tls?.authority;
    const ws = new WebSocket(url(), [...protocols], {
      perMessageDeflate: false,
      maxPayload: protocols.length > 0 ? MOST_RECEIVED_FRAME_BYTES : limits.frameBytes,
      followRedirects: false,
      minVersion: LEAST_TLS,
      ...(authority && { ca: authority }),
      ...MAX_PARTS,
    });
    let socket: Duplex | undefined;
    let isSettled = false;
    const settle = () => {
      isSettled = true;
      stopWaiting();
    };
    const fail = (reason: string) => {
      if (isSettled) return;
      settle();
      failed(reason);
    };
    const stopWaiting = clock.after(limits.handshakeMs, () => {
      fail(`no handshake after ${limits.handshakeMs} ms`);
      ws.terminate();
    });
    ws.once("upgrade", (response) => {
      response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket = response.socket;
    });
    ws.on("error", (error) => fail(explain(error)));
    ws.once("open", () => {
      if (isSettled || socket === undefined) return;
      settle();
      opened(ws, socket);
    });
    return () => {
      if (isSettled) return;
      settle();
      ws.terminate();
    };
  }

  #opened(link: WsLink, events: LinkEvents): void {
    let isOver = false;
    this.#open.add(link);
    link.listen({
      text: (text) => {
        if (!isOver) events.ack(text);
      },
      room: () => {
        if (!isOver) events.room();
      },
      ended: (code, reason) => {
        this.#open.delete(link);
        if (isOver) return;
        isOver = true;
        if (code === CLOSE.handlerFailed)
          events.ended({ kind: "refused", reason: reason || "it gave no reason" });
        else events.ended({ kind: "lost", reason: describeEnd(code, reason) });
      },
    });
    events.opened({
      get isFull() {
        return link.isFull;
      },
      send: (text) => link.send(text),
      close: () => {
        isOver = true;
        link.close(CLOSE.normal, "");
      },
    });
  }
}

function describeMissing(target: string, url: string, reason: string): CircuitError {
  return new CircuitError("PEER_MISSING", `Cannot reach ${target} at ${url}: ${reason}`, {
    hint: `Start ${target}, or correct its address.`,
  });
}

function describeEnd(code: number, reason: string): string {
  if (code === 1006) return "the connection broke";
  return `it closed the connection with ${code}${reason === "" ? "" : ` (${reason})`}`;
}

/** The reason of a failed connection; where several addresses failed, Node gives no message but a code. */
function explain(error: Error & { readonly code?: string }): string {
  if (error.code === "ECONNREFUSED") return "nobody listens there";
  return messageOf(error) || error.code || "no connection";
}
