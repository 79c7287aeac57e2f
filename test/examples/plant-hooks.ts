import type { LoadHook } from "node:module";
import type { Planted } from "./plant.js";

let planted: Planted | undefined;

export function initialize(given: Planted): void {
  planted = given;
}

export const load: LoadHook = async (url, context, next) =>
  url === planted?.url
    ? { format: "module", source: planted.source, shortCircuit: true }
    : next(url, context);
