import * as v from "valibot";
import { ACT } from "../config/read-act.js";
import type { FromPage } from "./wire.js";

const fromPage = v.variant("type", [
  v.strictObject({ type: v.literal("hello"), token: v.nullable(v.pipe(v.string(), v.maxLength(255))) }),
  v.strictObject({ type: v.literal("act"), id: v.pipe(v.number(), v.safeInteger()), act: ACT }),
]);

/** What a page says; `undefined` where it is none of its words. */
export function readFromPage(said: string): FromPage | undefined {
  try {
    const result = v.safeParse(fromPage, JSON.parse(said));
    return result.success ? result.output : undefined;
  } catch {
    return undefined; // no JSON
  }
}
