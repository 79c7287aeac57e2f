import type { Readable } from "node:stream";
import { CircuitError, messageOf } from "../../core/error.js";
import type { FlowContext, SourceFunction } from "../source.js";
import { LineReader } from "./line-reader.js";

export interface StreamLinesOptions {
  /** What its errors call it. */
  readonly name?: string;
  /** A longer line is an error. In bytes. */
  readonly mostLineBytes?: number;
}

/**
 * Lines of a stream, by default of this process's stdin, until it ends. Who stops early leaves what was not taken in the
 * stream, and whoever starts again goes on with it.
 */
export function streamLines(
  stream: Readable = process.stdin,
  { name = "stdin", mostLineBytes }: StreamLinesOptions = {},
): SourceFunction<string> {
  return async function* streamLines({ signal }: FlowContext): AsyncGenerator<string, void> {
    const reader = new LineReader(name, mostLineBytes);
    let untaken: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of chunksOf(stream, name, signal)) {
        let taken = 0;
        for (const line of reader.take(chunk)) {
          taken = chunk.indexOf("\n", taken) + 1;
          untaken = chunk.subarray(taken);
          yield line;
        }
        untaken = Buffer.alloc(0);
      }
      if (!signal.aborted) yield* reader.rest();
    } finally {
      putBack(stream, Buffer.concat([reader.takeBack(), untaken]));
    }
  };
}

async function* chunksOf(stream: Readable, name: string, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  let failure: unknown;
  let wake = () => {};
  const look = () => wake();
  const fail = (error: unknown) => {
    failure = error;
    wake();
  };
  const events = ["readable", "end", "close"] as const;
  for (const event of events) stream.on(event, look);
  stream.on("error", fail);
  signal.addEventListener("abort", look, { once: true });
  try {
    while (!signal.aborted) {
      const chunk: unknown = stream.read();
      if (chunk !== null) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      else if (failure !== undefined) throw unreadable(name, failure);
      else if (stream.readableEnded || stream.destroyed) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    for (const event of events) stream.off(event, look);
    stream.off("error", fail);
    signal.removeEventListener("abort", look);
    // A stdin that is read keeps its process.
    stream.pause();
  }
}

function putBack(stream: Readable, bytes: Buffer): void {
  if (bytes.length > 0 && !stream.readableEnded && !stream.destroyed) stream.unshift(bytes);
}

function unreadable(name: string, cause: unknown): CircuitError {
  return new CircuitError("FILE_FAILED", `Cannot read ${name}: ${messageOf(cause)}`, { cause });
}
