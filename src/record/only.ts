import { TOLD_KINDS, type Told } from "./teller.js";

/** What is asked for of a recording: kinds of things, pins, and names, an entry of each where some are given. */
export class Only {
  readonly #kinds = new Set<string>();
  readonly #pins = new Set<number>();
  readonly #names = new Set<string>();

  /** @param words Kinds, numbers of pins, and names of boards, nodes, peers or subjects. None: all but details. */
  constructor(words: readonly string[]) {
    for (const word of words) {
      if (TOLD_KINDS.includes(word)) this.#kinds.add(word);
      else if (/^\d+$/.test(word)) this.#pins.add(Number(word));
      else this.#names.add(word);
    }
  }

  fits({ kind, pin, names, isDetail }: Told): boolean {
    if (this.#pins.size > 0 && (pin === undefined || !this.#pins.has(pin))) return false;
    if (this.#names.size > 0 && !names.some((name) => this.#names.has(name))) return false;
    return this.#kinds.size > 0 ? this.#kinds.has(kind) : !isDetail;
  }
}
