import type { NodeCounts } from "../counts.js";
import type { Guard } from "../safety/trust.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import type { Admitted } from "./in-greeting.js";
import { InLink, type InLinkHost } from "./in-link.js";
import type { InSessionOptions, Visitor } from "./in-messages.js";
import { InSession } from "./in-session.js";
import { SESSION_KEPT_MS } from "./out-link.js";
import type { Receiver } from "./receiver.js";
import type { Hello } from "./records.js";

/**
 * Sessions that a peer may leave behind without a link, so that whoever makes up new senders costs bounded memory:
 * the processes of one machine that break off within a minute.
 */
const MOST_KEPT_PER_PEER = 64;

/** Bytes of such sessions together: of most a few kilobytes, of those that a window was under way of, fifteen. */
const MOST_KEPT_BYTES_PER_PEER = 67_108_864;

/** Sessions with and without a link, and the messages that they hold. */
export type InSessionCounts = Pick<
  NodeCounts,
  "framedLinks" | "keptSessions" | "running" | "waiting" | "held"
>;

function isGuest({ via, serves }: Hello): boolean {
  return via === true || serves !== undefined;
}

/** A receiver gives a link up after so many times the silence after which its sender has given up. */
const SILENCES = 3;

/** How often it looks in that time: one timer for all links, because there may be thousands. */
const LOOKS = 12;

/** A node as its senders see it: a session for each, whatever links come and go. */
export class InSessions {
  readonly #options: Receiver;
  readonly #sessionOptions: InSessionOptions;
  readonly #host: InLinkHost;
  readonly #sessions = new Map<string, InSession>();
  /** Sessions without a link, by peer, the oldest first. */
  readonly #adrift = new Map<string, Set<InSession>>();
  readonly #links = new Set<InLink>();
  #opened = 0;
  #stopLooking: (() => void) | undefined;
  #isLeaving = false;
  #whenIdle: (() => void) | undefined;

  constructor(options: Receiver) {
    this.#options = options;
    this.#sessionOptions = {
      ...options,
      idle: () => {
        if (this.#whenIdle && this.#isIdle) this.#whenIdle();
      },
      left: (sender) => {
        const session = this.#sessions.get(sender);
        if (session) this.#forget(session);
      },
    };
    const { clock, limits } = options;
    this.#host = {
      node: options.node,
      boot: options.boot,
      clock,
      limits,
      resumes: (hello) => this.#resumes(hello),
      isOwn: (admitted) => this.#isOwn(admitted),
      greeted: (link, admitted, peer) => {
        if (isGuest(admitted.hello)) return this.#handOver(link, admitted, peer);
        this.#attach(admitted, link, peer);
        return undefined;
      },
      gone: (link) => this.#gone(link),
    };
  }

  /**
   * Takes a new link, whose first record must be a hello.
   *
   * @param peer Whose link it is, as far as the network tells: sessions are counted by it.
   * @param guard What its sender is asked for; nothing where it is left out.
   */
  accept(link: FrameLink, peer: string, guard?: Guard): FrameLinkEvents {
    const accepted = new InLink(link, peer, guard, this.#host);
    this.#links.add(accepted);
    if (link.isLocal !== true) this.#stopLooking ??= this.#lookLater();
    return accepted;
  }

  /**
   * Takes a link whose sender has been let in elsewhere.
   *
   * @returns `undefined` where the session that it names is another's.
   */
  adopt(link: FrameLink, admitted: Admitted, peer: string): FrameLinkEvents | undefined {
    if (!this.#isOwn(admitted)) return undefined;
    const adopted = new InLink(link, peer, undefined, this.#host);
    adopted.stop();
    this.#links.add(adopted);
    if (link.isLocal !== true) this.#stopLooking ??= this.#lookLater();
    this.#attach(admitted, adopted, peer);
    return adopted;
  }

  /** Whether it has no session at all. */
  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** What its sessions are, and what they hold. */
  counts(): InSessionCounts {
    const counts = { framedLinks: 0, keptSessions: 0, running: 0, waiting: 0, held: 0 };
    for (const session of this.#sessions.values()) {
      const { running, waiting, held } = session.load;
      if (session.mooring) counts.framedLinks++;
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
    for (const session of this.#sessions.values()) session.leave();
    if (!this.#isIdle) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    for (const session of this.#sessions.values()) session.sayBye();
  }

  /** Ends every session and closes every link. Idempotent. */
  close(): void {
    for (const session of [...this.#sessions.values()]) this.#forget(session);
    for (const link of [...this.#links]) link.giveUp();
  }

  get #isIdle(): boolean {
    return [...this.#sessions.values()].every(({ isIdle }) => isIdle);
  }

  /** Notices senders that have fallen silent without a word. */
  #lookLater(): () => void {
    const { clock, limits } = this.#options;
    const silentMs = SILENCES * limits.silenceMs;
    return clock.after(silentMs / LOOKS, () => {
      const nowMs = clock.now();
      for (const link of [...this.#links]) if (nowMs - link.heardAtMs >= silentMs) link.giveUp();
      if (this.#links.size > 0) this.#stopLooking = this.#lookLater();
    });
  }

  /** Whether a session that is kept is the sender's: whoever has seen its id could name it. */
  #isOwn({ hello, from }: Admitted): boolean {
    const session = this.#sessions.get(hello.sender);
    return session === undefined || session.from === from;
  }

  #resumes({ sender, boot }: Hello): boolean {
    return boot === this.#options.boot && this.#sessions.has(sender);
  }

  #attach({ hello, from, isProven = false }: Admitted, link: InLink, peer: string): void {
    const { sender } = hello;
    const before = this.#sessions.get(sender);
    const resumed = this.#resumes(hello);
    if (before && !resumed) this.#forget(before);
    const session = before && resumed ? before : this.#open({ sender, from, peer });
    this.#moor(session);
    this.#release(session.mooring);
    session.mooring = link;
    link.session = session;
    session.isProven = isProven;
    session.attach(link.link, resumed ? hello : { ...hello, channels: [] }, resumed);
    if (this.#isLeaving) session.leave();
  }

  /** The sender is one that cannot listen itself: others look after it. */
  #handOver(link: InLink, admitted: Admitted, peer: string): string | undefined {
    const { guests, node } = this.#options;
    if (guests === undefined) return "nothing is passed on here";
    const refusal = guests.findRefusal(admitted);
    if (refusal !== undefined) return refusal;
    this.#unlist(link);
    link.handOver((open) => guests.take(open, admitted, { peer, node }));
    return undefined;
  }

  #open(visitor: Omit<Visitor, "number">): InSession {
    const session = new InSession({ ...visitor, number: ++this.#opened }, this.#sessionOptions);
    this.#sessions.set(visitor.sender, session);
    return session;
  }

  /** A link is of no more use; its session, if it still has it, waits for another. */
  #gone(link: InLink): void {
    this.#unlist(link);
    const { session } = link;
    if (session?.mooring !== link) return;
    session.mooring = undefined;
    session.detach();
    session.stopKeeping = this.#options.clock.after(SESSION_KEPT_MS, () => this.#forget(session));
    const adrift = this.#adrift.get(session.peer) ?? new Set();
    this.#adrift.set(session.peer, adrift.add(session));
    let bytes = 0;
    let count = 0;
    for (const each of [...adrift].reverse()) {
      bytes += each.heldBytes;
      if (++count > MOST_KEPT_PER_PEER || bytes > MOST_KEPT_BYTES_PER_PEER) this.#forget(each);
    }
  }

  /** A session is not adrift any more. */
  #moor(session: InSession): void {
    session.stopKeeping?.();
    session.stopKeeping = undefined;
    const adrift = this.#adrift.get(session.peer);
    adrift?.delete(session);
    if (adrift?.size === 0) this.#adrift.delete(session.peer);
  }

  /** A session closes its link itself. */
  #release(link: InLink | undefined): void {
    if (link === undefined) return;
    link.stop();
    this.#unlist(link);
  }

  #unlist(link: InLink): void {
    this.#links.delete(link);
    if (this.#links.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  #forget(session: InSession): void {
    this.#moor(session);
    this.#release(session.mooring);
    session.mooring = undefined;
    this.#sessions.delete(session.sender);
    session.close();
  }
}
