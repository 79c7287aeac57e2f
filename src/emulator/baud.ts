/** Clock of an Uno's ATmega328P and of its USB chip, in hertz. */
export const CLOCK_HZ = 16_000_000;

/** Cycles in a microsecond. */
export const CYCLES_PER_US = CLOCK_HZ / 1_000_000;

/** Bits that a byte takes on the wire, 8N1: start, eight data, stop. */
export const BITS_PER_BYTE = 10;

/**
 * Length of a bit at the USB end of an Uno, in cycles of 16 MHz.
 *
 * The 16U2 can only divide its clock: by 8 × (n + 1), and at 57 600 baud by 16 × (n + 1), n = 16, as the boot
 * loader of the ATmega328P does. 57 600 baud is 58 824 in truth, 115 200 is 117 647.
 *
 * @see arduino-usbserial `Arduino-usbserial.c`, `EVENT_CDC_Device_LineEncodingChanged`, and LUFA `Serial.h`.
 */
export function hostCyclesPerBit(baud: number): number {
  const samples = baud === 57_600 ? 16 : 8;
  const clock = CLOCK_HZ / samples;
  return samples * Math.max(1, Math.floor((clock + baud / 2) / baud));
}

/** What a receiver made of a frame. */
export interface ReadByte {
  readonly value: number;
  /** The stop bit was read as 0. */
  readonly frameError: boolean;
}

/** Level of an 8N1 frame in its n-th bit: start 0, data with the lowest bit first, stop and idle 1. */
function bitOf(value: number, bit: number): number {
  if (bit < 1) return 0;
  return bit > 8 ? 1 : (value >> (bit - 1)) & 1;
}

/** Rates that differ by less read every bit right: half a bit in the 9.5 up to the middle of the stop bit. */
const TOLERANCE = 0.5 / 9.5;

/**
 * A receiver that samples the middle of each bit at its own rate, fed whole frames sent at another.
 *
 * Where the rates agree it returns the byte. Where they do not, it reads what the samples give, looks for the next
 * falling edge, and so may make several bytes of one frame or none; the line after a frame counts as idle, so that
 * the garbage differs from a real line's in detail and not in kind.
 */
export class FrameReader {
  #freeAt = 0;

  /** @param startedAt Cycle at which the start bit began; the two bit lengths are in cycles. */
  read(value: number, startedAt: number, senderBit: number, receiverBit: number): readonly ReadByte[] {
    if (Math.abs(senderBit - receiverBit) <= TOLERANCE * receiverBit && this.#freeAt <= startedAt) {
      this.#freeAt = startedAt + Math.min(9 * senderBit, 9.5 * receiverBit);
      return [{ value, frameError: false }];
    }
    const found: ReadByte[] = [];
    for (let bit = 0; bit <= 8; bit++) {
      const edgeAt = bit * senderBit;
      const falls = bitOf(value, bit) === 0 && (bit === 0 || bitOf(value, bit - 1) === 1);
      if (!falls || startedAt + edgeAt < this.#freeAt) continue;
      found.push(this.#sample(value, edgeAt, senderBit, receiverBit));
      this.#freeAt = startedAt + edgeAt + 9.5 * receiverBit;
    }
    return found;
  }

  #sample(value: number, edgeAt: number, senderBit: number, receiverBit: number): ReadByte {
    const level = (bit: number) => bitOf(value, Math.floor((edgeAt + (bit + 0.5) * receiverBit) / senderBit));
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte |= level(bit + 1) << bit;
    return { value: byte, frameError: level(9) === 0 };
  }
}
