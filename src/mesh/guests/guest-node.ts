import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { Dialing } from "../framed/dialing.js";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import { FrameWriter } from "../framed/frame-writer.js";
import { WINDOW_BYTES } from "../framed/in-limits.js";
import { SESSION_KEPT_MS } from "../framed/out-link.js";
import { RECORD, type Welcome } from "../framed/records.js";
import { WatchedLink } from "../framed/watched-link.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import { Sender } from "../sender.js";
import { passThrough } from "./pass-through.js";

export interface GuestNodeOptions {
  readonly name: string;
  /** Random, new for each node that a guest serves. */
  readonly boot: string;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly schedule: (callback: () => void) => void;
  /** It leaves, or has not come back in time; told once. */
  gone(): void;
}

/**
 * A node at the far end of a link that its process has made: what is sent to it goes by a session over that link, or the
 * one that comes after it.
 */
export class GuestNode {
  readonly handler: Handler;
  readonly #options: GuestNodeOptions;
  readonly #sender: Sender;
  /** The link that there is, and who hears of it once a session has taken it. */
  #link: FrameLink | undefined;
  #events: FrameLinkEvents | undefined;
  /** The session that wants a link. */
  #dialing: Dialing | undefined;
  #isServed = false;
  #isGone = false;
  #stopWaiting = () => {};

  constructor(options: GuestNodeOptions) {
    this.#options = options;
    const { name, clock, limits, schedule } = options;
    this.#sender = new Sender({
      dial: (_target, dialing) => this.#dial(dialing),
      clock,
      patienceMs: SESSION_KEPT_MS,
      limits,
      notice: undefined,
      schedule,
      left: () => this.#leave(),
    });
    const send = this.#sender.send.bind(this.#sender);
    this.handler = passThrough(send, name, { hasLanes: false });
  }

  get boot(): string {
    return this.#options.boot;
  }

  /** Whether its process has a link to here. */
  get isLinked(): boolean {
    return this.#link !== undefined;
  }

  /** Takes the link of its process, in place of the one before. */
  join(open: FrameLink): FrameLinkEvents {
    const before = this.#link;
    const link = new WatchedLink(open, () => this.#unlinked(link));
    if (before !== undefined) {
      const hearing = this.#events;
      before.close();
      hearing?.ended("its process has made another link");
    }
    this.#stopWaiting();
    this.#link = link;
    if (this.#isServed) this.#welcome(true);
    return {
      frame: (frame) => {
        if (this.#link === link && this.#events) this.#events.frame(frame);
        else link.close(); // it speaks before it is spoken to
      },
      room: () => {
        if (this.#link === link) this.#events?.room();
      },
      ended: (reason, isGone) => {
        if (this.#link !== link) return;
        const hearing = this.#events;
        this.#isGone ||= isGone === true;
        this.#unlinked(link);
        hearing?.ended(reason);
        if (this.#isGone) this.#leave();
      },
    };
  }

  /** Others can reach it from now on. */
  served(): void {
    this.#isServed = true;
    this.#welcome(false);
  }

  /** It cannot be served. */
  refuse(reason: string): void {
    this.#say(RECORD.bye, { denied: reason });
    this.#link?.close();
  }

  /** Rejects what waits, and closes the link. Idempotent. */
  close(): void {
    this.#isGone = true;
    this.#stopWaiting();
    this.#sender.close();
    this.#link?.close();
  }

  /** The ends change places: its process is the receiver from now on. */
  #welcome(resumed: boolean): void {
    const { name, boot, limits } = this.#options;
    const welcome: Welcome = {
      version: 1,
      node: name,
      boot,
      session: boot,
      resumed,
      channels: [],
      window: limits.outstanding,
      windowBytes: WINDOW_BYTES,
    };
    this.#say(RECORD.welcome, welcome);
    if (this.#dialing) this.#open();
    // So that the node is there before the first message is.
    else this.#sender.meet(name, undefined, { opened: ignore, missing: ignore, over: ignore });
  }

  #say(type: typeof RECORD.welcome | typeof RECORD.bye, value: object): void {
    const writer = new FrameWriter();
    writer.json(type, value);
    this.#link?.send(writer.take(this.#link.headBytes));
  }

  /** See `DialPeer`. */
  #dial(dialing: Dialing): () => void {
    this.#dialing = dialing;
    queueMicrotask(() => this.#open());
    return () => {
      if (this.#dialing === dialing) this.#dialing = undefined;
    };
  }

  #open(): void {
    const dialing = this.#dialing;
    if (dialing === undefined) return;
    if (this.#isGone) {
      this.#dialing = undefined;
      dialing.denied?.(goneError(this.#options.name));
    } else if (this.#link && this.#isServed && this.#events === undefined) {
      this.#dialing = undefined;
      this.#events = dialing.opened(this.#link);
    }
  }

  #unlinked(link: FrameLink): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#events = undefined;
    this.#stopWaiting();
    if (this.#isGone) return; // nobody is to come back: the wait would only keep the process from ending
    this.#stopWaiting = this.#options.clock.after(SESSION_KEPT_MS, () => this.#leave());
  }

  #leave(): void {
    this.#isGone = true;
    this.#stopWaiting();
    this.#open();
    this.#options.gone();
  }
}

function goneError(name: string): CircuitError {
  return new CircuitError("PEER_MISSING", `Cannot reach ${name}: the page that served it has gone`);
}

function ignore(): void {}
