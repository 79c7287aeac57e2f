import { CircuitError } from "../../core/error.js";
import type { Hello, Interest, Welcome } from "./records.js";

/**
 * Reads what a sender says first.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function parseHello(value: unknown): Hello {
  const { version, sender, target, boot, channels } = fieldsOf(value);
  if (version !== 1) throw invalid(`version ${String(version)} instead of 1`);
  return {
    version: 1,
    sender: text(sender, "sender"),
    target: text(target, "target"),
    ...(boot !== undefined && { boot: text(boot, "boot") }),
    channels: list(channels).map((channel) => {
      const [id, name, first] = list(channel);
      return [whole(id), text(name, "channel", 0), whole(first)];
    }),
  };
}

/**
 * Reads what a receiver answers.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function parseWelcome(value: unknown): Welcome {
  const { version, node, boot, process, session, resumed, channels, window, windowBytes } = fieldsOf(value);
  if (version !== 1) throw invalid(`version ${String(version)} instead of 1`);
  return {
    version: 1,
    node: text(node, "node"),
    boot: text(boot, "boot"),
    ...(process !== undefined && { process: text(process, "process") }),
    session: text(session, "session"),
    resumed: resumed === true,
    channels: list(channels).map((channel) => {
      const [id, received] = list(channel);
      return [whole(id), whole(received)];
    }),
    window: whole(window),
    windowBytes: whole(windowBytes),
  };
}

/**
 * Reads what a process listens to. The patterns are any texts.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function parseInterest(value: unknown): Interest {
  const { process, patterns } = fieldsOf(value);
  return {
    process: text(process, "process"),
    patterns: list(patterns).map((pattern) => {
      if (typeof pattern === "string") return pattern;
      throw invalid("a pattern that is no text");
    }),
  };
}

/** Longest id or name in a greeting, in characters: a UUID has 36. */
const MOST_CHARACTERS = 255;

function fieldsOf(value: unknown): Record<string, unknown> {
  // The cast: of any object every field may be asked for, and is checked before it is used.
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw invalid("no object");
}

function text(value: unknown, name: string, least = 1): string {
  if (typeof value === "string" && value.length >= least && value.length <= MOST_CHARACTERS) return value;
  throw invalid(`no ${name} of ${least} to ${MOST_CHARACTERS} characters`);
}

function whole(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid("a number that is not whole");
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid("something else where a list belongs");
}

function invalid(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot read a greeting: it has ${what}`);
}
