import { escaped, isPrintable } from "../core/printable.js";
import { readFrame } from "../mesh/framed/frame-reader.js";
import type { FrameSink } from "../mesh/framed/frame-sink.js";
import { RECORD } from "../mesh/framed/records.js";
import { describePayload } from "./payload-words.js";

/** What a frame of the mesh says, in words: one of `circuit.1`, or a text of the plain protocol. */
export function describeFrame(frame: Uint8Array): string {
  return describeFramed(frame) ?? describeText(frame) ?? `${frame.length} bytes`;
}

/** A text on one line, where the bytes are one. */
function describeText(frame: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(frame);
    return isPrintable(text.replace(/\s/g, " ")) ? escaped(text) : undefined;
  } catch {
    return undefined;
  }
}

function describeFramed(frame: Uint8Array): string | undefined {
  const records: string[] = [];
  try {
    readFrame(frame, sinkFor(records));
  } catch {
    return undefined;
  }
  return records.join(", ");
}

/** Takes what a frame says as words. */
function sinkFor(records: string[]): FrameSink {
  return {
    json: (type) => records.push(nameOf(type)),
    open: (channel, name) => records.push(`channel ${channel} is ${escaped(name)}`),
    chain: (channel) => records.push(`chain of channel ${channel}`),
    message: (channel, sequence, payload) =>
      records.push(`message ${sequence} on channel ${channel}: ${describePayload(payload)}`),
    ack: (channel, sequence, payload) =>
      records.push(`ack ${sequence} on channel ${channel}: ${describePayload(payload)}`),
    failure: (channel, sequence, { reason }) =>
      records.push(`failure ${sequence} on channel ${channel}: ${escaped(reason)}`),
    numbers: (type, first, second) => records.push(`${nameOf(type)} ${first} ${second}`),
    interest: () => records.push("interest"),
    event: (subject, data) => records.push(`event ${escaped(subject)}: ${describePayload(data)}`),
  };
}

function nameOf(type: number): string {
  return Object.entries(RECORD).find(([, value]) => value === type)?.[0] ?? `record ${type}`;
}
