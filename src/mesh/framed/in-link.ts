import type { Clock } from "../../core/clock.js";
import type { MeshLimits } from "../limits.js";
import type { Guard } from "../safety/trust.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import { type Admitted, InGreeting } from "./in-greeting.js";
import type { InSession } from "./in-session.js";
import type { Hello } from "./records.js";
import { WatchedLink } from "./watched-link.js";

/** What all links of a node have in common. */
export interface InLinkHost {
  readonly node: string;
  readonly boot: string;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** Whether a hello goes on with a session that there is. */
  resumes(hello: Hello): boolean;
  /** Whether the session that a hello names is the sender's, or there is none. */
  isOwn(admitted: Admitted): boolean;
  /**
   * Finds or makes the session that a hello asks for, and puts it on the link, or hands the link over. What it throws costs
   * the link.
   *
   * @returns Why the sender is refused, where it is.
   */
  greeted(link: InLink, admitted: Admitted, peer: string): string | undefined;
  /** The link is of no more use; told once. */
  gone(link: InLink): void;
}

/**
 * A link to a node, which begins with a greeting; from then on it is a session's. There are thousands of them, so
 * that it is one object, without a timer once it is greeted.
 */
export class InLink implements FrameLinkEvents {
  readonly link: FrameLink;
  /** Whose link it has become. */
  session: InSession | undefined;
  /** Who goes on with it, where no session of the node does. */
  #next: FrameLinkEvents | undefined;
  readonly #host: InLinkHost;
  #greeting: InGreeting | undefined;
  /** Stops waiting for the end of the greeting, and then for the end of what its sender was let in by. */
  #stopWaiting: (() => void) | undefined;

  /**
   * @param peer Whose link it is, as far as the network tells.
   * @param guard What its sender is asked for; nothing where it is left out.
   */
  constructor(link: FrameLink, peer: string, guard: Guard | undefined, host: InLinkHost) {
    this.link = link;
    this.#host = host;
    const { node, boot, clock, limits } = host;
    const resumes = (hello: Hello) => host.resumes(hello);
    this.#greeting = new InGreeting({ node, boot, link, peer, guard, resumes });
    this.#stopWaiting = clock.after(limits.handshakeMs, () => this.giveUp());
  }

  frame(frame: Uint8Array): void {
    try {
      const nowMs = this.#host.clock.now();
      if (this.session) this.session.take(frame, nowMs);
      else if (this.#next) this.#next.frame(frame);
      else if (this.#greeting) this.#greet(this.#greeting, frame);
    } catch {
      // Its sender is not one of ours, or lies: it loses its link, and nobody else anything.
      this.giveUp();
    }
  }

  room(): void {
    this.session?.room();
    this.#next?.room();
  }

  ended(reason: string, isGone?: boolean): void {
    this.stop();
    this.#host.gone(this);
    this.#next?.ended(reason, isGone);
  }

  /** Lets another go on with the link; what its sender was let in by counts until that closes it. */
  handOver(take: (link: FrameLink) => FrameLinkEvents): void {
    this.#next = take(new WatchedLink(this.link, () => this.stop()));
  }

  /** When its sender said something last, on the clock; it need not say anything where its end would be told. */
  get heardAtMs(): number {
    return this.session === undefined || this.link.isLocal === true
      ? Number.POSITIVE_INFINITY
      : this.session.heardAtMs;
  }

  /** Closes the link. */
  giveUp(): void {
    this.stop();
    this.link.close();
    this.#host.gone(this);
    this.#next?.ended("its sender is not let in any more");
  }

  /** Waits for nothing more. Idempotent. */
  stop(): void {
    this.#greeting = undefined;
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }

  #greet(greeting: InGreeting, frame: Uint8Array): void {
    const admitted = greeting.take(frame);
    if (admitted === undefined) return;
    if (!this.#host.isOwn(admitted)) throw greeting.refuse(admitted.from, "the session is another's");
    this.stop();
    this.#stopWaiting = greeting.watch(admitted, () => this.giveUp());
    const refusal = this.#host.greeted(this, admitted, greeting.peer);
    if (refusal !== undefined) throw greeting.refuse(admitted.from, refusal);
  }
}
