import type { Clock } from "../../core/clock.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { Guard } from "../safety/trust.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import { type Admitted, InGreeting } from "./in-greeting.js";
import { InSession } from "./in-session.js";
import { KeepAlive } from "./keep-alive.js";
import { SESSION_KEPT_MS } from "./out-link.js";
import type { Hello } from "./records.js";

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
  /** Whether a sender, by its name, may use a channel; all may where it is left out. */
  mayTake?(from: string, channel: string): boolean;
  /** Takes note of a sender that was not let in, or may not send what it sent. */
  refused?(from: string, peer: string, reason: string): void;
}

/** Silence after which a sender's link is given up, in milliseconds: a sender asks after 10 s of it. */
const SILENT_MS = 60_000;

interface Kept {
  readonly sender: string;
  /** Name of the sender's node, which it may have had to prove. */
  readonly from: string;
  readonly session: InSession;
  readonly peer: string;
  link: FrameLink | undefined;
  /** Stops listening for silence on its link, and for the end of what that was let in by. */
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
   * @param guard What its sender is asked for; nothing where it is left out.
   */
  accept(link: FrameLink, peer: string, guard?: Guard): FrameLinkEvents {
    const { node, boot, clock, limits } = this.#options;
    const greeting = new InGreeting({ node, boot, link, guard, resumes: (hello) => this.#resumes(hello) });
    let kept: Kept | undefined;
    let stopWatching = () => {};
    this.#greeting.add(link);
    const stopWaiting = clock.after(limits.handshakeMs, () => drop());
    const stopTimers = () => {
      stopWaiting();
      stopWatching();
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
          const admitted = greeting.take(frame);
          if (admitted === undefined) return;
          if (!this.#isOwn(admitted)) throw greeting.refuse(admitted.from, "the session is another's");
          stopWaiting();
          stopWatching = greeting.watch(admitted, drop);
          this.#greeting.delete(link);
          kept = this.#attach(admitted, link, peer);
          kept.unwatch();
          kept.unwatch = stopTimers;
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

  /** Whether a session that is kept is the sender's: whoever has seen its id could name it. */
  #isOwn({ hello, from }: Admitted): boolean {
    const kept = this.#sessions.get(hello.sender);
    return kept === undefined || kept.from === from;
  }

  #resumes({ sender, boot }: Hello): boolean {
    return boot === this.#options.boot && this.#sessions.has(sender);
  }

  #attach({ hello, from }: Admitted, link: FrameLink, peer: string): Kept {
    const { sender } = hello;
    const before = this.#sessions.get(sender);
    const resumed = this.#resumes(hello);
    if (before && !resumed) this.#forget(before);
    const kept = before && resumed ? before : this.#open({ sender, from, peer });
    this.#moor(kept);
    kept.link = link;
    kept.session.attach(link, resumed ? hello : { ...hello, channels: [] }, resumed);
    if (this.#isLeaving) kept.session.leave();
    return kept;
  }

  #open({ sender, from, peer }: Pick<Kept, "sender" | "from" | "peer">): Kept {
    const { mayTake, refused, ...shared } = this.#options;
    const session = new InSession({
      ...shared,
      ...(mayTake && { mayTake: (channel) => mayTake(from, channel) }),
      refused: (reason) => refused?.(from, peer, reason),
      idle: () => {
        if (this.#whenIdle && this.#isIdle) this.#whenIdle();
      },
      left: () => this.#forget(kept),
    });
    const kept: Kept = { sender, from, session, peer, link: undefined, unwatch: () => {}, keep: () => {} };
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
