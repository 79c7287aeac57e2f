import { CircuitError } from "../../core/error.js";
import { MOST_KEYS } from "../safety/keyring.js";
import {
  type Ask,
  type Challenge,
  type Hello,
  type Interest,
  PROOF_BYTES,
  type QueueInterest,
  type Welcome,
} from "./records.js";

/**
 * Reads what a sender says first.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function parseHello(value: unknown): Hello {
  const { version, sender, target, boot, channels, from, nonce, token, via, serves } = fieldsOf(value);
  if (version !== 1) throw invalid(`version ${String(version)} instead of 1`);
  return {
    version: 1,
    sender: text(sender, "sender"),
    target: text(target, "target"),
    ...(boot !== undefined && { boot: text(boot, "boot") }),
    ...(from !== undefined && { from: text(from, "from") }),
    ...(nonce !== undefined && { nonce: text(nonce, "nonce") }),
    ...(token !== undefined && { token: text(token, "token") }),
    ...(via === true && { via }),
    ...(serves !== undefined && { serves: text(serves, "serves") }),
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
 * Reads how a receiver proves itself, and asks its sender to do the same.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function parseChallenge(value: unknown): Challenge {
  const { node, boot, nonce, proofs } = fieldsOf(value);
  return {
    node: text(node, "node"),
    boot: text(boot, "boot"),
    nonce: text(nonce, "nonce"),
    proofs: listOfProofs(proofs),
  };
}

/**
 * Reads a sender's proofs: one for each secret that it has.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function parseProofs(value: unknown): readonly Uint8Array[] {
  return listOfProofs(fieldsOf(value).proofs).map((proof) => Buffer.from(proof, "base64url"));
}

/**
 * Reads what a process listens to. The patterns and names of queues are any texts.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function parseInterest(value: unknown): Interest {
  const { process, patterns, queues, last } = fieldsOf(value);
  return {
    process: text(process, "process"),
    patterns: list(patterns).map(anyText),
    ...(queues !== undefined && { queues: list(queues).map(queueOf) }),
    ...(last !== undefined && { last: list(last).map(askOf) }),
  };
}

function queueOf(value: unknown): QueueInterest {
  const [pattern, queue] = list(value);
  return [anyText(pattern), anyText(queue)];
}

function askOf(value: unknown): Ask {
  const [ask, pattern, after] = list(value);
  return [whole(ask), anyText(pattern), whole(after)];
}

function anyText(value: unknown): string {
  if (typeof value === "string") return value;
  throw invalid("a pattern or a queue that is no text");
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

function listOfProofs(value: unknown): readonly string[] {
  const proofs = list(value);
  if (proofs.length > MOST_KEYS) throw invalid(`${proofs.length} proofs instead of at most ${MOST_KEYS}`);
  return proofs.map((proof) => {
    const found = text(proof, "proof");
    if (Buffer.from(found, "base64url").length !== PROOF_BYTES)
      throw invalid(`a proof that has not ${PROOF_BYTES} bytes`);
    return found;
  });
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
