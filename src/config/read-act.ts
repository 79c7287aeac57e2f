import * as v from "valibot";

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
/** As long as a message may be (MeshLimits.frameBytes); what is longer is refused there in words. */
const text = v.pipe(v.string(), v.maxLength(65_536));

/** What a hand may do, as JSON. */
export const ACT = v.variant("do", [
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

/** What somebody asks a hand to do; `undefined` where it is none of its words. */
export function readAct(said: unknown): v.InferOutput<typeof ACT> | undefined {
  const result = v.safeParse(ACT, said);
  return result.success ? result.output : undefined;
}
