import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { printable } from "../../core/printable.js";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import type { Passage } from "../safety/passage.js";
import { type ConnectionTap, tapOf } from "../tap.js";
import { frameInPlace } from "./binary-frame.js";
import { LONGEST_HEADER_BYTES } from "./frame-header.js";
import { passageOf } from "./passage.js";
import { CLOSE, type WsLinkOptions } from "./ws-link.js";

/**
 * One end of an open WebSocket that carries frames of `circuit.1`, each as a binary message. As in `WsLink`, what is sent
 * is framed here and leaves in one write; ws does the handshake, all reading, and the other frames.
 */
export class WsFrameLink implements FrameLink {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #options: WsLinkOptions;
  readonly #isClient: boolean;
  readonly #tap: ConnectionTap | undefined;
  readonly #sent: (error?: Error | null) => void;
  #events: FrameLinkEvents | undefined;
  #isClosing = false;

  /**
   * @param end Which end this is: clients mask what they send.
   * @param peer Who is at the other end, for the tap.
   * @param gone Told when the connection is gone.
   */
  constructor(
    ws: WebSocket,
    socket: Duplex,
    end: "client" | "server",
    options: WsLinkOptions,
    peer: string,
    gone: (link: WsFrameLink) => void,
  ) {
    this.#isClient = end === "client";
    this.#tap = tapOf(options.tap, peer);
    this.#ws = ws;
    this.#socket = socket;
    this.#options = options;
    // All in one place: what they share then exists once for each of thousands of links.
    this.#sent = (error) => {
      if ((error === undefined || error === null) && !this.#isClosing) this.#events?.room();
    };
    ws.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#isClosing) return; // ws goes on delivering until the peer has closed too
      this.#options.poll?.heard();
      // The casts: ws hands over one Buffer unless it is told otherwise.
      this.#tap?.("in", data as Buffer);
      if (isBinary) this.#events?.frame(data as Buffer);
      else this.#fail("frames are binary");
    });
    ws.on("close", (code, reason) => {
      gone(this);
      if (this.#isClosing) return;
      this.#isClosing = true;
      const why = printable(reason.toString()) || `the connection ended with code ${code}`;
      this.#events?.ended(why, code === CLOSE.goingAway);
    });
    ws.on("error", ignore); // "close" follows, with the code
  }

  /** Resolves when the connection is gone. Never rejects. */
  get closed(): Promise<void> {
    if (this.#ws.readyState === this.#ws.CLOSED) return Promise.resolve();
    return new Promise((resolve) => this.#ws.once("close", () => resolve()));
  }

  /** Begins to tell what happens: before the turn is over in which the link was opened. */
  listen(events: FrameLinkEvents): void {
    this.#events = events;
  }

  get headBytes(): number {
    return LONGEST_HEADER_BYTES;
  }

  /** Whoever masks writes the mask too. */
  get sharesFrames(): boolean {
    return !this.#isClient;
  }

  get passage(): Passage {
    return passageOf(this.#socket);
  }

  get isFull(): boolean {
    return this.#socket.writableLength >= this.#options.limits.unsentBytes;
  }

  send(frame: Uint8Array): void {
    // After the peer's close frame nothing may follow ws's own.
    if (this.#isClosing || this.#ws.readyState !== this.#ws.OPEN) return;
    const bytes = Buffer.isBuffer(frame)
      ? frame
      : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#tap?.("out", bytes.subarray(LONGEST_HEADER_BYTES)); // before it is masked
    this.#socket.write(frameInPlace(bytes, this.#isClient), this.#sent);
  }

  close(): void {
    if (!this.#isClosing) this.#shut(CLOSE.normal, "");
  }

  #fail(reason: string): void {
    this.#shut(CLOSE.textOnly, reason);
    this.#events?.ended(reason);
  }

  /** Closes; cuts the connection if the peer takes too long to close it too. */
  #shut(code: number, reason: string): void {
    this.#isClosing = true;
    const { clock, limits } = this.#options;
    const stopWaiting = clock.after(limits.closeMs, () => this.#ws.terminate());
    void this.closed.then(stopWaiting);
    this.#ws.close(code, reason);
  }
}

function ignore(): void {}
