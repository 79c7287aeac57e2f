import { crc32 } from "node:zlib";

const TABLE = new Int32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Up to so many bytes a loop is quicker than a call into the engine (measured). */
const SHORT_BYTES = 96;

/** CRC-32 of a stretch of bytes, as of zlib, PNG and IEEE 802.3. */
export function checksum(bytes: Buffer, from: number, to: number): number {
  if (to - from > SHORT_BYTES) return crc32(bytes.subarray(from, to));
  let rest = -1;
  for (let at = from; at < to; at++) rest = (TABLE[(rest ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (rest >>> 8);
  return (rest ^ -1) >>> 0;
}
