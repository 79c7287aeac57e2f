import { type FileHandle, open, stat } from "node:fs/promises";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";
import type { FlowContext, SourceFunction } from "../source.js";
import { LineReader } from "./line-reader.js";
import { nap } from "./wall.js";

export interface LinesOptions {
  /** Whether it waits for what others append, and goes on with the file that comes in place of this one. */
  readonly follow?: boolean;
  /** `end` begins with what is appended after the start. `start` by default. */
  readonly from?: "start" | "end";
  /** How often it looks for more, in milliseconds. */
  readonly pollMs?: number;
  /** A longer line is an error. In bytes. */
  readonly mostLineBytes?: number;
}

/** Soon enough for a person who watches, and nothing for a processor: a `stat()` each. */
const POLL_MS = 250;

/** What is read at once, in bytes: Node's own measure for files. */
const CHUNK_BYTES = 65_536;

/**
 * Lines of a text file in UTF-8, without their ends; a last one without an end counts, once the file is not followed.
 * A file that is followed need not be there yet. One that is replaced is read to its end first, then the new one from
 * its start; one that was shortened is read from its start again.
 */
export function lines(path: string, options: LinesOptions = {}): SourceFunction<string> {
  return function lines(context) {
    return readLines(path, options, context);
  };
}

async function* readLines(
  path: string,
  { follow = false, from = "start", pollMs = POLL_MS, mostLineBytes }: LinesOptions,
  context: FlowContext,
): AsyncGenerator<string, void> {
  for (let start = from; !context.signal.aborted; start = "start") {
    const file = await openUnless(path, follow);
    if (file === undefined) {
      await nap(context, pollMs);
      continue;
    }
    const reader = new LineReader(path, mostLineBytes);
    try {
      if (start === "end") reader.skipTo((await file.stat()).size);
      for (;;) {
        yield* readToEnd(path, file, reader, context.signal);
        if (!follow || context.signal.aborted) break;
        // Looked at before its end was seen, or what was written in between would stay unread.
        const isReplaced = await isOther(path, file);
        yield* readToEnd(path, file, reader, context.signal);
        if (isReplaced || !(await nap(context, pollMs))) break;
        if ((await file.stat()).size < reader.position) reader.restart();
      }
      if (!context.signal.aborted) yield* reader.rest();
    } finally {
      await file.close();
    }
    if (!follow) return;
  }
}

async function* readToEnd(path: string, file: FileHandle, reader: LineReader, signal: AbortSignal) {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  while (!signal.aborted) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, reader.position).catch((thrown: unknown) => {
      throw unreadable(path, thrown);
    });
    if (bytesRead === 0) return;
    yield* reader.take(chunk.subarray(0, bytesRead));
  }
}

async function openUnless(path: string, mayBeMissing: boolean): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (thrown) {
    const isMissing = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
    if (isMissing && mayBeMissing) return undefined;
    throw unreadable(path, thrown);
  }
}

/** Whether the path names another file by now. While it names none, this one goes on. */
async function isOther(path: string, file: FileHandle): Promise<boolean> {
  const mine = await file.stat();
  const there = await stat(path).catch(() => undefined);
  return there !== undefined && (there.ino !== mine.ino || there.dev !== mine.dev);
}

function unreadable(path: string, cause: unknown): CircuitError {
  return new CircuitError("FILE_FAILED", `Cannot read ${path}: ${describeFileProblem(cause)}`, { cause });
}
