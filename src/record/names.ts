import { LONGEST_NAME, MOST_NAMES } from "./format.js";
import { BrokenRecord, type RecordReader } from "./record-reader.js";
import type { RecordWriter } from "./record-writer.js";

/**
 * Names of boards, nodes, channels, peers and subjects, which come again and again. Written out, behind a 0, a name takes
 * the next number from 1 on, and that stands for it from then on.
 */
export class WrittenNames {
  readonly #numbers = new Map<string, number>();

  get all(): readonly string[] {
    return [...this.#numbers.keys()];
  }

  get size(): number {
    return this.#numbers.size;
  }

  write(out: RecordWriter, name: string): void {
    const number = this.#numbers.get(name);
    if (number !== undefined) {
      out.number(number);
      return;
    }
    out.number(0);
    out.text(name);
    if (takesNumber(name, this.size)) this.#numbers.set(name, this.size + 1);
  }
}

/** The same names, as a reader meets them. */
export class ReadNames {
  readonly #names: string[];

  /** @param names Those that were met before the place where reading begins. */
  constructor(names: readonly string[] = []) {
    this.#names = [...names];
  }

  get all(): readonly string[] {
    return this.#names;
  }

  /** @throws {BrokenRecord} For a number that no name has. */
  read(body: RecordReader): string {
    const number = body.number();
    if (number > 0) {
      const known = this.#names[number - 1];
      if (known === undefined) throw new BrokenRecord(`nothing is named ${number}`);
      return known;
    }
    const name = body.text();
    if (takesNumber(name, this.#names.length)) this.#names.push(name);
    return name;
  }
}

function takesNumber(name: string, known: number): boolean {
  return known < MOST_NAMES && name.length <= LONGEST_NAME;
}
