export type Direction = "in" | "out";

/**
 * Told each frame of the mesh's connections, as it goes by; of the plain protocol, and of NATS's single requests, each
 * message and each ack. The bytes are the mesh's: what is to be kept must be copied before it returns.
 *
 * @param peer Who is at the other end, as far as this end knows, with the channel where the connection has one.
 */
export type FrameTap = (direction: Direction, peer: string, frame: Uint8Array) => void;

/** A tap of one connection. */
export type ConnectionTap = (direction: Direction, frame: Uint8Array) => void;

export function tapOf(tap: FrameTap | undefined, peer: string): ConnectionTap | undefined {
  return tap && ((direction, frame) => tap(direction, peer, frame));
}
