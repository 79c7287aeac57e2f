import { FINAL, headerBytesOf, LONGEST_HEADER_BYTES, MASK_BYTES, writeHeader } from "./frame-header.js";
import { drawKey, mask, writeKey } from "./mask.js";

/**
 * Makes a WebSocket frame of a payload in its place, so that it leaves in one write and is not copied.
 *
 * @param bytes `LONGEST_HEADER_BYTES` of room, then the payload.
 * @param isMasked A client masks what it sends, a server does not: RFC 6455 section 5.1.
 * @returns The frame, from its first byte.
 */
export function frameInPlace(bytes: Buffer, isMasked: boolean): Buffer {
  const payloadBytes = bytes.length - LONGEST_HEADER_BYTES;
  const start = LONGEST_HEADER_BYTES - headerBytesOf(payloadBytes, isMasked);
  writeHeader(bytes, start, { first: FINAL.binary, payloadBytes, isMasked });
  if (isMasked) {
    const key = drawKey();
    writeKey(bytes, LONGEST_HEADER_BYTES - MASK_BYTES, key);
    mask(bytes, LONGEST_HEADER_BYTES, bytes.length, key);
  }
  return bytes.subarray(start);
}
