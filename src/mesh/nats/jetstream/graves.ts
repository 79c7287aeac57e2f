import { type MsgHdrs, headers as makeHeaders } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import { messageOf } from "../../../core/error.js";
import type { DeadEvent, Keeping } from "../../durable.js";
import { decodeData, decodeHeaders, FOR_HEADER } from "../event-wire.js";
import { TryAgain } from "../try-again.js";
import type { JetStreamApi, StoredMessage } from "./api.js";
import { FORMER_ID_HEADER, ID_HEADER, type KeptMessage, onClock } from "./kept-message.js";
import { DEAD_ROOT, DEAD_STREAM, ensureDeadStream } from "./streams.js";

/** What a dead event's headers say of it, beside its own. */
export const DEAD_HEADER = {
  subject: "Circuit-Dead-Subject",
  stream: "Circuit-Dead-Stream",
  consumer: "Circuit-Dead-Consumer",
  sequence: "Circuit-Dead-Sequence",
  deliveries: "Circuit-Dead-Deliveries",
  takenAtNs: "Circuit-Dead-Time",
  cause: "Circuit-Dead-Cause",
  /** Where the data is only the beginning: of how many bytes. */
  cutFromBytes: "Circuit-Dead-Cut-From",
} as const;

/** Longest cause that is kept, in characters: the beginning of a trace. */
const MOST_CAUSE = 2_000;

/** Shortest one that is worth its place, in bytes; for less, data is cut. */
const LEAST_CAUSE_BYTES = 200;

export interface Burial {
  readonly cause: unknown;
  readonly keeping: Keeping | undefined;
  /** Longest message that the server takes, in bytes. */
  readonly mostBytes: number;
}

/** Stores an event among the dead, cut where the server takes no more. Storing it twice is storing it once. */
export async function bury(
  api: JetStreamApi,
  kept: KeptMessage,
  { cause, keeping, mostBytes }: Burial,
): Promise<void> {
  await ensureDeadStream(api, keeping);
  const id = `${kept.stream}.${kept.consumer}.${kept.key}`;
  const { data, headers } = letterOf(kept, id, oneLine(messageOf(cause)), mostBytes);
  const stored = await api.publish(graveOf(kept), data, id, headers);
  if (stored === undefined) throw new TryAgain(`${DEAD_STREAM} does not answer`);
}

/** Whether an event is among the dead already. */
export async function isBuried(api: JetStreamApi, kept: KeptMessage): Promise<boolean> {
  const last = await api.findMessage(DEAD_STREAM, { last_by_subj: graveOf(kept) });
  return last?.headers.get(DEAD_HEADER.takenAtNs) === kept.takenAtNs;
}

/** A dead event; `undefined` where it is no event of ours, but what somebody else has published there. */
export function findDead(message: StoredMessage, clock: Clock): DeadEvent | undefined {
  const { headers, data, sequence, takenAt } = message;
  const [of, deliveries, takenAtNs] = [
    DEAD_HEADER.sequence,
    DEAD_HEADER.deliveries,
    DEAD_HEADER.takenAtNs,
  ].map((name) => wholeOf(headers.get(name)));
  const [subject, stream, consumer] = [DEAD_HEADER.subject, DEAD_HEADER.stream, DEAD_HEADER.consumer].map(
    (name) => headers.get(name),
  );
  if (!of || !deliveries || !takenAtNs || !subject || !stream || !consumer) return undefined;
  return {
    number: sequence,
    consumer,
    cause: headers.get(DEAD_HEADER.cause),
    diedAt: takenAt,
    event: {
      id: headers.get(FORMER_ID_HEADER) || `${stream}:${of}`,
      stream,
      sequence: of,
      storedAt: takenAtNs / 1e6,
      deliveryCount: deliveries,
      subject,
      data: decodeData(data, headers),
      headers: decodeHeaders(headers),
      from: undefined,
      at: onClock(clock, takenAtNs / 1e6),
    },
  };
}

/** A number that a header has, as we write it. */
function wholeOf(text: string): number | undefined {
  return /^\d{1,19}$/.test(text) ? Number(text) : undefined;
}

/** Subject of an event that was given up: one for each. */
function graveOf({ stream, consumer, sequence }: KeptMessage): string {
  return `${DEAD_ROOT}.${stream}.${consumer}.${sequence}`;
}

/** What is stored: the event and what is known of it, the cause shortened, and at last the data, until there is room. */
function letterOf(kept: KeptMessage, id: string, cause: string, mostBytes: number) {
  const { data } = kept.message;
  const known = [...knownOf(kept), [ID_HEADER, id]] as const;
  let entries = [...ownHeadersOf(kept), ...known];
  // Only another client's event can have so many, which its own server took without ours.
  if (sizeOf(entries) + LEAST_CAUSE_BYTES > mostBytes) entries = [...known];
  const room = mostBytes - sizeOf(entries) - sizeOf([[DEAD_HEADER.cause, ""]]);
  const causeBytes = Math.max(room - data.length, LEAST_CAUSE_BYTES);
  entries.push([DEAD_HEADER.cause, cut(cause, causeBytes)]);
  const roomForData = mostBytes - sizeOf(entries);
  if (data.length <= roomForData) return { data, headers: headersOf(entries) };
  entries.push([DEAD_HEADER.cutFromBytes, String(data.length)]);
  return { data: data.subarray(0, Math.max(0, mostBytes - sizeOf(entries))), headers: headersOf(entries) };
}

type Entry = readonly [name: string, value: string];

function knownOf(kept: KeptMessage): readonly Entry[] {
  return [
    [FORMER_ID_HEADER, kept.id],
    [DEAD_HEADER.subject, kept.message.subject],
    [DEAD_HEADER.stream, kept.stream],
    [DEAD_HEADER.consumer, kept.consumer],
    [DEAD_HEADER.sequence, String(kept.sequence)],
    [DEAD_HEADER.deliveries, String(kept.deliveryCount)],
    [DEAD_HEADER.takenAtNs, kept.takenAtNs],
  ];
}

function ownHeadersOf({ message: { headers } }: KeptMessage): Entry[] {
  const names = (headers?.keys() ?? []).filter((name) => !/^nats-/i.test(name) && name !== FOR_HEADER);
  return names.map((name) => [name, headers?.get(name) ?? ""]);
}

function headersOf(entries: readonly Entry[]): MsgHdrs {
  const headers = makeHeaders();
  for (const [name, value] of entries) headers.set(name, value);
  return headers;
}

/** Bytes that headers take on the wire: `NATS/1.0`, a line each, and an empty one. */
function sizeOf(entries: readonly Entry[]): number {
  let bytes = 12;
  for (const [name, value] of entries) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  return bytes;
}

/** The beginning of a text that takes so many bytes at most. */
function cut(text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) <= mostBytes) return text;
  // What the last character has lost is no character.
  return Buffer.from(text)
    .subarray(0, mostBytes)
    .toString()
    .replace(/\ufffd+$/u, "");
}

function oneLine(text: string): string {
  return text
    .replace(/\s+/gu, " ")
    .replace(/\p{Cc}/gu, "")
    .toWellFormed()
    .slice(0, MOST_CAUSE)
    .toWellFormed()
    .trim();
}
