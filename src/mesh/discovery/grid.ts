import type { Sightings, Source } from "./source.js";

/** The nodes that a configuration names. They are there until they turn out not to be. */
export class GridSource implements Source {
  readonly name = "grid";
  readonly #grid: Readonly<Record<string, string>>;

  constructor(grid: Readonly<Record<string, string>>) {
    this.#grid = grid;
  }

  async start(sightings: Sightings): Promise<void> {
    for (const [name, address] of Object.entries(this.#grid)) {
      sightings.announce({ boot: `grid:${name}`, name, addresses: [address], engine: "ws" });
    }
  }

  async close(): Promise<void> {}
}
