import type { Passage } from "../safety/passage.js";

/** One open connection that moves frames. They arrive whole, in order, at most once; the link may break at any time. */
export interface FrameLink {
  /** The peer takes more slowly than we send: hand over no messages until `room()` is told. */
  readonly isFull: boolean;
  /** Both ends are in one process, so that the end of the link is always told and nobody need ask for the peer. */
  readonly isLocal?: boolean;
  /** The way between its ends, where it is one on which greetings may ask for proofs. */
  readonly passage?: Passage;

  /** Bytes before a frame that the link wants to write itself. */
  readonly headBytes: number;
  /** All that it writes into a frame is a header that depends on the frame alone, so that several such links can be handed one. */
  readonly sharesFrames?: boolean;

  /**
   * Hands a frame over and returns at once. The bytes are the link's; the frame begins after the first `headBytes` of
   * them. After the end: nothing.
   */
  send(frame: Uint8Array): void;

  /** Sends what is queued, then closes. `ended` is not told. Idempotent. */
  close(): void;
}

/** What a link tells its owner, `ended` last. */
export interface FrameLinkEvents {
  /** The bytes are the owner's until it returns. */
  frame(frame: Uint8Array): void;
  /** A full link may have room again. */
  room(): void;
  /**
   * The link broke, or the peer closed it.
   *
   * @param isGone The other end has said that it goes away for good, as a page does that is closed.
   */
  ended(reason: string, isGone?: boolean): void;
}
