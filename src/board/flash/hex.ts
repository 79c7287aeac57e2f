import { CircuitError } from "../../core/error.js";

/** Program memory of an ATmega328P in bytes (datasheet DS40002061, section 8.2). */
export const FLASH_BYTES = 32 * 1024;

/** Longest image text read, in characters: 32 KiB as one byte a record is 13 characters times 32 768. */
const MAX_HEX_CHARACTERS = 512 * 1024;

const HINT_REBUILD = "Build the firmware again for the Uno and use the .hex file that the build writes.";

function invalid(
  source: string,
  line: number | undefined,
  problem: string,
  hint = HINT_REBUILD,
): CircuitError {
  const where = line === undefined ? source : `${source}, line ${line}`;
  return new CircuitError("FIRMWARE_INVALID", `Cannot read firmware: ${where}: ${problem}`, { hint });
}

/** What an image file puts into program memory. */
export interface HexImage {
  /** All of program memory. What the file leaves out reads as erased, 0xFF. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The first byte that the file has, and the one behind its last. */
  readonly startByte: number;
  readonly endByte: number;
}

interface HexRecord {
  readonly type: number;
  readonly address: number;
  readonly data: Uint8Array;
}

/** One line, `:LLAAAATT…CC`: length, address, type, data, and a byte that makes the sum 0 (mod 256). */
function parseRecord(text: string, source: string, line: number): HexRecord {
  if (!text.startsWith(":"))
    throw invalid(source, line, "a record of an Intel HEX file begins with a colon, this line does not");
  if (text.length % 2 === 0 || !/^:[0-9A-Fa-f]+$/.test(text))
    throw invalid(source, line, "a record holds pairs of hexadecimal digits only");
  const bytes = Uint8Array.from(Buffer.from(text.slice(1), "hex"));
  const [length = 0, high = 0, low = 0, type = 0] = bytes;
  if (bytes.length !== length + 5)
    throw invalid(source, line, `the record announces ${length} data bytes and holds ${bytes.length - 5}`);
  const sum = bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
  if (sum !== 0) throw invalid(source, line, `the checksum is off by ${sum}, so the file is damaged`);
  return { type, address: (high << 8) | low, data: bytes.subarray(4, -1) };
}

/** The address that a record of type 2 (segment, times 16) or 4 (upper half) adds to those after it. */
function baseOf({ type, data }: HexRecord, source: string, line: number): number {
  if (data.length !== 2)
    throw invalid(source, line, `an address record holds 2 bytes, this one ${data.length}`);
  const [high = 0, low = 0] = data;
  return ((high << 8) | low) * (type === 2 ? 16 : 0x1_0000);
}

/**
 * Reads an Intel HEX file.
 *
 * @param source Names the file in messages.
 * @throws {CircuitError} `FIRMWARE_INVALID`, with the line, when it is not such a file or not for an Uno.
 * @see Intel Hexadecimal Object File Format Specification, revision A, 1988.
 */
export function parseHex(text: string, source: string): HexImage {
  if (text.length > MAX_HEX_CHARACTERS)
    throw invalid(source, undefined, `${text.length} characters are more than an Uno's firmware can have`);
  const memory = new Uint8Array(FLASH_BYTES).fill(0xff);
  let base = 0;
  let startByte = FLASH_BYTES;
  let endByte = 0;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = index + 1;
    const trimmed = raw.trim();
    if (trimmed === "") continue;
    const record = parseRecord(trimmed, source, line);
    if (record.type === 1) {
      if (endByte === 0) throw invalid(source, line, "it ends before its first byte");
      return { bytes: memory, startByte, endByte };
    }
    if (record.type === 0) {
      const start = base + record.address;
      const end = start + record.data.length;
      if (end > FLASH_BYTES)
        throw invalid(
          source,
          line,
          `it reaches to byte ${end}, and an Uno has ${FLASH_BYTES}`,
          "Build the firmware for the Arduino Uno (ATmega328P)",
        );
      if (record.data.length === 0) continue;
      memory.set(record.data, start);
      startByte = Math.min(startByte, start);
      endByte = Math.max(endByte, end);
    } else if (record.type === 2 || record.type === 4) base = baseOf(record, source, line);
    else if (record.type !== 3 && record.type !== 5)
      throw invalid(source, line, `record type ${record.type} does not exist`);
  }
  throw invalid(source, undefined, "the end record is missing, so the file is cut short");
}
