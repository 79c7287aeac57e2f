import { FINAL, headerBytesOf, LONGEST_HEADER_BYTES, SHORT_BYTES, writeHeader } from "./frame-header.js";
import { drawKey, mask, writeKey } from "./mask.js";

/** UTF-8 of one UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;
/** Up to this many units a loop in JavaScript is quicker than the call of a native encoder (measured). */
const LOOPED_UNITS = 24;

/** Memory that frames are written into one after the other, each place once, and then left to the sockets. */
const SLAB_BYTES = 65_536;
let slab = Buffer.alloc(0);
let slabUsedBytes = 0;

/**
 * Texts as WebSocket frames, all in one piece, so that they leave in one write.
 *
 * @param isMasked A client masks what it sends, a server does not: RFC 6455 section 5.1.
 */
export function encodeTextFrames(texts: readonly string[], isMasked: boolean): Buffer {
  let mostBytes = 0;
  for (const text of texts) mostBytes += text.length * BYTES_PER_UNIT + LONGEST_HEADER_BYTES;
  reserve(mostBytes);
  const start = slabUsedBytes;
  for (const text of texts) slabUsedBytes = encode(text, isMasked, slab, slabUsedBytes);
  return slab.subarray(start, slabUsedBytes);
}

function reserve(bytes: number): void {
  if (slab.length - slabUsedBytes >= bytes) return;
  slab = Buffer.allocUnsafeSlow(Math.max(bytes, SLAB_BYTES));
  slabUsedBytes = 0;
}

/** Writes one frame, and returns where it ends. */
function encode(text: string, isMasked: boolean, into: Buffer, at: number): number {
  if (text.length <= LOOPED_UNITS) {
    const end = encodeAscii(text, isMasked, into, at);
    if (end !== -1) return end;
  }
  const most = text.length * BYTES_PER_UNIT;
  const bytes = most <= SHORT_BYTES ? most : Buffer.byteLength(text);
  const payload = at + headerBytesOf(bytes, isMasked);
  const written = into.write(text, payload, "utf8");
  writeHeader(into, at, { first: FINAL.text, payloadBytes: written, isMasked });
  if (isMasked) {
    const key = drawKey();
    writeKey(into, payload - 4, key);
    mask(into, payload, payload + written, key);
  }
  return payload + written;
}

/** Writes a short text, or returns -1 where it is not all ASCII. */
function encodeAscii(text: string, isMasked: boolean, into: Buffer, at: number): number {
  const payload = at + (isMasked ? 6 : 2);
  const key = isMasked ? drawKey() : 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return -1;
    into[payload + index] = unit ^ (key >>> ((index & 3) << 3));
  }
  writeHeader(into, at, { first: FINAL.text, payloadBytes: text.length, isMasked });
  if (isMasked) writeKey(into, payload - 4, key);
  return payload + text.length;
}
