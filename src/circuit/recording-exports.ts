import { stat } from "node:fs/promises";
import { CircuitError } from "../core/error.js";
import type { Export, Wired, Write } from "../record/export/export.js";
import { NOTHING_WIRED } from "../record/export/export.js";
import { exportRecording } from "../record/export/export-recording.js";
import { Samples } from "../record/export/samples.js";
import { Sink } from "../record/export/sink.js";
import { surveyEntries } from "../record/export/survey.js";
import { Vcd } from "../record/export/vcd.js";
import { Wav } from "../record/export/wav.js";
import { openRecording, type Recording } from "../record/recording.js";
import { attachments, wiredPins } from "../wiring/attachments.js";
import { findPinNumber } from "../wiring/parts.js";
import { loadWiring } from "./boards.js";

/** What a recording can be made to, in the order in which it is told. */
const FORMATS = ["vcd", "wav", "csv"] as const;
export type ExportFormat = (typeof FORMATS)[number];

export interface ExportsOptions {
  /** Where each goes: a path, or `-`. */
  readonly outputs: Readonly<Partial<Record<ExportFormat, string>>>;
  /** Path of a wiring, which tells what is on the pins. */
  readonly wiring?: string | undefined;
  /** Takes what goes to `-`. */
  readonly stdout: (bytes: Uint8Array) => Promise<void> | undefined;
  readonly signal: AbortSignal;
}

/** One that is done. */
export interface DoneExport {
  readonly path: string;
  readonly summary: string;
  /** Why there is nothing in it, where it is so. */
  readonly emptiness: string | undefined;
}

/**
 * Makes files of a recording, all in one pass after one that looks what there is. Files that are there are overwritten.
 *
 * @throws {CircuitError} `FILE_FAILED`, `WIRING_INVALID`; `USAGE` for outputs that cannot be together.
 */
export async function exportFiles(path: string, options: ExportsOptions): Promise<readonly DoneExport[]> {
  const { outputs, wiring, signal } = options;
  const wired = wiring === undefined ? NOTHING_WIRED : await loadWired(wiring);
  const recording = await openRecording(path);
  const sinks: Sink[] = [];
  try {
    await checkOutputs(path, outputs);
    const survey = await surveyEntries(stoppable(recording, signal), recording.durationMs);
    const { beganAt, version } = recording.header;
    const make: Readonly<Record<ExportFormat, (write: Write) => Export>> = {
      vcd: (write) => new Vcd({ survey, wired, write, beganAt, version }),
      wav: (write) => new Wav({ survey, wired, write }),
      csv: (write) => new Samples({ write }),
    };
    const made: (readonly [path: string, made: Export])[] = [];
    for (const format of FORMATS) {
      const output = outputs[format];
      if (output === undefined) continue;
      // What cannot be made is known before a file is overwritten.
      let sink: Sink | undefined;
      made.push([output, make[format]((chunk) => sink?.write(chunk))]);
      sink = output === "-" ? new Sink(options.stdout) : await Sink.open(output);
      sinks.push(sink);
    }
    const room = () => {
      const waits = sinks.flatMap((sink) => sink.room() ?? []);
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
    };
    const readable = { durationMs: recording.durationMs, entries: () => stoppable(recording, signal) };
    await exportRecording(
      readable,
      survey,
      made.map(([, each]) => each),
      room,
    );
    for (const sink of sinks.splice(0)) await sink.end();
    return made.map(([output, each]) => ({
      path: output,
      summary: each.summary(),
      emptiness: each.emptiness(),
    }));
  } finally {
    for (const sink of sinks) await sink.close();
    await recording.close();
  }
}

async function* stoppable(recording: Recording, signal: AbortSignal) {
  for await (const entry of recording.entries()) {
    signal.throwIfAborted();
    yield entry;
  }
}

async function loadWired(path: string): Promise<Wired> {
  const wiring = await loadWiring(path);
  const piezos = attachments(wiring).filter(({ type }) => type === "wokwi-buzzer");
  const pins = piezos.flatMap(({ terminals }) =>
    Object.values(terminals).flatMap((name) => findPinNumber(name) ?? []),
  );
  return { parts: wiredPins(wiring), piezos: new Set(pins) };
}

/** No output is the recording itself, and no two are one. */
async function checkOutputs(path: string, outputs: ExportsOptions["outputs"]): Promise<void> {
  const identity = async (file: string) => {
    const found = await stat(file).catch(() => undefined);
    return found?.isFile() ? `${found.dev}:${found.ino}` : file;
  };
  const taken = new Map([[await identity(path), `the recording ${path} itself`]]);
  for (const [format, output] of Object.entries(outputs)) {
    const id = await identity(output);
    const other = taken.get(id);
    if (other !== undefined)
      throw new CircuitError("USAGE", `Cannot write --${format} to ${output}: it is ${other}`, {
        hint: "Give each its own file; one of them may be `-`.",
      });
    taken.set(id, `where --${format} goes`);
  }
}
