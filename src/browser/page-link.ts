import { backoff } from "../core/backoff.js";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { Dialing } from "../mesh/framed/dialing.js";
import type { FrameLink, FrameLinkEvents } from "../mesh/framed/frame-link.js";
import { FRAMED_PROTOCOL } from "../mesh/framed/records.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";

/** What is used of a browser's WebSocket. */
export interface PageSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number): void;
}

declare const WebSocket: new (url: string, protocol: string) => PageSocket;

const OPEN = 1;

/** A browser does not tell when it has sent what it was given: how often is looked while it has much, in milliseconds. */
const LOOK_MS = 10;

/** An open WebSocket of a page. */
class PageLink implements FrameLink {
  readonly headBytes = 0;
  readonly #socket: PageSocket;
  readonly #clock: Clock;
  #stopLooking: (() => void) | undefined;
  #events: FrameLinkEvents | undefined;

  constructor(socket: PageSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#events?.frame(new Uint8Array(data));
      else this.#end("frames are binary");
    };
    socket.onclose = ({ code, reason }) => this.#end(reason || `the connection ended with code ${code}`);
  }

  listen(events: FrameLinkEvents): void {
    this.#events = events;
  }

  get isFull(): boolean {
    const isFull = this.#socket.bufferedAmount >= DEFAULT_LIMITS.unsentBytes;
    if (isFull) this.#stopLooking ??= this.#clock.after(LOOK_MS, () => this.#look());
    return isFull;
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(frame);
  }

  close(): void {
    this.#events = undefined;
    this.#stopLooking?.();
    this.#socket.close();
  }

  #look(): void {
    this.#stopLooking = undefined;
    if (!this.isFull) this.#events?.room();
  }

  #end(reason: string): void {
    const events = this.#events;
    this.close();
    events?.ended(reason);
  }
}

/** Connects to a node, trying until there is a link or it is cancelled. See `Dial`. */
export function dialNode(url: string, clock: Clock, dialing: Dialing, waitMs: number): () => void {
  const waits = backoff();
  let stop = () => {};
  const attempt = () => {
    const socket = new WebSocket(url, FRAMED_PROTOCOL);
    socket.binaryType = "arraybuffer";
    const giveUp = () => {
      stopWaiting();
      socket.onopen = null;
      socket.onclose = null;
      socket.close();
    };
    const fail = (reason: string) => {
      giveUp();
      stop = clock.after(waits.next().value, attempt);
      dialing.missing(url, unreachable(url, reason));
    };
    const stopWaiting = clock.after(DEFAULT_LIMITS.handshakeMs, () =>
      fail(`no handshake after ${DEFAULT_LIMITS.handshakeMs} ms`),
    );
    stop = giveUp;
    socket.onclose = () => fail("nobody listens there, or this page may not connect");
    socket.onopen = () => {
      stopWaiting();
      stop = () => {};
      const link = new PageLink(socket, clock);
      link.listen(dialing.opened(link));
    };
  };
  if (waitMs > 0) stop = clock.after(waitMs, attempt);
  else attempt();
  return () => stop();
}

function unreachable(url: string, reason: string): CircuitError {
  return new CircuitError("PEER_MISSING", `Cannot reach ${url}: ${reason}`, {
    hint: "Start the node there, and name this page's origin in its `security.origins`.",
  });
}
