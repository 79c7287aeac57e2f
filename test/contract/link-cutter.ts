import type { Dialing } from "../../src/mesh/framed/dialing.js";
import type { FrameLink, FrameLinkEvents } from "../../src/mesh/framed/frame-link.js";
import type { DialPeer } from "../../src/mesh/peer.js";

/** A cut that is to come: the link that carries the so manyth frame in a direction ends after it. */
interface Cut {
  readonly direction: "out" | "in";
  left: number;
}

/** Stands between senders and their links, and breaks them. */
export class LinkCutter {
  readonly #dial: DialPeer;
  readonly #links = new Set<() => void>();
  #cut: Cut | undefined;
  #blocked: (() => void)[] | undefined;

  constructor(dial: DialPeer) {
    this.#dial = dial;
  }

  /** Cuts the next link but one frame later than so many, once. */
  cutAfter(direction: "out" | "in", frames: number): { isDone(): boolean } {
    const cut = { direction, left: frames };
    this.#cut = cut;
    return { isDone: () => cut.left === 0 };
  }

  /** Cuts every link. */
  cutAll(): void {
    for (const cut of [...this.#links]) cut();
  }

  /** Cuts every link, and lets no new one come about. */
  block(): void {
    this.#blocked ??= [];
    this.cutAll();
  }

  unblock(): void {
    const blocked = this.#blocked ?? [];
    this.#blocked = undefined;
    for (const dial of blocked) dial();
  }

  readonly dial: DialPeer = (target, dialing, waitMs) => {
    let isCancelled = false;
    let cancel = () => {};
    const start = () => {
      if (isCancelled) return;
      cancel = this.#dial(target, { ...dialing, opened: (link) => this.#opened(link, dialing) }, waitMs);
    };
    if (this.#blocked) this.#blocked.push(start);
    else start();
    return () => {
      isCancelled = true;
      cancel();
    };
  };

  #opened(link: FrameLink, dialing: Pick<Dialing, "opened">): FrameLinkEvents {
    let isCut = false;
    let events: FrameLinkEvents | undefined;
    const cut = () => {
      if (isCut) return;
      isCut = true;
      this.#links.delete(cut);
      link.close();
      // Its owner is told later: it may be in the middle of sending.
      queueMicrotask(() => events?.ended("it was cut"));
    };
    this.#links.add(cut);
    const count = (direction: Cut["direction"]) => {
      if (this.#cut?.direction !== direction || this.#cut.left === 0) return;
      this.#cut.left--;
      if (this.#cut.left === 0) cut();
    };
    events = dialing.opened({
      get isFull() {
        return link.isFull;
      },
      get isLocal() {
        return link.isLocal === true;
      },
      headBytes: link.headBytes,
      ...(link.passage && { passage: link.passage }),
      send: (frame) => {
        if (isCut) return;
        link.send(frame);
        count("out");
      },
      close: () => {
        this.#links.delete(cut);
        isCut = true;
        link.close();
      },
    });
    const told = events;
    return {
      frame: (frame) => {
        if (isCut) return;
        told.frame(frame);
        count("in");
      },
      room: () => told.room(),
      ended: (reason) => {
        this.#links.delete(cut);
        if (!isCut) told.ended(reason);
        isCut = true;
      },
    };
  }
}
