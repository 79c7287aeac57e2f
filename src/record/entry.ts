import type { Payload } from "../mesh/payload.js";

/**
 * What a recording keeps, entry by entry, in the order in which it happened here.
 *
 * `atMs` is milliseconds since the recording began, with nanoseconds as its fraction; the times of one board's edges come
 * from its own clock, laid on the recording's at the moment its link opened.
 */
export type Entry =
  | BoardEntry
  | BytesEntry
  | EdgeEntry
  | FrameEntry
  | MessageEntry
  | AckEntry
  | EventEntry
  | ToldEntry;

interface Timed {
  readonly atMs: number;
}

/** A board's link opened, broke, changed its speed or closed. */
export interface BoardEntry extends Timed {
  readonly kind: "board";
  readonly board: string;
  readonly what: "opened" | "lost" | "baud" | "closed";
  readonly address: string;
  /** Bits a second that the wire carries, after it opened or changed; 0 where nothing limits it. */
  readonly baud: number;
}

/** Bytes on a board's wire. */
export interface BytesEntry extends Timed {
  readonly kind: "to-board" | "to-host";
  readonly board: string;
  readonly bytes: Uint8Array;
}

/** A change of level, of a board that shows its pins. */
export interface EdgeEntry extends Timed {
  readonly kind: "edge";
  readonly board: string;
  readonly pin: number;
  readonly level: 0 | 1;
}

/** A frame of the mesh, as it was on a connection of this process. */
export interface FrameEntry extends Timed {
  readonly kind: "frame";
  readonly direction: "in" | "out";
  /** The peer, with its channel where the connection has one. */
  readonly peer: string;
  readonly bytes: Uint8Array;
}

/** A message that reached a node of this process, or that a node of this process sent to another one. */
export interface MessageEntry extends Timed {
  readonly kind: "message";
  /** Counts the messages of this recording, from 1 on: its acknowledgement has the same. */
  readonly id: number;
  /** What its sender calls itself; empty where it did not say. */
  readonly from: string;
  /** Whom it is for. */
  readonly node: string;
  readonly channel: string;
  readonly payload: Payload;
}

/** What became of a message: what was answered, or why it failed. */
export interface AckEntry extends Timed {
  readonly kind: "ack";
  readonly id: number;
  readonly payload: Payload;
  /** Whether the payload is why it failed: its text. */
  readonly isFailure: boolean;
}

/**
 * An event that was published here, or that somebody here heard. One that is published and heard in this process is both,
 * one after the other.
 */
export interface EventEntry extends Timed {
  readonly kind: "event";
  readonly what: "published" | "heard";
  readonly subject: string;
  readonly payload: Payload;
}

/** A line of the circuit's own progress, as `--json` prints it. */
export interface ToldEntry extends Timed {
  readonly kind: "told";
  readonly text: string;
}
