import type { Clock } from "../../core/clock.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import { readFrame } from "./frame-reader.js";
import { parseHello } from "./hello.js";
import { InSession } from "./in-session.js";
import { SESSION_KEPT_MS } from "./out-session.js";
import { type Hello, RECORD } from "./records.js";

/**
 * Sessions that a peer may leave behind without a link, so that whoever makes up new senders costs bounded memory:
 * the processes of one machine that break off within a minute.
 */
const MOST_KEPT_PER_PEER = 64;

export interface InSessionsOptions {
  readonly node: string;
  /** Random, new for each process. */
  readonly boot: string;
  readonly handler: Handler;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly schedule: (callback: () => void) => void;
}

interface Kept {
  readonly session: InSession;
  readonly peer: string;
  link: FrameLink | undefined;
  forget: () => void;
}

/** A node as its senders see it: a session for each, whatever links come and go. */
export class InSessions {
  readonly #options: InSessionsOptions;
  readonly #sessions = new Map<string, Kept>();
  readonly #greeting = new Set<FrameLink>();
  #isLeaving = false;
  #whenIdle: (() => void) | undefined;

  constructor(options: InSessionsOptions) {
    this.#options = options;
  }

  /**
   * Takes a new link, whose first record must be a hello.
   *
   * @param peer Whose link it is, as far as the network tells: sessions are counted by it.
   */
  accept(link: FrameLink, peer: string): FrameLinkEvents {
    const { clock, limits } = this.#options;
    let kept: Kept | undefined;
    this.#greeting.add(link);
    const stopWaiting = clock.after(limits.handshakeMs, () => drop());
    const drop = () => {
      stopWaiting();
      this.#greeting.delete(link);
      link.close();
      if (kept) this.#detach(kept, link);
    };
    return {
      frame: (frame) => {
        try {
          if (kept) {
            kept.session.take(frame);
            return;
          }
          const hello = helloOf(frame);
          stopWaiting();
          this.#greeting.delete(link);
          kept = this.#attach(hello, link, peer);
        } catch {
          // Its sender is not one of ours, or lies: it loses its link, and nobody else anything.
          drop();
        }
      },
      room: () => {},
      ended: () => {
        stopWaiting();
        this.#greeting.delete(link);
        if (kept) this.#detach(kept, link);
      },
    };
  }

  /** Refuses what has not begun and what comes, and resolves when what runs has been answered. */
  async drain(): Promise<void> {
    this.#isLeaving = true;
    for (const { session } of this.#sessions.values()) session.leave();
    if (!this.#isIdle) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    for (const { session } of this.#sessions.values()) session.sayBye();
  }

  /** Ends every session and closes every link. Idempotent. */
  close(): void {
    for (const link of this.#greeting) link.close();
    this.#greeting.clear();
    for (const { session, forget } of this.#sessions.values()) {
      forget();
      session.close();
    }
    this.#sessions.clear();
  }

  get #isIdle(): boolean {
    return [...this.#sessions.values()].every(({ session }) => session.isIdle);
  }

  #attach(hello: Hello, link: FrameLink, peer: string): Kept {
    const before = this.#sessions.get(hello.sender);
    const resumed = before !== undefined && hello.boot === this.#options.boot;
    if (before && !resumed) this.#forget(hello.sender, before);
    const kept = resumed ? before : { session: this.#open(hello.sender), peer, link, forget: () => {} };
    kept.forget();
    kept.link = link;
    this.#sessions.set(hello.sender, kept);
    kept.session.attach(link, resumed ? hello : { ...hello, channels: [] }, resumed);
    if (this.#isLeaving) kept.session.leave();
    return kept;
  }

  #open(sender: string): InSession {
    const { boot, ...shared } = this.#options;
    return new InSession({
      ...shared,
      boot,
      sender,
      idle: () => {
        if (this.#isIdle) this.#whenIdle?.();
      },
    });
  }

  #detach(kept: Kept, link: FrameLink): void {
    if (kept.link !== link) return;
    kept.link = undefined;
    kept.session.detach();
    const sender = this.#senderOf(kept);
    if (sender === undefined) return;
    if (kept.session.isEmpty) {
      this.#forget(sender, kept);
      return;
    }
    const cancel = this.#options.clock.after(SESSION_KEPT_MS, () => this.#forget(sender, kept));
    kept.forget = () => {
      cancel();
      kept.forget = () => {};
    };
    this.#boundKept(kept.peer);
  }

  #boundKept(peer: string): void {
    const adrift = [...this.#sessions].filter(([, kept]) => kept.link === undefined && kept.peer === peer);
    for (const [sender, kept] of adrift.slice(0, Math.max(0, adrift.length - MOST_KEPT_PER_PEER))) {
      this.#forget(sender, kept);
    }
  }

  #forget(sender: string, kept: Kept): void {
    kept.forget();
    kept.session.close();
    if (this.#sessions.get(sender) === kept) this.#sessions.delete(sender);
  }

  #senderOf(kept: Kept): string | undefined {
    for (const [sender, candidate] of this.#sessions) if (candidate === kept) return sender;
    return undefined;
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
      if (type !== RECORD.hello) refuse();
      hello = parseHello(value);
    },
    open: refuse,
    message: refuse,
    ack: refuse,
    failure: refuse,
    numbers: refuse,
  });
  if (hello === undefined) throw new Error("its first frame is empty");
  return hello;
}
