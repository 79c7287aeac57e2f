import { register } from "node:module";

/** A module whose text is another's: what a child process with `node --import plant.js` reads of its environment. */
export interface Planted {
  /** The module's address. */
  readonly url: string;
  /** What it is instead. */
  readonly source: string;
}

/** The environment variable with a `Planted`, as JSON. */
export const PLANTED = "CIRCUIT_TEST_PLANTED";

const planted = process.env[PLANTED];
if (planted !== undefined)
  register(new URL("./plant-hooks.js", import.meta.url), { data: JSON.parse(planted) });
