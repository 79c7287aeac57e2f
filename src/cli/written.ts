import type { Writable } from "node:stream";
import { CircuitError } from "../core/error.js";

/**
 * Writes to a stream, and resolves when the system has taken it, as slowly as its reader reads. Who does not wait hears of
 * a reader that went away by the stream's own error.
 *
 * @throws {CircuitError} `NOT_RUN` where nobody reads any more.
 */
export function written(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    stream.write(chunk, (cause) => (cause ? reject(unread(cause)) : resolve()));
  });
  done.catch(() => {});
  return done;
}

/** Writes to a stream. @returns What is to be waited for before there is room for more; `undefined` where there is. */
export function writtenBehind(stream: Writable, chunk: string | Uint8Array): Promise<void> | undefined {
  const done = written(stream, chunk);
  return stream.writableNeedDrain ? done : undefined;
}

function unread(cause: Error): CircuitError {
  return new CircuitError("NOT_RUN", "Cannot print an event: nobody reads the output any more", { cause });
}
