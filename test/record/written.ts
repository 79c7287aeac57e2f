import { join } from "node:path";
import type { Entry } from "../../src/record/entry.js";
import type { RecordingHeader } from "../../src/record/header.js";
import { RecordingWriter } from "../../src/record/recording-writer.js";
import { temporaryFolder } from "../temporary-folder.js";

/** Writes a recording into a folder of its own. @returns Its path. */
export async function written(entries: readonly Entry[], header: RecordingHeader = {}): Promise<string> {
  const path = join(temporaryFolder(), "trip.circuit");
  const writer = await RecordingWriter.create(path, header);
  for (const entry of entries) writer.add(entry);
  await writer.close();
  return path;
}
