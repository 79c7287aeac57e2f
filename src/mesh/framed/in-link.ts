import type { Clock } from "../../core/clock.js";
import type { MeshLimits } from "../limits.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import { readFrame } from "./frame-reader.js";
import { parseHello } from "./hello.js";
import type { InSession } from "./in-session.js";
import { type Hello, RECORD } from "./records.js";

/** What all links of a node have in common. */
export interface InLinkHost {
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** Finds or makes the session that a hello asks for, and puts it on the link. What it throws costs the link. */
  greeted(link: InLink, hello: Hello): void;
  /** The link is of no more use; told once. */
  gone(link: InLink): void;
}

/**
 * A link to a node, whose first record must be a hello; from then on it is a session's. There are thousands of them, so
 * that it is one object, without a timer once it is greeted.
 */
export class InLink implements FrameLinkEvents {
  readonly link: FrameLink;
  /** Whose link it is, as far as the network tells. */
  readonly peer: string;
  /** Whose link it has become. */
  session: InSession | undefined;
  readonly #host: InLinkHost;
  /** Stops waiting for the hello. */
  #stopWaiting: (() => void) | undefined;
  #heardAtMs = 0;

  constructor(link: FrameLink, peer: string, host: InLinkHost) {
    this.link = link;
    this.peer = peer;
    this.#host = host;
    this.#stopWaiting = host.clock.after(host.limits.handshakeMs, () => this.giveUp());
  }

  frame(frame: Uint8Array): void {
    try {
      const nowMs = Math.floor(this.#host.clock.now()); // a fraction would be an object of its own
      this.#heardAtMs = nowMs;
      if (this.session) this.session.take(frame, nowMs);
      else this.#greet(helloOf(frame));
    } catch {
      // Its sender is not one of ours, or lies: it loses its link, and nobody else anything.
      this.giveUp();
    }
  }

  room(): void {
    this.session?.room();
  }

  ended(): void {
    this.stop();
    this.#host.gone(this);
  }

  /** When its sender said something last, on the clock; it need not say anything where its end would be told. */
  get heardAtMs(): number {
    return this.session === undefined || this.link.isLocal === true
      ? Number.POSITIVE_INFINITY
      : this.#heardAtMs;
  }

  /** Closes the link. */
  giveUp(): void {
    this.stop();
    this.link.close();
    this.#host.gone(this);
  }

  /** Waits for nothing more. Idempotent. */
  stop(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }

  #greet(hello: Hello): void {
    this.stop();
    this.#host.greeted(this, hello);
  }
}

/** The hello that a first frame must be. */
function helloOf(frame: Uint8Array): Hello {
  let hello: Hello | undefined;
  const refuse = () => {
    throw new Error("its first frame is no hello");
  };
  readFrame(frame, {
    json: (type, value) => {
      if (type !== RECORD.hello || hello !== undefined) refuse();
      hello = parseHello(value);
    },
    open: refuse,
    chain: refuse,
    message: refuse,
    ack: refuse,
    failure: refuse,
    numbers: refuse,
  });
  if (hello === undefined) throw new Error("its first frame is empty");
  return hello;
}
