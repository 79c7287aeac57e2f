import { type Json, jsonOf, type Payload } from "../mesh/payload.js";
import type { Entry } from "./entry.js";
import { BOARD_CHANGES, IS_FAILURE, IS_HEARD, PAYLOAD, RECORD } from "./format.js";
import type { WrittenNames } from "./names.js";
import type { RecordWriter } from "./record-writer.js";

const TYPES = {
  board: RECORD.board,
  "to-board": RECORD.toBoard,
  "to-host": RECORD.toHost,
  edge: RECORD.edge,
  message: RECORD.message,
  ack: RECORD.ack,
  event: RECORD.event,
  told: RECORD.told,
} as const;

/** Writes an entry's record. @param sinceNs Nanoseconds since the entry before. */
export function encodeEntry(out: RecordWriter, entry: Entry, sinceNs: number, names: WrittenNames): void {
  // What has no JSON is refused before anything is written, or has a number.
  const json = "payload" in entry && isJson(entry.payload) ? jsonOf(entry.payload) : "";
  if (entry.kind === "frame") out.begin(entry.direction === "in" ? RECORD.frameIn : RECORD.frameOut);
  else out.begin(TYPES[entry.kind]);
  out.signed(sinceNs);
  encodeBody(out, entry, json, names);
  out.end();
}

function encodeBody(out: RecordWriter, entry: Entry, json: string, names: WrittenNames): void {
  switch (entry.kind) {
    case "to-board":
    case "to-host":
      names.write(out, entry.board);
      out.bytes(entry.bytes);
      break;
    case "edge":
      names.write(out, entry.board);
      out.number(entry.pin * 2 + entry.level);
      break;
    case "frame":
      names.write(out, entry.peer);
      out.bytes(entry.bytes);
      break;
    case "message":
      out.number(entry.id);
      names.write(out, entry.from);
      names.write(out, entry.node);
      names.write(out, entry.channel);
      encodePayload(out, entry.payload, json, 0);
      break;
    case "ack":
      out.number(entry.id);
      encodePayload(out, entry.payload, json, entry.isFailure ? IS_FAILURE : 0);
      break;
    case "event":
      names.write(out, entry.subject);
      encodePayload(out, entry.payload, json, entry.what === "heard" ? IS_HEARD : 0);
      break;
    case "board":
      names.write(out, entry.board);
      out.byte(BOARD_CHANGES.indexOf(entry.what));
      out.number(entry.baud);
      out.lastText(entry.address);
      break;
    case "told":
      out.lastText(entry.text);
  }
}

function encodePayload(out: RecordWriter, payload: Payload, json: string, flags: number): void {
  if (isJson(payload)) {
    out.byte(PAYLOAD.json | flags);
    out.lastText(json);
  } else if (typeof payload === "string") {
    out.byte(PAYLOAD.text | flags);
    out.lastText(payload);
  } else {
    out.byte(PAYLOAD.bytes | flags);
    out.bytes(payload);
  }
}

function isJson(payload: Payload): payload is Json {
  return typeof payload !== "string" && !(payload instanceof Uint8Array);
}
