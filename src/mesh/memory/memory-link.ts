import type { Dialing } from "../framed/dialing.js";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import type { Node } from "../node.js";
import { Postbox } from "./postbox.js";

/** What a memory link carries: a frame, or the news that the other end has closed. */
type Parcel = Uint8Array | "closed";

/**
 * Joins a sender to a node of the same process. Both directions are microtasks later, in order, so that a
 * sender never runs inside a handler or the other way round.
 *
 * @returns Cancels the joining, or closes the link; nothing is told afterwards.
 */
export function openMemoryLink(node: Node, dialing: Pick<Dialing, "opened">): () => void {
  const near = new End("its node has closed the link");
  const far = new End("the sender has closed the link");
  near.join(far);
  far.join(near);
  const opening = new Postbox<"now">(() => {
    if (near.isClosed) return;
    far.events = node.accept(far, "memory");
    near.events = dialing.opened(near);
  });
  opening.post("now");
  return () => near.close();
}

/** One end of a link. */
class End implements FrameLink {
  readonly isLocal = true;
  readonly headBytes = 0;
  readonly isFull = false; // the sender's window bounds what is under way
  isClosed = false;
  events: FrameLinkEvents | undefined;
  readonly #closedReason: string;
  readonly #box = new Postbox<Parcel>((parcel) => this.#receive(parcel));
  #other: End | undefined;

  constructor(closedReason: string) {
    this.#closedReason = closedReason;
  }

  join(other: End): void {
    this.#other = other;
  }

  /** Takes a parcel from the other end. */
  deliver(parcel: Parcel): void {
    this.#box.post(parcel);
  }

  send(frame: Uint8Array): void {
    if (!this.isClosed) this.#other?.deliver(frame);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#other?.deliver("closed");
  }

  #receive(parcel: Parcel): void {
    if (this.isClosed) return;
    if (parcel !== "closed") {
      this.events?.frame(parcel);
      return;
    }
    this.isClosed = true;
    this.events?.ended(this.#closedReason);
  }
}
