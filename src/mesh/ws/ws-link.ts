import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { Clock } from "../../core/clock.js";
import type { MeshLimits } from "../limits.js";

/** Status codes of RFC 6455 section 7.4.1 that a node sends. */
export const CLOSE = { normal: 1000, goingAway: 1001, textOnly: 1003, handlerFailed: 1011 } as const;

export interface WsLinkEvents {
  text(text: string): void;
  /** After `isFull`: the peer has taken all that was sent. */
  room(): void;
  /** Told once, whoever closed. 1006 where the connection broke. */
  ended(code: number, reason: string): void;
}

export interface WsLinkOptions {
  readonly clock: Clock;
  readonly limits: MeshLimits;
}

/**
 * One end of an open WebSocket that carries texts. All that one turn of the event loop produces leaves in one
 * write: a system call costs more than everything else about a message.
 */
export class WsLink {
  /** Resolves when the connection is gone. Never rejects. */
  readonly closed: Promise<void>;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #options: WsLinkOptions;
  #isCorked = false;
  #isClosing = false;
  #stopWaiting = () => {};

  constructor(ws: WebSocket, socket: Duplex, options: WsLinkOptions) {
    this.#ws = ws;
    this.#socket = socket;
    this.#options = options;
    this.closed = new Promise((resolve) => ws.once("close", () => resolve()));
  }

  listen(events: WsLinkEvents): void {
    const ws = this.#ws;
    ws.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#isClosing) return; // ws goes on delivering until the peer has closed too
      if (isBinary) this.close(CLOSE.textOnly, "messages are text frames");
      else events.text(data.toString());
    });
    this.#socket.on("drain", () => events.room());
    ws.on("close", (code, reason) => {
      this.#isClosing = true;
      this.#stopWaiting();
      events.ended(code, reason.toString());
    });
    ws.on("error", () => {}); // "close" follows, with the code
  }

  /** Whether more is waiting for the peer than should. */
  get isFull(): boolean {
    return this.#socket.writableLength >= this.#options.limits.unsentBytes;
  }

  send(text: string): void {
    if (this.#isClosing) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    this.#ws.send(text);
  }

  setReading(reading: boolean): void {
    if (reading) this.#ws.resume();
    else this.#ws.pause();
  }

  /** Sends what is queued, then closes; cuts the connection if the peer takes too long. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { clock, limits } = this.#options;
    this.#stopWaiting = clock.after(limits.closeMs, () => this.#ws.terminate());
    this.#ws.close(code, reason);
    this.#ws.resume(); // or the peer's own close frame would never be read
  }

  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#socket.uncork();
  };
}
