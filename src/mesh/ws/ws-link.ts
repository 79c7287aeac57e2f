import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { Clock } from "../../core/clock.js";
import { printable } from "../../core/printable.js";
import type { MeshLimits } from "../limits.js";
import { type ConnectionTap, type FrameTap, tapOf } from "../tap.js";
import type { Poll } from "./poll.js";
import { encodeTextFrames } from "./text-frames.js";

/** Status codes of RFC 6455 section 7.4.1 that a node sends. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  textOnly: 1003,
  denied: 1008,
  handlerFailed: 1011,
} as const;

export interface WsLinkEvents {
  text(text: string): void;
  /** The peer has taken what a turn produced. Told after every write. */
  room(): void;
  /** Told once, whoever closed. 1006 where the connection broke. */
  ended(code: number, reason: string): void;
}

export interface WsLinkOptions {
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** Keeps the event loop awake between frames. */
  readonly poll?: Poll | undefined;
  readonly tap?: FrameTap | undefined;
}

/**
 * One end of an open WebSocket that carries texts.
 *
 * All that one turn of the event loop produces leaves in one write, because a write costs more than everything
 * else about a message. So texts are framed here, on the socket that ws was given; ws does the handshake, all
 * reading, and the other frames, each of which it hands to the socket whole.
 */
export class WsLink {
  /** Resolves when the connection is gone. Never rejects. */
  readonly closed: Promise<void>;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #options: WsLinkOptions;
  readonly #isClient: boolean;
  readonly #tap: ConnectionTap | undefined;
  /** What this turn has produced, and its length in UTF-16 units. */
  #batch: string[] = [];
  #batchUnits = 0;
  #room = () => {};
  #isClosing = false;
  #stopWaiting = () => {};

  /**
   * @param end Which end this is: clients mask what they send.
   * @param peer Who is at the other end, and the channel, for the tap.
   */
  constructor(ws: WebSocket, socket: Duplex, end: "client" | "server", options: WsLinkOptions, peer: string) {
    this.#tap = tapOf(options.tap, peer);
    this.#isClient = end === "client";
    this.#ws = ws;
    this.#socket = socket;
    this.#options = options;
    this.closed = new Promise((resolve) => ws.once("close", () => resolve()));
  }

  listen(events: WsLinkEvents): void {
    const ws = this.#ws;
    ws.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#isClosing) return; // ws goes on delivering until the peer has closed too
      // The cast: ws hands over one Buffer unless it is told otherwise.
      this.#tap?.("in", data as Buffer);
      if (isBinary) this.close(CLOSE.textOnly, "messages are text frames");
      else events.text(data.toString());
    });
    this.#room = events.room;
    ws.on("close", (code, reason) => {
      this.#isClosing = true;
      this.#stopWaiting();
      events.ended(code, printable(reason.toString()));
    });
    ws.on("error", () => {}); // "close" follows, with the code
  }

  /** Whether more is waiting for the peer than should. */
  get isFull(): boolean {
    return this.#socket.writableLength + this.#batchUnits >= this.#options.limits.unsentBytes;
  }

  send(text: string): void {
    if (this.#isClosing) return;
    this.#tap?.("out", Buffer.from(text));
    if (this.#batch.push(text) === 1) process.nextTick(this.#flush);
    this.#batchUnits += text.length;
  }

  setReading(reading: boolean): void {
    if (reading) this.#ws.resume();
    else this.#ws.pause();
  }

  /** Sends what is queued, then closes; cuts the connection if the peer takes too long. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#flush();
    this.#isClosing = true;
    const { clock, limits } = this.#options;
    this.#stopWaiting = clock.after(limits.closeMs, () => this.#ws.terminate());
    this.#ws.close(code, reason);
    this.#ws.resume(); // or the peer's own close frame would never be read
  }

  readonly #flush = (): void => {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchUnits = 0;
    // After the peer's close frame nothing may follow ws's own.
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#socket.write(encodeTextFrames(batch, this.#isClient), this.#written);
  };

  /** Not "drain", which comes only where the socket's own mark, which differs by version, was passed. */
  readonly #written = (error?: Error | null): void => {
    if (error === undefined || error === null) this.#room();
  };
}
