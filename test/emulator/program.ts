import type { Edge } from "../../src/emulator/pins.js";
import { Uno } from "../../src/emulator/uno.js";

/** Program memory of NOPs, with machine words from given word addresses on. */
export function program(parts: Readonly<Record<number, readonly number[]>> = {}): Uint16Array<ArrayBuffer> {
  const memory = new Uint16Array(16_384);
  for (const [address, words] of Object.entries(parts)) memory.set(words, Number(address));
  return memory;
}

/** An Uno with a program, and every edge that it has made. */
export function unoWith(memory: Uint16Array): { readonly uno: Uno; readonly edges: Edge[] } {
  const uno = new Uno({ program: memory });
  const edges: Edge[] = [];
  uno.onEdge = (edge) => edges.push(edge);
  return { uno, edges };
}

export const RETI = 0x9518;

/** Words for `ldi r16, value; sts address, r16`. */
export function store(address: number, value: number): number[] {
  return [0xe000 | ((value & 0xf0) << 4) | (value & 0x0f), 0x9300, address];
}

/** `rjmp .-2`: stay here. */
export const HALT = 0xcfff;

/** Machine words, by word address, as an Intel HEX file of one word a record. */
export function hexOf(words: Readonly<Record<number, readonly number[]>>): Uint8Array {
  const lines = Object.entries(words).flatMap(([address, code]) =>
    code.map((word, index) => {
      const at = 2 * (Number(address) + index);
      const bytes = [2, at >> 8, at & 0xff, 0, word & 0xff, word >> 8];
      const sum = bytes.reduce((total, byte) => total - byte, 0) & 0xff;
      return `:${Buffer.from([...bytes, sum]).toString("hex")}\n`;
    }),
  );
  return Buffer.from(`${lines.join("")}:00000001FF\n`);
}

/**
 * Firmware that sleeps until a byte comes, sends it back and toggles D13:
 *
 *       sbi DDRB, 5; UBRR0L = 16; UCSR0B = RXCIE | RXEN | TXEN; SMCR = SE; sei
 * loop: sleep; rjmp loop
 * RXC:  sbi PINB, 5; lds r20, UDR0; sts UDR0, r20; reti
 */
export function echoHex(): Uint8Array {
  const start = [0x9a25, ...store(0xc4, 16), ...store(0xc1, 0x98), 0xe001, 0xbf03, 0x9478, 0x9588, 0xcffe];
  return hexOf({ 0: [0xc03f], 36: [0x9a1d, 0x9140, 0x00c6, 0x9340, 0x00c6, RETI], 64: start });
}
