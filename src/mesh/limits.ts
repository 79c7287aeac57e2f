/** What a mesh admits. Each default says why it is what it is; a mesh's `limits` option changes single ones. */
export interface MeshLimits {
  /** Longest message and longest ack, in bytes of UTF-8. */
  readonly frameBytes: number;
  /** Longest channel, in bytes of UTF-8. */
  readonly channelBytes: number;
  /** Connections that one node admits at a time. */
  readonly connections: number;
  /** Connections that one mesh keeps to other nodes; further channels wait for an idle one to be closed. */
  readonly keptConnections: number;
  /** Messages without an ack on one connection: what a sender sends ahead and a receiver reads ahead. */
  readonly outstanding: number;
  /** Messages that wait for a connection, or for room on it, before `send()` refuses more. */
  readonly queued: number;
  /** Bytes handed to a socket that its peer has not taken, at which no more are handed over. */
  readonly unsentBytes: number;
  /** Time that running handlers, and then the closing handshake, may take when a node closes, in milliseconds. */
  readonly closeMs: number;
  /** Time from connecting to the end of the opening handshake, in milliseconds. */
  readonly handshakeMs: number;
  /**
   * Silence after which a sender of the framed protocol seeks another link, in milliseconds; after half of it, it asks.
   * A receiver gives a link up after three times as long.
   */
  readonly silenceMs: number;
}

export const DEFAULT_LIMITS: MeshLimits = {
  // A message is a level, a reading or a page of JSON. Were all 1_024 connections to stop in the middle of
  // a frame, the node would hold 64 MiB.
  frameBytes: 65_536,
  // The longest name that a file system takes, hence what people expect a name to be.
  channelBytes: 255,
  // Ten times what one desk needs, and still 10 MiB when idle (9 KiB each, measured).
  connections: 1_024,
  // One per target and channel; a quarter of what one node admits, so that four senders fit.
  keptConnections: 256,
  // Two socket buffers' worth of small messages: more brings no speed (measured), only older news.
  outstanding: 1_024,
  // A burst of a minute at 1_000 messages a second. Beyond it, `stream()` is the right call.
  queued: 65_536,
  // Four reads of a socket: the wire stays busy while the writer is woken.
  unsentBytes: 262_144,
  // Longer than any handler of a sketch should block, shorter than a person who pressed Ctrl-C waits.
  closeMs: 1_000,
  // Loopback answers within 1 ms; a busy machine in a fraction of this.
  handshakeMs: 5_000,
  // A board whose link is dead should be known to be before its user looks for the fault elsewhere.
  silenceMs: 20_000,
};
