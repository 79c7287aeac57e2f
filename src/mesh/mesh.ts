import type { CircuitError } from "../core/error.js";

/** One message on its way to a node. */
export interface Delivery {
  /** The channel that its sender chose; empty where the sender chose none. */
  readonly channel: string;
  readonly message: string;
  /** Aborts when the node is closed or the sender has gone away. */
  readonly signal: AbortSignal;
}

/**
 * Answers a message. What it returns is the ack: a text as it is, `undefined`, `null` or an empty text as
 * `n/a`, anything else as `String(value)`. What it throws closes the sender's connection.
 */
export type Handler = (delivery: Delivery) => unknown;

export interface StreamOptions {
  /** Messages go to this channel of the target. Empty by default. */
  readonly channel?: string;
  /**
   * Ends it at both ends; what waits rejects with the signal's own reason. The receiver is told by the end of
   * the connection, so it goes on while somebody else in this process waits for acks of the same channel.
   */
  readonly signal?: AbortSignal;
}

/** A node that is being served. */
export interface ServedNode {
  readonly name: string;
  /** Where other processes reach it, for example `ws://127.0.0.1:8766`; empty where they cannot. */
  readonly addresses: readonly string[];

  /** Stops listening, lets running handlers finish within the grace time, then closes. Idempotent. */
  close(): Promise<void>;
}

/** Nodes talking to nodes, whatever carries their messages. */
export interface Mesh {
  /**
   * Serves a node. Messages of one sender on one channel reach the handler one at a time, in order, each after
   * the answer to the one before it; different connections run concurrently.
   *
   * @throws {CircuitError} `ADDRESS_BUSY` or `ADDRESS_INVALID`.
   */
  serve(name: string, handler: Handler, options?: ServeOptions): Promise<ServedNode>;

  /**
   * Sends one message and resolves with its ack.
   *
   * A target that is not there yet is tried again until the signal aborts or the mesh's patience ends
   * (`PEER_MISSING`; `PEER_UNKNOWN` where no address is known). One that goes away rejects what was waiting
   * with `PEER_LOST`. One whose handler threw rejects the message with `PEER_REFUSED` and the later ones of
   * the connection with `NOT_RUN`. Nothing is sent twice; the next message connects anew.
   *
   * @throws {CircuitError} `MESSAGE_INVALID` for what no text frame or channel can carry.
   */
  send(target: string, message: string, options?: StreamOptions): Promise<string>;

  /**
   * Sends each message and yields each ack, in order. It starts at once, and sends later messages before
   * earlier acks arrive: `messages` is read ahead by as many as may be outstanding, acks that were not taken
   * included, and no further. Rejects as `send()` does, after the acks that came before; ending the iteration
   * early stops reading `messages` and is otherwise as an abort.
   */
  stream(
    target: string,
    messages: Iterable<string> | AsyncIterable<string>,
    options?: StreamOptions,
  ): AsyncIterableIterator<string>;

  /** Closes every node and connection; what was waiting rejects with `PEER_LOST`. Idempotent. */
  close(): Promise<void>;
}

export interface ServeOptions {
  /** Name or address to listen on. `localhost` listens on 127.0.0.1 and ::1. */
  readonly host?: string;
  /** Port to listen on; 0 lets the system choose. Without it the node is reached within the process only. */
  readonly port?: number;
}

/** Told once when a peer is not there yet, and once when it is back. */
export type PeerNotice = (notice: {
  readonly peer: string;
  readonly address: string;
  /** Why it is missing; `undefined` when it is back. */
  readonly problem: CircuitError | undefined;
}) => void;
