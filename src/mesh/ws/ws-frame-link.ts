import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import { frameInPlace, LONGEST_HEADER_BYTES } from "./binary-frame.js";
import { CLOSE, type WsLinkOptions } from "./ws-link.js";

/**
 * One end of an open WebSocket that carries frames of `circuit.1`, each as a binary message. As in `WsLink`, what is sent
 * is framed here and leaves in one write; ws does the handshake, all reading, and the other frames.
 */
export class WsFrameLink implements FrameLink {
  readonly headBytes = LONGEST_HEADER_BYTES;
  /** Resolves when the connection is gone. Never rejects. */
  readonly closed: Promise<void>;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #options: WsLinkOptions;
  readonly #isClient: boolean;
  #events: FrameLinkEvents | undefined;
  #isClosing = false;

  /** @param end Which end this is: clients mask what they send. */
  constructor(ws: WebSocket, socket: Duplex, end: "client" | "server", options: WsLinkOptions) {
    this.#isClient = end === "client";
    this.#ws = ws;
    this.#socket = socket;
    this.#options = options;
    this.closed = new Promise((resolve) => ws.once("close", () => resolve()));
  }

  /** Begins to tell what happens. */
  listen(events: FrameLinkEvents): void {
    this.#events = events;
    this.#ws.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#isClosing) return; // ws goes on delivering until the peer has closed too
      this.#options.poll?.heard();
      // The cast: ws hands over one Buffer unless it is told otherwise.
      if (isBinary) events.frame(data as Buffer);
      else this.#fail("frames are binary");
    });
    this.#ws.on("close", (code, reason) => {
      if (this.#isClosing) return;
      this.#isClosing = true;
      events.ended(reason.toString() || `the connection ended with code ${code}`);
    });
    this.#ws.on("error", () => {}); // "close" follows, with the code
  }

  get isFull(): boolean {
    return this.#socket.writableLength >= this.#options.limits.unsentBytes;
  }

  send(frame: Uint8Array): void {
    // After the peer's close frame nothing may follow ws's own.
    if (this.#isClosing || this.#ws.readyState !== this.#ws.OPEN) return;
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#socket.write(frameInPlace(bytes, this.#isClient), this.#sent);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { clock, limits } = this.#options;
    const stopWaiting = clock.after(limits.closeMs, () => this.#ws.terminate());
    void this.closed.then(stopWaiting);
    this.#ws.close(CLOSE.normal, "");
  }

  readonly #sent = (error?: Error | null): void => {
    if ((error === undefined || error === null) && !this.#isClosing) this.#events?.room();
  };

  #fail(reason: string): void {
    this.#isClosing = true;
    this.#ws.close(CLOSE.textOnly, reason);
    this.#events?.ended(reason);
  }
}
