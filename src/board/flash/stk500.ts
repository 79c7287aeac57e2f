/**
 * What a boot loader of an Uno or a Nano understands: version 1 of STK500, as far as Optiboot and ATmegaBOOT have it.
 *
 * @see Atmel application note AVR061, STK500 Communication Protocol.
 */

/** A command, and how many bytes an answer has between its two marks. */
export interface Command {
  /** For messages: what it is to do. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly answerBytes: number;
}

/** Ends every command (`Sync_CRC_EOP`). */
const END = 0x20;

/** The marks around every answer (`Resp_STK_INSYNC`, `Resp_STK_OK`). */
const IN_SYNC = 0x14;
const OK = 0x10;

/** Of program memory, not of the EEPROM, which Optiboot does not know. */
const FLASH = 0x46;

/** Longest page that a boot loader takes: its length is a byte, 0 being 256. */
const LONGEST_PAGE_BYTES = 256;

export const GET_SYNC = command("answer", [0x30]);
export const ENTER_PROGRAMMING = command("begin", [0x50]);
export const LEAVE_PROGRAMMING = command("end", [0x51]);
export const READ_SIGNATURE = command("tell its chip", [0x75], 3);

/** What the answer to `GET_SYNC` is. */
export const SYNC_ANSWER: readonly number[] = [IN_SYNC, OK];

/** Says where the next page is that is written or read. @param address In bytes; even, below 128 KiB. */
export function loadAddress(address: number): Command {
  const word = address >> 1;
  return command(`go to ${hexAddress(address)}`, [0x55, word & 0xff, word >> 8]);
}

/** Erases and writes the page at the address. @param page At most 256 bytes. */
export function writePage(page: Uint8Array): Command {
  return command("write a page", [0x64, ...lengthOf(page.length), FLASH, ...page]);
}

/** Reads bytes at the address. @param length At most 256. */
export function readPage(length: number): Command {
  return command("read a page", [0x74, ...lengthOf(length), FLASH], length);
}

/**
 * The answer at the beginning of what was received, without its marks; `undefined` while it is incomplete.
 *
 * @returns `"garbled"` for what is no answer to this command.
 */
export function takeAnswer(
  { answerBytes }: Command,
  received: Uint8Array,
): Uint8Array | "garbled" | undefined {
  if (received.length > 0 && received[0] !== IN_SYNC) return "garbled";
  if (received.length < answerBytes + 2) return undefined;
  const isWhole = received.length === answerBytes + 2 && received[answerBytes + 1] === OK;
  return isWhole ? received.slice(1, -1) : "garbled";
}

/** An address of program memory for messages: `0x0180`. */
export function hexAddress(address: number): string {
  return `0x${address.toString(16).padStart(4, "0")}`;
}

function command(name: string, bytes: readonly number[], answerBytes = 0): Command {
  return { name, bytes: Uint8Array.from([...bytes, END]), answerBytes };
}

function lengthOf(length: number): [high: number, low: number] {
  if (length < 1 || length > LONGEST_PAGE_BYTES) throw new RangeError(`${length} bytes are no page`);
  return [length >> 8, length & 0xff];
}
