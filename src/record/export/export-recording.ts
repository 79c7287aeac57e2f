import type { Recording } from "../recording.js";
import type { Export } from "./export.js";
import type { LevelHappening, SampleHappening } from "./happening.js";
import { readHappenings } from "./happenings.js";
import type { Survey } from "./survey.js";
import { TimeOrder } from "./time-order.js";

/**
 * Writes exports of a recording, all in one pass.
 *
 * @param room Called again and again; what it returns is waited for, so that no more is read than can be written.
 */
export async function exportRecording(
  recording: Pick<Recording, "entries" | "durationMs">,
  { boards, endMs, latenessMs }: Survey,
  exports: readonly Export[],
  room: () => Promise<void> | undefined,
): Promise<void> {
  const order = new TimeOrder<LevelHappening | SampleHappening>(latenessMs, (happening, atMs) => {
    for (const each of exports) {
      if (happening.kind === "level") each.level?.(happening, atMs);
      else each.sample?.(happening, atMs);
    }
  });
  const passTo = (atMs: number) => {
    const passedMs = order.passTo(atMs);
    for (const each of exports) each.passTo?.(passedMs);
  };
  for (const each of exports) each.begin();
  await readHappenings(
    recording.entries(),
    endMs,
    (happening) => {
      if (happening.kind === "sample") order.add(`wire of ${happening.board}`, happening);
      else if (happening.kind === "level" && happening.isShown === boards.get(happening.board)?.showsPins)
        order.add(`${happening.isShown ? "pins" : "wire"} of ${happening.board}`, happening);
    },
    (atMs) => {
      passTo(atMs);
      return room();
    },
  );
  passTo(endMs + latenessMs);
  for (const each of exports) each.end(endMs);
  await room();
}
