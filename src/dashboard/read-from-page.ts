import * as v from "valibot";
import type { FromPage } from "./wire.js";

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
/** As long as a message may be (MeshLimits.frameBytes); what is longer is refused there in words. */
const text = v.pipe(v.string(), v.maxLength(65_536));

const act = v.variant("do", [
  v.strictObject({ do: v.picklist(["press", "release"]), board: name, part: name }),
  v.strictObject({
    do: v.literal("turn"),
    board: name,
    part: name,
    ratio: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
  v.strictObject({
    do: v.literal("warm"),
    board: name,
    part: name,
    celsius: v.pipe(v.number(), v.minValue(-273.15), v.maxValue(1_000)),
  }),
  v.strictObject({
    do: v.literal("send"),
    node: name,
    channel: v.pipe(v.string(), v.maxLength(255)),
    message: text,
  }),
  v.strictObject({ do: v.literal("publish"), subject: name, data: text }),
  v.strictObject({ do: v.literal("swap"), board: name, address: name }),
]);

const fromPage = v.variant("type", [
  v.strictObject({ type: v.literal("hello"), token: v.nullable(v.pipe(v.string(), v.maxLength(255))) }),
  v.strictObject({ type: v.literal("act"), id: v.pipe(v.number(), v.safeInteger()), act }),
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
