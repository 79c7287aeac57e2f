import { stat } from "node:fs/promises";
import { type CircuitDefinition, DEFAULT_BOARDS } from "../config/define.js";
import { type Clock, systemClock } from "../core/clock.js";
import { type CircuitError, describeThrown } from "../core/error.js";
import type { FrameTap } from "../mesh/tap.js";
import type { RecordingHeader } from "../record/header.js";
import { type Journal, ToldJournal } from "../record/journal.js";
import { Recorder } from "../record/recorder.js";
import type { CircuitEvent, Summary } from "./progress.js";
import type { RunOptions } from "./run-options.js";
import { readVersion } from "./version.js";

/** What a circuit runs with whose recording, if any, has begun. */
export interface RecordedOptions extends Omit<RunOptions, "record" | "onEntry"> {
  readonly journal?: Journal;
}

/**
 * Runs a circuit, and records it where its options say so: what it tells goes into the recording too, which is closed
 * when it has ended, however it ended. A recorder that was given is left open.
 *
 * @throws {CircuitError} `FILE_FAILED` where the recording cannot be begun; what the run throws.
 */
export async function recordRun(
  definition: CircuitDefinition,
  { record, onEntry, ...options }: RunOptions,
  run: (options: RecordedOptions) => Promise<Summary>,
): Promise<Summary> {
  const { clock = systemClock, onEvent = () => {} } = options;
  if (record === undefined && onEntry === undefined) return run(options);
  const notice = (text: string) => onEvent({ type: "notice", text });
  const recorder =
    record === undefined || record instanceof Recorder
      ? record
      : await beginRecording(record, headerOf(definition), { clock, notice });
  const journal = onEntry ? new ToldJournal(clock, onEntry, recorder) : recorder;
  let last: CircuitEvent | undefined;
  const tell = (event: CircuitEvent) => {
    journal?.add({ kind: "told", atMs: journal.nowMs, text: JSON.stringify(event) });
    if (event.type === "summary") last = event;
    else onEvent(event);
  };
  try {
    return await run({ ...options, onEvent: tell, ...(journal && { journal }) });
  } finally {
    if (recorder !== undefined && recorder !== record) await endRecording(recorder, notice);
    // The summary comes last, also after what is told of the recording.
    if (last) onEvent(last);
  }
}

/**
 * Begins a recording, which tells when it cannot go on.
 *
 * @throws {CircuitError} `FILE_FAILED`.
 */
export function beginRecording(
  path: string,
  header: Pick<RecordingHeader, "boards" | "seed">,
  { clock, notice }: { readonly clock: Clock; readonly notice: (text: string) => void },
): Promise<Recorder> {
  const failed = (problem: CircuitError) => notice(`${describeThrown(problem)}; nothing more is recorded`);
  const began = { beganAt: new Date().toISOString(), version: readVersion() };
  return Recorder.begin(path, { ...began, ...header }, { clock, failed });
}

/** Closes a recording, and tells where it is, unless it has failed, which was told. */
export async function endRecording(recorder: Recorder, notice: (text: string) => void): Promise<void> {
  const seconds = (recorder.nowMs / 1_000).toFixed(1);
  await recorder.close();
  if (recorder.problem) return;
  const { size } = await stat(recorder.path).catch(() => ({ size: 0 }));
  notice(`recorded ${seconds} s to ${recorder.path}, ${describeSize(size)}`);
}

export function journalFrames(journal: Journal): FrameTap {
  return (direction, peer, bytes) =>
    journal.add({ kind: "frame", atMs: journal.nowMs, direction, peer, bytes });
}

function headerOf({
  boards = DEFAULT_BOARDS,
  seed,
}: CircuitDefinition): Pick<RecordingHeader, "boards" | "seed"> {
  return { boards, ...(seed !== undefined && { seed }) };
}

function describeSize(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
