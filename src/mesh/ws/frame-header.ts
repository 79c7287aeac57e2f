/** First byte of a frame that is a whole message: RFC 6455 section 5.2. */
export const FINAL = { text: 0x81, binary: 0x82 } as const;

/** Bytes of the longest header: 2, then 8 of length, then 4 of mask. */
export const LONGEST_HEADER_BYTES = 14;

export const MASK_BYTES = 4;

/** Longest payloads whose length fits in the header's second byte, and in two more. */
export const SHORT_BYTES = 125;
const MEDIUM_BYTES = 65_535;

const MASKED = 0x80;

/** Bytes of the header of a payload, its mask key included. */
export function headerBytesOf(payloadBytes: number, isMasked: boolean): number {
  const lengthBytes = payloadBytes <= SHORT_BYTES ? 0 : payloadBytes <= MEDIUM_BYTES ? 2 : 8;
  return 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
}

/** Writes a header, but for the mask key at its end. */
export function writeHeader(into: Buffer, at: number, { first, payloadBytes, isMasked }: FrameHeader): void {
  const flag = isMasked ? MASKED : 0;
  into[at] = first;
  if (payloadBytes <= SHORT_BYTES) {
    into[at + 1] = flag | payloadBytes;
  } else if (payloadBytes <= MEDIUM_BYTES) {
    into[at + 1] = flag | 126;
    into.writeUInt16BE(payloadBytes, at + 2);
  } else {
    into[at + 1] = flag | 127;
    into.writeBigUInt64BE(BigInt(payloadBytes), at + 2);
  }
}

export interface FrameHeader {
  readonly first: (typeof FINAL)[keyof typeof FINAL];
  readonly payloadBytes: number;
  readonly isMasked: boolean;
}
