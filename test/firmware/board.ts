import type { TestContext } from "node:test";
import { type Simavr, startSimavr } from "../native/simavr.js";
import { SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { openWire, type Wire } from "../native/wire.js";

/** An Uno on simavr and its open serial line. */
export interface Board {
  readonly simavr: Simavr;
  readonly wire: Wire;

  /** Sends bytes and resolves with all that comes before the board has executed them: their answers. */
  ask(...bytes: number[]): Promise<number[]>;

  /** The same, as what the board says in string messages. */
  complaints(...bytes: number[]): Promise<string[]>;
}

/** The `skip` option of every test that runs a firmware. */
export const skipWithoutSimavr = skipWithout(...SIMAVR_TOOLS);

/** Asking for pin 0, which the serial line keeps from every use, marks a place in the answers. */
const MARK = [0xf0, 0x6d, 0, 0xf7];
const MARK_ANSWER = [0xf0, 0x6e, 0, 0, 0, 0xf7];

/** Text of each string message among `bytes`. */
export function sentencesIn(bytes: readonly number[]): string[] {
  const sentences: string[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0xf0 || bytes[at + 1] !== 0x71) continue;
    const characters: number[] = [];
    for (at += 2; bytes[at] !== 0xf7 && at < bytes.length; at += 2) {
      characters.push((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 7));
    }
    sentences.push(String.fromCharCode(...characters));
  }
  return sentences;
}

/** Starts a firmware and waits until it answers, however long it greets. Ends with the test. */
export async function startBoard(t: TestContext, firmware: string): Promise<Board> {
  const simavr = await startSimavr({ firmware });
  t.after(() => simavr.stop());
  const wire = await openWire(simavr.path);
  t.after(() => wire.close());
  const ask = async (...bytes: number[]) => {
    wire.send(...bytes, ...MARK);
    const answer = await wire.take(MARK_ANSWER);
    return answer.slice(0, -MARK_ANSWER.length);
  };
  await ask();
  return { simavr, wire, ask, complaints: async (...bytes) => sentencesIn(await ask(...bytes)) };
}

/** A 14-bit value as two bytes of seven bits. */
export const two = (value: number) => [value & 0x7f, (value >> 7) & 0x7f];

/** A 21-bit value as three. */
export const three = (value: number) => [...two(value), (value >> 14) & 0x7f];
