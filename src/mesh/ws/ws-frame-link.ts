import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import { CLOSE, type WsLinkOptions } from "./ws-link.js";

/** One end of an open WebSocket that carries frames of `circuit.1`, each as a binary message. */
export class WsFrameLink implements FrameLink {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #options: WsLinkOptions;
  readonly #sent: (error?: Error | null) => void;
  #events: FrameLinkEvents | undefined;
  #isClosing = false;

  /** @param gone Told when the connection is gone. */
  constructor(ws: WebSocket, socket: Duplex, options: WsLinkOptions, gone: (link: WsFrameLink) => void) {
    this.#ws = ws;
    this.#socket = socket;
    this.#options = options;
    // All in one place: what they share then exists once for each of thousands of links.
    this.#sent = (error) => {
      if ((error === undefined || error === null) && !this.#isClosing) this.#events?.room();
    };
    ws.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#isClosing) return; // ws goes on delivering until the peer has closed too
      // The cast: ws hands over one Buffer unless it is told otherwise.
      if (isBinary) this.#events?.frame(data as Buffer);
      else this.#fail("frames are binary");
    });
    ws.on("close", (code, reason) => {
      gone(this);
      if (this.#isClosing) return;
      this.#isClosing = true;
      this.#events?.ended(reason.toString() || `the connection ended with code ${code}`);
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

  get isFull(): boolean {
    return this.#socket.writableLength >= this.#options.limits.unsentBytes;
  }

  send(frame: Uint8Array): void {
    if (this.#isClosing || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#ws.send(frame, this.#sent);
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
