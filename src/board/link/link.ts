import type { CircuitError } from "../../core/error.js";

/** What a link tells its owner. Handed over at `open()`, so that not one byte is missed. */
export interface LinkEvents {
  /** Bytes from the board, in order. The array is the receiver's to keep. */
  data(bytes: Uint8Array): void;

  /**
   * The link is gone and will bring nothing more. Called once at most, never after `close()`.
   *
   * @param cause What broke it.
   */
  lost(cause: CircuitError): void;
}

export interface OpenLinkOptions {
  /** Gives up opening; the promise rejects with the signal's own reason and nothing stays open. */
  readonly signal: AbortSignal;
}

/**
 * A two-way stream of bytes to a board: a serial port, a TCP connection, an emulator, a mock.
 *
 * Creating one does nothing; a link is opened once and closed once, and not opened again.
 */
export interface ByteLink {
  /** The address as a person would type it, for messages. */
  readonly address: string;

  /** Bytes that the wire carries each second in one direction, now; `Infinity` where nothing limits it. */
  readonly bytesPerSecond: number;

  /**
   * Opens the link. Events may come before the promise resolves.
   *
   * @throws {CircuitError} `PORT_MISSING`, `PORT_DENIED`, `PORT_BUSY` or `LINK_FAILED`.
   */
  open(events: LinkEvents, options: OpenLinkOptions): Promise<void>;

  /** Hands bytes to the wire, in order, and returns at once. After the link is closed or lost: nothing. */
  write(bytes: Uint8Array): void;

  /** Resolves when all that was written has left for the board, or the link is gone. */
  drain(): Promise<void>;

  /**
   * Changes the wire's speed in both directions, and `bytesPerSecond` with it. It must be quiet: what is on the way in
   * either direction arrives garbled or not at all. What is written once the promise has resolved leaves at the new
   * speed. When the link is closed or lost: nothing.
   *
   * Missing where a link has no speed, or keeps to the one that was asked for.
   *
   * @throws {CircuitError} `LINK_FAILED` when it cannot have this speed; it goes on at the one before.
   */
  setBaud?(baud: number): Promise<void>;

  /** Closes at once, dropping what has not left. Safe to call at any time, any number of times. */
  close(): Promise<void>;
}

/** A serial port, whose lines DTR and RTS reset a board when they go on. */
export interface SerialLink extends ByteLink {
  /** Turns both on or off. Does nothing where a port has none, as a pseudo-terminal, or when the link is closed. */
  setLines(isOn: boolean): Promise<void>;
}
