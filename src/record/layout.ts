import { RecordingDecoder } from "./decoder.js";
import { END_MAGIC, FOOTER_BYTES, RECORD } from "./format.js";
import { type Mark, Marks } from "./marks.js";
import type { ReadFile } from "./read-file.js";
import { BrokenRecord, type RecordReader } from "./record-reader.js";
import { RecordSplitter } from "./record-splitter.js";

const NS_PER_MS = 1e6;

/** Where what is in a recording's file: from its index, or found by going through it. */
export interface Layout {
  readonly isWhole: boolean;
  /** Where entries begin and end, in bytes from the file's beginning. */
  readonly startAt: number;
  readonly endAt: number;
  readonly latestNs: number;
  readonly names: readonly string[];
  readonly marks: readonly Mark[];
}

/** What the index at the end of a file says; `undefined` where there is none, as the file was cut off. */
export async function readIndex(file: ReadFile, startAt: number): Promise<Layout | undefined> {
  const footerAt = file.bytes - FOOTER_BYTES;
  if (footerAt < startAt) return undefined;
  const footer = await file.read(footerAt, FOOTER_BYTES);
  if (!footer.subarray(FOOTER_BYTES - END_MAGIC.length).equals(END_MAGIC)) return undefined;
  const endAt = Number(footer.readBigUInt64LE());
  if (endAt < startAt || endAt > footerAt) return undefined;
  try {
    const splitter = new RecordSplitter(endAt);
    splitter.push(await file.read(endAt, footerAt - endAt));
    const found = splitter.next();
    if (found?.type !== RECORD.index || splitter.at !== footerAt) return undefined;
    return { isWhole: true, startAt, endAt, ...parseIndex(found.body) };
  } catch (problem) {
    if (problem instanceof BrokenRecord) return undefined;
    throw problem;
  }
}

function parseIndex(body: RecordReader): Pick<Layout, "latestNs" | "names" | "marks"> {
  const latestNs = body.number();
  const names: string[] = [];
  for (let left = body.number(); left > 0; left--) names.push(body.text());
  const marks: Mark[] = [];
  let before: Mark = { at: 0, latestNs: 0 };
  for (let left = body.number(); left > 0; left--) {
    before = { at: before.at + body.number(), latestNs: before.latestNs + body.number() };
    marks.push(before);
  }
  body.finish();
  return { latestNs, names, marks };
}

/** What is left of a recording that was cut off: all that is whole from its beginning on. */
export async function scan(file: ReadFile, startAt: number): Promise<Layout> {
  const marks = new Marks();
  let latestNs = 0;
  const decoder = new RecordingDecoder({
    at: startAt,
    mark: (at) => {
      if (marks.isDue(at)) marks.add({ at, latestNs });
    },
  });
  try {
    for await (const chunk of file.chunks(startAt, file.bytes)) {
      decoder.push(chunk);
      for (let entry = decoder.next(); entry; entry = decoder.next())
        latestNs = Math.max(latestNs, Math.round(entry.atMs * NS_PER_MS));
    }
  } catch (problem) {
    if (!(problem instanceof BrokenRecord)) throw problem;
  }
  return { isWhole: false, startAt, endAt: decoder.at, latestNs, names: decoder.names, marks: marks.all };
}
