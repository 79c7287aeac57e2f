import type { Msg, Subscription } from "@nats-io/transport-node";
import { systemClock } from "../../core/clock.js";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import type { MeshLimits } from "../limits.js";
import { type ConnectionTap, type FrameTap, tapOf } from "../tap.js";
import { type Connection, isNobodyThere } from "./connection.js";

/** Last token of the subjects of a link: what a message on them is. */
const TOKEN = {
  frame: "frame",
  /** A piece of a frame that is longer than the server takes. */
  part: "part",
  close: "close",
  /** Asks nothing: the server says if nobody is there. */
  probe: "probe",
  /** The server's word that nobody is there. */
  nobody: "nobody",
} as const;

/** Silence after which the server is asked whether anybody is there, in milliseconds. */
const PROBE_MS = 3_000;

/** Longest frame that is put together, in bytes: a hello with all the channels that a session may have. */
const MOST_FRAME_BYTES = 1_048_576;

export interface NatsFrameLinkOptions {
  readonly connection: Connection;
  /** What our subjects begin with, and the peer's. */
  readonly here: string;
  readonly there: string;
  readonly tap?: FrameTap | undefined;
  /** Who is at the other end, for the tap. */
  readonly peer: string;
  readonly limits: MeshLimits;
}

/**
 * One end of a link over two private subjects. Every frame is a message, or several where it is longer than the server
 * takes, and asks the server to say so when nobody hears it: that is how the death of a peer is noticed at once, and why
 * a link on which nothing moves sends a probe now and then. Where somebody watches all subjects a server never says so;
 * the session's own questions are for that. With the connection to the server the link ends.
 */
export class NatsFrameLink implements FrameLink {
  readonly headBytes = 0;
  readonly #options: NatsFrameLinkOptions;
  readonly #subjects: Readonly<Record<keyof typeof TOKEN, string>>;
  readonly #reply: { readonly reply: string };
  readonly #tap: ConnectionTap | undefined;
  #subscription: Subscription | undefined;
  #events: FrameLinkEvents | undefined;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #unflushedBytes = 0;
  #isFull = false;
  #isOver = false;
  /** Nothing was sent since the last probe. */
  #isQuiet = true;
  #stopProbing = () => {};
  #stopListening = () => {};
  /** Told when the link is over. `isMeant`: one of its ends has closed it. */
  whenOver: (isMeant: boolean) => void = () => {};

  constructor(options: NatsFrameLinkOptions) {
    this.#options = options;
    const { here, there } = options;
    this.#tap = tapOf(options.tap, options.peer);
    this.#subjects = {
      frame: `${there}.${TOKEN.frame}`,
      part: `${there}.${TOKEN.part}`,
      close: `${there}.${TOKEN.close}`,
      probe: `${there}.${TOKEN.probe}`,
      nobody: `${here}.${TOKEN.nobody}`,
    };
    this.#reply = { reply: this.#subjects.nobody };
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Begins to take what arrives; frames go to the events that `listen()` is given next, in the same turn. */
  open(): void {
    const { connection, here } = this.#options;
    this.#subscription = connection.client?.subscribe(`${here}.*`, {
      callback: (error, message) => {
        if (error) this.#end(error.message);
        else this.#take(message);
      },
    });
    this.#stopListening = connection.listen({ down: ({ message }) => this.#end(message) });
    this.#probe();
  }

  listen(events: FrameLinkEvents): void {
    this.#events = events;
  }

  send(frame: Uint8Array): void {
    if (this.#isOver) return;
    this.#tap?.("out", frame);
    const most = this.#options.connection.mostPayloadBytes;
    let rest = frame;
    for (; rest.length > most; rest = rest.subarray(most))
      this.#publish(this.#subjects.part, rest.subarray(0, most));
    this.#publish(this.#subjects.frame, rest, this.#reply);
    this.#isQuiet = false;
    this.#unflushedBytes += frame.length;
    if (!this.#isFull && this.#unflushedBytes >= this.#options.limits.unsentBytes) this.#flush();
  }

  close(): void {
    if (this.#isOver) return;
    this.#publish(this.#subjects.close);
    this.#over(true);
  }

  #publish(subject: string, payload?: Uint8Array, reply?: { readonly reply: string }): void {
    try {
      this.#options.connection.client?.publish(subject, payload, reply && { ...reply });
    } catch {
      // The client is closed or closing: its end is the link's, and is told by the connection.
    }
  }

  /** Full until the server has taken everything: a pong comes after what was sent before the ping. */
  #flush(): void {
    this.#isFull = true;
    const done = () => {
      this.#isFull = false;
      this.#unflushedBytes = 0;
      if (!this.#isOver) this.#events?.room();
    };
    const flushed = this.#options.connection.client?.flush() ?? Promise.resolve();
    flushed.then(done, () => {}); // it rejects with the end of the connection
  }

  #take(message: Msg): void {
    if (this.#isOver) return;
    const { subject, data } = message;
    switch (subject.slice(this.#options.here.length + 1)) {
      case TOKEN.frame:
        this.#frame(this.#parts.length === 0 ? data : this.#join(data));
        return;
      case TOKEN.part:
        this.#parts.push(data);
        this.#partsBytes += data.length;
        // Nobody needs an empty one, and any number of them would have no bytes.
        if (data.length === 0 || this.#partsBytes > MOST_FRAME_BYTES)
          this.#refuse("a frame that is too long");
        return;
      case TOKEN.close:
        this.#end("the peer has closed the link", true);
        return;
      case TOKEN.nobody:
        if (isNobodyThere(message)) this.#end("nobody is at its other end any more");
        return;
      default:
        return;
    }
  }

  #frame(frame: Uint8Array): void {
    this.#tap?.("in", frame);
    this.#events?.frame(frame);
  }

  #join(last: Uint8Array): Uint8Array {
    const frame = Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#partsBytes = 0;
    return frame;
  }

  #probe(): void {
    // The system's time: what it measures is a server and a peer that know no other.
    this.#stopProbing = systemClock.after(PROBE_MS, () => {
      if (this.#isQuiet) this.#publish(this.#subjects.probe, undefined, this.#reply);
      this.#isQuiet = true;
      this.#probe();
    });
  }

  #refuse(reason: string): void {
    this.#publish(this.#subjects.close);
    this.#end(reason);
  }

  #end(reason: string, isMeant = false): void {
    if (this.#isOver) return;
    this.#over(isMeant);
    this.#events?.ended(reason);
  }

  #over(isMeant: boolean): void {
    this.#isOver = true;
    this.#stopProbing();
    this.#stopListening();
    this.#subscription?.unsubscribe();
    this.whenOver(isMeant);
  }
}
