import type { Clock } from "../../core/clock.js";
import type { NodeCounts, ReceivedTally } from "../counts.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import { readFrame } from "./frame-reader.js";
import { parseHello } from "./hello.js";
import { InSession } from "./in-session.js";
import { KeepAlive } from "./keep-alive.js";
import { SESSION_KEPT_MS } from "./out-link.js";
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
  readonly tally: ReceivedTally;
  readonly schedule: (callback: () => void) => void;
}

/** Sessions with and without a link, and the messages that they hold. */
export type InSessionCounts = Pick<
  NodeCounts,
  "framedLinks" | "keptSessions" | "running" | "waiting" | "held"
>;

/** Silence after which a sender's link is given up, in milliseconds: a sender asks after 10 s of it. */
const SILENT_MS = 60_000;

interface Kept {
  readonly sender: string;
  readonly session: InSession;
  readonly peer: string;
  link: FrameLink | undefined;
  /** Stops listening for silence on its link. */
  unwatch: () => void;
  /** Calls off that it is forgotten. */
  keep: () => void;
}

/** A node as its senders see it: a session for each, whatever links come and go. */
export class InSessions {
  readonly #options: InSessionsOptions;
  readonly #sessions = new Map<string, Kept>();
  /** Sessions without a link, by peer, the oldest first. */
  readonly #adrift = new Map<string, Set<Kept>>();
  readonly #greeting = new Set<FrameLink>();
  /** Stops the timers of each link. */
  readonly #timers = new Set<() => void>();
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
    const stopTimers = () => {
      stopWaiting();
      keepAlive.stop();
      this.#timers.delete(stopTimers);
    };
    const drop = () => {
      stopTimers();
      this.#greeting.delete(link);
      link.close();
      if (kept) this.#detach(kept, link);
    };
    const keepAlive = new KeepAlive({ clock, giveUpAfterMs: SILENT_MS, giveUp: drop });
    this.#timers.add(stopTimers);
    return {
      frame: (frame) => {
        try {
          keepAlive.heard();
          if (kept) {
            kept.session.take(frame);
            return;
          }
          const hello = helloOf(frame);
          stopWaiting();
          this.#greeting.delete(link);
          kept = this.#attach(hello, link, peer);
          kept.unwatch();
          kept.unwatch = () => keepAlive.stop();
          if (link.isLocal !== true) keepAlive.start();
        } catch {
          // Its sender is not one of ours, or lies: it loses its link, and nobody else anything.
          drop();
        }
      },
      room: () => kept?.session.room(),
      ended: () => {
        stopTimers();
        this.#greeting.delete(link);
        if (kept) this.#detach(kept, link);
      },
    };
  }

  /** What its sessions are, and what they hold. */
  counts(): InSessionCounts {
    const counts = { framedLinks: 0, keptSessions: 0, running: 0, waiting: 0, held: 0 };
    for (const { session, link } of this.#sessions.values()) {
      const { running, waiting, held } = session.load;
      if (link) counts.framedLinks++;
      else counts.keptSessions++;
      counts.running += running;
      counts.waiting += waiting;
      counts.held += held;
    }
    return counts;
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
    for (const stopTimers of this.#timers) stopTimers();
    for (const link of this.#greeting) link.close();
    this.#greeting.clear();
    for (const kept of [...this.#sessions.values()]) this.#forget(kept);
  }

  get #isIdle(): boolean {
    return [...this.#sessions.values()].every(({ session }) => session.isIdle);
  }

  #attach(hello: Hello, link: FrameLink, peer: string): Kept {
    const { sender } = hello;
    const before = this.#sessions.get(sender);
    const resumed = before !== undefined && hello.boot === this.#options.boot;
    if (before && !resumed) this.#forget(before);
    const kept = resumed ? before : this.#open(sender, peer);
    this.#moor(kept);
    kept.link = link;
    kept.session.attach(link, resumed ? hello : { ...hello, channels: [] }, resumed);
    if (this.#isLeaving) kept.session.leave();
    return kept;
  }

  #open(sender: string, peer: string): Kept {
    const session = new InSession({
      ...this.#options,
      idle: () => {
        if (this.#whenIdle && this.#isIdle) this.#whenIdle();
      },
      left: () => this.#forget(kept),
    });
    const kept: Kept = { sender, session, peer, link: undefined, unwatch: () => {}, keep: () => {} };
    this.#sessions.set(sender, kept);
    return kept;
  }

  #detach(kept: Kept, link: FrameLink): void {
    if (kept.link !== link || this.#sessions.get(kept.sender) !== kept) return;
    kept.link = undefined;
    kept.session.detach();
    kept.keep = this.#options.clock.after(SESSION_KEPT_MS, () => this.#forget(kept));
    const adrift = this.#adrift.get(kept.peer) ?? new Set();
    this.#adrift.set(kept.peer, adrift.add(kept));
    const [oldest] = adrift;
    if (oldest && adrift.size > MOST_KEPT_PER_PEER) this.#forget(oldest);
  }

  /** A session is not adrift any more. */
  #moor(kept: Kept): void {
    kept.keep();
    const adrift = this.#adrift.get(kept.peer);
    adrift?.delete(kept);
    if (adrift?.size === 0) this.#adrift.delete(kept.peer);
  }

  #forget(kept: Kept): void {
    this.#moor(kept);
    kept.unwatch();
    this.#sessions.delete(kept.sender);
    kept.session.close();
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
