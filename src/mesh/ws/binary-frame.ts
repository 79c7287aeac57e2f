import { drawKey, mask, writeKey } from "./mask.js";

/** Final binary frame: RFC 6455 section 5.2. */
const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const MASK_BYTES = 4;
/** Longest payloads whose length fits in the header's second byte, and in two more. */
const SHORT_BYTES = 125;
const MEDIUM_BYTES = 65_535;

/** Bytes of the longest header: 2, then 8 of length, then 4 of mask. */
export const LONGEST_HEADER_BYTES = 14;

/**
 * Makes a WebSocket frame of a payload in its place, so that it leaves in one write and is not copied.
 *
 * @param bytes `LONGEST_HEADER_BYTES` of room, then the payload.
 * @param isMasked A client masks what it sends, a server does not: RFC 6455 section 5.1.
 * @returns The frame, from its first byte.
 */
export function frameInPlace(bytes: Buffer, isMasked: boolean): Buffer {
  const payload = bytes.length - LONGEST_HEADER_BYTES;
  const lengthBytes = payload <= SHORT_BYTES ? 0 : payload <= MEDIUM_BYTES ? 2 : 8;
  const start = LONGEST_HEADER_BYTES - 2 - lengthBytes - (isMasked ? MASK_BYTES : 0);
  const flag = isMasked ? MASKED : 0;
  bytes[start] = FINAL_BINARY;
  if (lengthBytes === 0) {
    bytes[start + 1] = flag | payload;
  } else if (lengthBytes === 2) {
    bytes[start + 1] = flag | 126;
    bytes.writeUInt16BE(payload, start + 2);
  } else {
    bytes[start + 1] = flag | 127;
    bytes.writeBigUInt64BE(BigInt(payload), start + 2);
  }
  if (isMasked) {
    const key = drawKey();
    writeKey(bytes, LONGEST_HEADER_BYTES - MASK_BYTES, key);
    mask(bytes, LONGEST_HEADER_BYTES, bytes.length, key);
  }
  return bytes.subarray(start);
}
