import { join } from "node:path";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { Entry } from "../../src/record/entry.js";
import { Recorder } from "../../src/record/recorder.js";
import { openRecording } from "../../src/record/recording.js";
import { temporaryFolder } from "../temporary-folder.js";

/** A recorder on a clock of the test's, and what it has recorded once it is closed. */
export async function startRecorder() {
  const clock = new ManualClock();
  const path = join(temporaryFolder(), "test.circuit");
  const recorder = await Recorder.begin(path, {}, { clock });
  const close = async () => {
    await recorder.close();
    return readEntries(path);
  };
  return { recorder, clock, close };
}

/** All entries of a recording's file. */
export async function readEntries(path: string): Promise<Entry[]> {
  const recording = await openRecording(path);
  const entries: Entry[] = [];
  for await (const entry of recording.entries()) entries.push(entry);
  await recording.close();
  return entries;
}
