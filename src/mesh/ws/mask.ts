import { randomFillSync } from "node:crypto";

/** Up to this many bytes a loop over bytes costs less than looking for words (measured). */
const BYTEWISE = 24;

/** Mask keys are drawn many at a time, for a draw costs more than a frame. */
const keys = Buffer.alloc(8_192);
let keysUsedBytes = keys.length;

/** A key in the order of memory, as bytes and as a word. */
const keyBytes = new Uint8Array(4);
const keyWord = new Int32Array(keyBytes.buffer);

/** A new mask key, its first byte lowest; unpredictable, as RFC 6455 section 5.3 asks. */
export function drawKey(): number {
  if (keysUsedBytes === keys.length) {
    randomFillSync(keys);
    keysUsedBytes = 0;
  }
  keysUsedBytes += 4;
  return keys.readInt32LE(keysUsedBytes - 4);
}

export function writeKey(into: Uint8Array, at: number, key: number): void {
  into[at] = key;
  into[at + 1] = key >>> 8;
  into[at + 2] = key >>> 16;
  into[at + 3] = key >>> 24;
}

/**
 * Masks, or unmasks, bytes in their place: RFC 6455 section 5.3. Four at a time, because one at a time a frame of
 * 16 KiB costs more than sending it.
 */
export function mask(bytes: Uint8Array, from: number, to: number, key: number): void {
  // So that words begin where the engine has them.
  const aligned = from + (-(bytes.byteOffset + from) & 3);
  const words = to - from < BYTEWISE ? 0 : (to - aligned) >>> 2;
  const wordsFrom = words === 0 ? to : aligned;
  maskBytes(bytes, { from, to: wordsFrom, key, phase: 0 });
  if (words === 0) return;
  const phase = aligned - from;
  for (let index = 0; index < 4; index++) keyBytes[index] = key >>> (((phase + index) & 3) << 3);
  const word = keyWord[0] ?? 0;
  const view = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, words);
  for (let index = 0; index < words; index++) view[index] = (view[index] ?? 0) ^ word;
  maskBytes(bytes, { from: aligned + words * 4, to, key, phase });
}

/** @param run.phase Where in the key, modulo 4, it begins. */
function maskBytes(
  bytes: Uint8Array,
  {
    from,
    to,
    key,
    phase,
  }: { readonly from: number; readonly to: number; readonly key: number; readonly phase: number },
): void {
  for (let at = from, turn = phase; at < to; at++, turn++)
    bytes[at] = (bytes[at] ?? 0) ^ (key >>> ((turn & 3) << 3));
}
