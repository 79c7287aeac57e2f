import { csvRow } from "../../core/csv.js";
import type { Export, Write } from "./export.js";
import type { SampleHappening } from "./happening.js";

/** Decimals of a millisecond that tell nanoseconds. */
const DECIMALS = 6;

/** Readings of analog inputs as comma-separated values: a row each, milliseconds since the recording began first. */
export class Samples implements Export {
  readonly #write: Write;
  #rows = 0;

  constructor({ write }: { readonly write: Write }) {
    this.#write = write;
  }

  begin(): void {
    this.#write(csvRow(["timeMs", "board", "pin", "value"]));
  }

  sample({ board, channel, value }: SampleHappening, atMs: number): void {
    this.#rows++;
    this.#write(csvRow([Number(atMs.toFixed(DECIMALS)), board, `A${channel}`, value]));
  }

  end(): void {}

  summary(): string {
    return `${this.#rows} samples`;
  }

  emptiness(): string | undefined {
    return this.#rows === 0 ? "no analog samples" : undefined;
  }
}
