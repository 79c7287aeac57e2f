import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import type { Passage } from "../safety/passage.js";
import { passageOf } from "./passage.js";
import { CLOSE, type WsLinkOptions } from "./ws-link.js";

/** One end of an open WebSocket that carries frames of `circuit.1`, each as a binary message. */
export class WsFrameLink implements FrameLink {
  /** Resolves when the connection is gone. Never rejects. */
  readonly closed: Promise<void>;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #options: WsLinkOptions;
  #events: FrameLinkEvents | undefined;
  #isClosing = false;

  constructor(ws: WebSocket, socket: Duplex, options: WsLinkOptions) {
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

  get passage(): Passage {
    return passageOf(this.#socket);
  }

  get isFull(): boolean {
    return this.#socket.writableLength >= this.#options.limits.unsentBytes;
  }

  send(frame: Uint8Array): void {
    if (this.#isClosing || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#ws.send(frame, this.#sent);
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
