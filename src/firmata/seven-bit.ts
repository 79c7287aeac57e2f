/** A byte as two of seven bits, lowest first, as Firmata sends text and I2C data. */
export function splitBytes(bytes: Iterable<number>): number[] {
  const split: number[] = [];
  for (const byte of bytes) split.push(byte & 0x7f, (byte >> 7) & 0x7f);
  return split;
}

/** The inverse of `splitBytes()`; half a pair at the end is dropped. */
export function joinBytes(split: ArrayLike<number>): number[] {
  const bytes: number[] = [];
  for (let at = 0; at + 1 < split.length; at += 2) bytes.push(numberAt(split, at, 2) & 0xff);
  return bytes;
}

/** A number as `length` bytes of seven bits, lowest first. */
export function splitNumber(value: number, length: number): number[] {
  return Array.from({ length }, (_, at) => (value >>> (7 * at)) & 0x7f);
}

/** Reads a number of `length` bytes of seven bits, lowest first; bytes that are not there count as 0. */
export function numberAt(bytes: ArrayLike<number>, offset: number, length: number): number {
  let value = 0;
  for (let at = 0; at < length; at++) value |= ((bytes[offset + at] ?? 0) & 0x7f) << (7 * at);
  return value >>> 0;
}
