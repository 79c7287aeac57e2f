import { readFileSync } from "node:fs";

let version: string | undefined;

/** Version of this package. */
export function readVersion(): string {
  version ??= String(
    JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version,
  );
  return version;
}
