import type { Payload } from "../mesh/payload.js";
import type { Entry } from "./entry.js";
import { BOARD_CHANGES, IS_FAILURE, IS_HEARD, PAYLOAD, RECORD } from "./format.js";
import type { ReadNames } from "./names.js";
import { BrokenRecord, type RecordReader } from "./record-reader.js";

/**
 * Reads what an entry's record holds behind its type and time.
 *
 * @throws {BrokenRecord} Where it is none.
 */
export function decodeEntry(type: number, atMs: number, body: RecordReader, names: ReadNames): Entry {
  const entry = decodeBody(type, atMs, body, names);
  body.finish();
  return entry;
}

function decodeBody(type: number, atMs: number, body: RecordReader, names: ReadNames): Entry {
  switch (type) {
    case RECORD.toBoard:
      return { kind: "to-board", atMs, board: names.read(body), bytes: body.lastBytes() };
    case RECORD.toHost:
      return { kind: "to-host", atMs, board: names.read(body), bytes: body.lastBytes() };
    case RECORD.edge: {
      const board = names.read(body);
      const packed = body.number();
      return { kind: "edge", atMs, board, pin: Math.floor(packed / 2), level: packed % 2 === 1 ? 1 : 0 };
    }
    case RECORD.frameIn:
      return { kind: "frame", atMs, direction: "in", peer: names.read(body), bytes: body.lastBytes() };
    case RECORD.frameOut:
      return { kind: "frame", atMs, direction: "out", peer: names.read(body), bytes: body.lastBytes() };
    case RECORD.board:
      return decodeBoard(atMs, body, names);
    case RECORD.message:
      return {
        kind: "message",
        atMs,
        id: body.number(),
        from: names.read(body),
        node: names.read(body),
        channel: names.read(body),
        payload: decodePayload(body.byte(), body),
      };
    case RECORD.ack: {
      const id = body.number();
      const flags = body.byte();
      const isFailure = flags >= IS_FAILURE;
      return { kind: "ack", atMs, id, isFailure, payload: decodePayload(flags & ~IS_FAILURE, body) };
    }
    case RECORD.event: {
      const subject = names.read(body);
      const flags = body.byte();
      const what = flags >= IS_HEARD ? "heard" : "published";
      return { kind: "event", atMs, what, subject, payload: decodePayload(flags & ~IS_HEARD, body) };
    }
    case RECORD.told:
      return { kind: "told", atMs, text: body.lastText() };
    default:
      throw new BrokenRecord(`it is of an unknown kind, ${type}`);
  }
}

function decodeBoard(atMs: number, body: RecordReader, names: ReadNames): Entry {
  const board = names.read(body);
  const what = BOARD_CHANGES[body.byte()];
  if (what === undefined) throw new BrokenRecord("what happened to a board is unknown");
  return { kind: "board", atMs, board, what, baud: body.number(), address: body.lastText() };
}

function decodePayload(kind: number, body: RecordReader): Payload {
  switch (kind) {
    case PAYLOAD.text:
      return body.lastText();
    case PAYLOAD.bytes:
      return body.lastBytes();
    case PAYLOAD.json:
      return parseJson(body.lastText());
    default:
      throw new BrokenRecord(`a payload is of an unknown kind, ${kind}`);
  }
}

function parseJson(text: string): Payload {
  try {
    // The cast: what JSON.parse() gives is Json, or a text.
    return JSON.parse(text) as Payload;
  } catch {
    throw new BrokenRecord("a payload is not JSON");
  }
}
