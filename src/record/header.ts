import { BrokenRecord } from "./record-reader.js";

/** What a recording says of itself before its first entry. Of one that was cut off within it, nothing is known. */
export interface RecordingHeader {
  /** When it began, as an ISO date; left out where time was virtual. */
  readonly beganAt?: string;
  /** Version of circuit that recorded it. */
  readonly version?: string;
  /** Addresses of the boards, by name. */
  readonly boards?: Readonly<Record<string, string>>;
  /** What the circuit's random numbers began with, where it was given. */
  readonly seed?: number;
}

/** A header from its JSON. What is not known here is left out. @throws {BrokenRecord} */
export function parseHeader(json: string): RecordingHeader {
  const { beganAt, version, boards, seed } = parseObject(json);
  return {
    ...(typeof beganAt === "string" && { beganAt }),
    ...(typeof version === "string" && { version }),
    ...(isTexts(boards) && { boards }),
    ...(typeof seed === "number" && { seed }),
  };
}

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new BrokenRecord("its header is not JSON");
  }
  if (typeof value !== "object" || value === null) throw new BrokenRecord("its header is no JSON object");
  return { ...value };
}

function isTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((text) => typeof text === "string");
}
