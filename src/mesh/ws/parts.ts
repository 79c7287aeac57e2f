/**
 * Pieces that one message may arrive in, as chunks of the socket and as fragments. A sender that sends each byte
 * on its own would otherwise make a receiver hold one object a byte.
 */
export const MAX_PARTS = { maxBufferedChunks: 1_024, maxFragments: 1_024 } as const;

/** Silence after which the system asks whether the peer's machine is still there, in milliseconds. */
export const KEEP_ALIVE_MS = 30_000;

/**
 * Longest frame of `circuit.1` that is taken, in bytes. Senders flush at 64 KiB, and the message that passes that is
 * 64 KiB itself at most; a hello with all the channels that a session may have takes the rest.
 */
export const MOST_RECEIVED_FRAME_BYTES = 1_048_576;
