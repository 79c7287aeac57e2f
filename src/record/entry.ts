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
  /** Bits a second after it opened or changed; 0 where nothing limits it. */
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

/** A message that reached a node of this process. */
export interface MessageEntry extends Timed {
  readonly kind: "message";
  /** Counts the messages of this recording: its acknowledgement has the same. */
  readonly id: number;
  readonly from: string;
  readonly node: string;
  readonly channel: string;
  readonly text: string;
}

/** What a node answered. */
export interface AckEntry extends Timed {
  readonly kind: "ack";
  readonly id: number;
  readonly text: string;
  /** Whether `text` is why it failed. */
  readonly isFailure: boolean;
}

/** An event that was published here, or heard here from elsewhere. */
export interface EventEntry extends Timed {
  readonly kind: "event";
  readonly subject: string;
  readonly text: string;
}

/** A line of the circuit's own progress, as `--json` prints it. */
export interface ToldEntry extends Timed {
  readonly kind: "told";
  readonly text: string;
}
