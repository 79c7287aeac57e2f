import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";
import type { Entry } from "../record/entry.js";
import type { RecordingHeader } from "../record/header.js";
import { openRecording } from "../record/recording.js";
import { RecordingWriter } from "../record/recording-writer.js";
import { type ShrinkProgress, shrink } from "../record/shrink.js";

/** Entries that are held in memory at the same time: half a gigabyte. */
const MOST_ENTRIES = 2_000_000;

/** How long a test that is told to end may take to do so, in milliseconds. */
const ENDING_MS = 2_000;

export interface ShrinkRecordingOptions {
  /** The test: a program and its arguments. It gets a recording's path in CIRCUIT_RECORDING; it fails by its exit code. */
  readonly command: readonly string[];
  readonly mostTries: number;
  /** How long a try may take, in milliseconds; one that takes longer has not failed. */
  readonly limitMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly progress: (progress: ShrinkProgress) => void;
}

export interface Shrunk {
  readonly path: string;
  readonly entries: { readonly before: number; readonly after: number };
  readonly durationMs: { readonly before: number; readonly after: number };
  /** Whether it was stopped before it was done. */
  readonly isStopped: boolean;
}

/**
 * Finds the shortest recording on which a test still fails, and writes it beside the one that was given, as
 * `<name>.shrunk.circuit`. Stopped by its signal, it writes the shortest so far.
 *
 * @throws {CircuitError} `FILE_FAILED`; `USAGE` where the test passes on the whole recording, or cannot be run.
 */
export async function shrinkRecording(path: string, options: ShrinkRecordingOptions): Promise<Shrunk> {
  const { signal, mostTries, progress } = options;
  const { entries, header } = await readAll(path);
  const folder = await mkdtemp(join(tmpdir(), "circuit-shrink-"));
  try {
    const attempt = join(folder, "attempt.circuit");
    const fails = async (kept: readonly Entry[]) => {
      await writeAll(attempt, header, kept);
      return hasFailed(attempt, options);
    };
    if (!(await fails(entries))) {
      signal.throwIfAborted();
      throw new CircuitError("USAGE", `Cannot shrink ${path}: the test does not fail on it`, {
        hint: "Give a command that exits with another code than 0 on the recording in CIRCUIT_RECORDING.",
      });
    }
    const shortest = await shrink(entries, { fails, mostTries, signal, progress });
    await writeAll(attempt, header, shortest);
    const target = shrunkPath(path);
    await moved(attempt, target);
    return {
      path: target,
      entries: { before: entries.length, after: shortest.length },
      durationMs: { before: lengthOf(entries), after: lengthOf(shortest) },
      isStopped: signal.aborted,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function shrunkPath(path: string): string {
  const { dir, name } = parse(path);
  return join(dir, `${name}.shrunk.circuit`);
}

function lengthOf(entries: readonly Entry[]): number {
  return (entries.at(-1)?.atMs ?? 0) - (entries[0]?.atMs ?? 0);
}

async function readAll(
  path: string,
): Promise<{ readonly entries: readonly Entry[]; readonly header: RecordingHeader }> {
  const recording = await openRecording(path);
  try {
    const entries: Entry[] = [];
    for await (const entry of recording.entries()) {
      entries.push(entry);
      if (entries.length > MOST_ENTRIES)
        throw new CircuitError(
          "FILE_FAILED",
          `Cannot shrink ${path}: it has more than ${MOST_ENTRIES} entries`,
          {
            hint: "Record a shorter run.",
          },
        );
    }
    return { entries, header: recording.header };
  } finally {
    await recording.close();
  }
}

async function writeAll(path: string, header: RecordingHeader, entries: readonly Entry[]): Promise<void> {
  await rm(path, { force: true });
  const writer = await RecordingWriter.create(path, header);
  for (const entry of entries) writer.add(entry);
  await writer.close();
  if (writer.problem) throw writer.problem;
}

async function moved(from: string, to: string): Promise<void> {
  const { copyFile } = await import("node:fs/promises");
  try {
    await rename(from, to);
  } catch {
    // The temporary folder is on another disk.
    await copyFile(from, to).catch((cause: unknown) => {
      throw new CircuitError("FILE_FAILED", `Cannot write ${to}: ${messageOf(cause)}`, { cause });
    });
  }
}

/** Runs the test. @returns Whether it has failed. */
async function hasFailed(
  path: string,
  { command, env, limitMs, signal }: ShrinkRecordingOptions,
  clock: Clock = systemClock,
): Promise<boolean> {
  if (signal.aborted) return false;
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: "ignore", env: { ...env, CIRCUIT_RECORDING: path } });
  let isCut = false;
  let cancelKill = () => {};
  const cut = () => {
    isCut = true;
    child.kill("SIGTERM");
    cancelKill = clock.after(ENDING_MS, () => child.kill("SIGKILL"));
  };
  const cancel = clock.after(limitMs, cut);
  signal.addEventListener("abort", cut, { once: true });
  try {
    const [code] = await once(child, "exit");
    return !isCut && code !== 0;
  } catch (cause) {
    throw new CircuitError("USAGE", `Cannot run the test ${program}: ${messageOf(cause)}`, {
      hint: "Give a program and its arguments after --.",
      cause,
    });
  } finally {
    cancel();
    cancelKill();
    signal.removeEventListener("abort", cut);
  }
}
