/**
 * What a recording's file is made of. docs/recording.md describes each byte.
 *
 * Eight bytes that say what it is, then records: LEB128 of a body's length, the body, and the CRC-32 of the body, little
 * endian. A body begins with its type. The index is the last record; behind it sixteen bytes say where it begins.
 */

/** `CIRCREC` and the format's version. */
export const MAGIC: Uint8Array = Buffer.from("CIRCREC\x01", "latin1");
export const VERSION_AT = 7;

/** Ends a whole file, behind the index's place. */
export const END_MAGIC: Uint8Array = Buffer.from("CIRCEND\x01", "latin1");

/** The index's place in eight bytes, little endian, and the magic. */
export const FOOTER_BYTES = 16;

export const CHECKSUM_BYTES = 4;

/** First byte of a record's body. */
export const RECORD = {
  /** What was recorded, as JSON. The first record, and the only one. */
  header: 0x01,
  /** A place to begin at: the time so far, and how many names have numbers. */
  mark: 0x02,
  /** How long it is, the names, and the marks. */
  index: 0x03,
  board: 0x10,
  toBoard: 0x11,
  toHost: 0x12,
  edge: 0x13,
  frameIn: 0x14,
  frameOut: 0x15,
  message: 0x16,
  ack: 0x17,
  event: 0x18,
  told: 0x19,
} as const;

/** What happened to a board, by its number in the file. */
export const BOARD_CHANGES = ["opened", "lost", "baud", "closed"] as const;

/** What a payload is. */
export const PAYLOAD = { text: 0, bytes: 1, json: 2 } as const;

/** Set beside the kind of an ack's payload: it is a failure. */
export const IS_FAILURE = 0x80;

/** Set beside the kind of an event's payload: it was heard here, and not published here. */
export const IS_HEARD = 0x80;

/**
 * Names that take numbers, and the longest of them in UTF-16 units: together with the index they are some MiB at most,
 * whatever strangers call themselves. Others are written out each time.
 */
export const MOST_NAMES = 16_384;
export const LONGEST_NAME = 255;

/** Longest record that is read, in bytes: a thousand times what a mesh's frame may be. A longer length is garbage. */
export const MOST_RECORD_BYTES = 67_108_864;

/** Bytes between marks: read in a millisecond. */
export const MARK_BYTES = 262_144;

/** Marks of one index. When there are more, every second one goes: a recording of 4 GiB has that many. */
export const MOST_MARKS = 16_384;
