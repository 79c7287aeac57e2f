import { CircuitError } from "../core/error.js";
import { isLonger } from "./payload.js";

/**
 * Subjects name events, and patterns choose among them, by NATS's rules:
 * https://docs.nats.io/nats-concepts/subjects. Tokens are separated by dots; in a pattern `*` stands for one token, and
 * `>`, at its end, for one or more.
 */

/** Longest subject, in bytes of UTF-8: that of a channel, and far below the line of 4 096 that NATS reads. */
const MOST_BYTES = 255;

/** Tokens of a subject at most: what NATS's documentation advises. It bounds how deep a pattern is looked for. */
const MOST_TOKENS = 16;

const ANY_TOKEN = "*";
const ANY_TOKENS = ">";

/** What was let through last: most events have the subject of the one before. */
let lastChecked = "";

/**
 * Lets through what a user may publish to.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkSubject(subject: string): void {
  if (subject === lastChecked) return;
  const problem = findSubjectProblem(subject) ?? findReservedProblem(subject);
  if (problem === undefined) {
    lastChecked = subject;
    return;
  }
  throw new CircuitError("MESSAGE_INVALID", `Cannot publish to ${quote(subject)}: ${problem}`, {
    hint: "Name it by words with dots between, for example button.pressed.",
  });
}

/**
 * Lets through what can be listened to.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkPattern(pattern: string): void {
  const problem = findPatternProblem(pattern);
  if (problem === undefined) return;
  throw new CircuitError("MESSAGE_INVALID", `Cannot listen to ${quote(pattern)}: ${problem}`, {
    hint: "Write it like button.pressed, button.* or button.>.",
  });
}

/** Why a text is no subject, whoever publishes to it; `undefined` where it is one. */
export function findSubjectProblem(subject: string): string | undefined {
  const problem = findProblem(subject);
  if (problem !== undefined || !/[*>]/.test(subject)) return problem;
  return `"${ANY_TOKEN}" and "${ANY_TOKENS}" are for those who listen`;
}

/** Why a text is no pattern; `undefined` where it is one. */
export function findPatternProblem(pattern: string): string | undefined {
  const problem = findProblem(pattern);
  if (problem !== undefined || !/[*>]/.test(pattern)) return problem;
  const tokens = pattern.split(".");
  if (tokens.some((token) => token.length > 1 && /[*>]/.test(token)))
    return `"${ANY_TOKEN}" and "${ANY_TOKENS}" stand for whole words`;
  const rest = tokens.indexOf(ANY_TOKENS);
  return rest < 0 || rest === tokens.length - 1 ? undefined : `"${ANY_TOKENS}" comes last`;
}

/** Whether a checked pattern stands for more than one subject. */
export function hasWildcard(pattern: string): boolean {
  return /[*>]/.test(pattern);
}

/** Whether a subject is one of the mesh's or the engine's own, which wildcards at a pattern's beginning leave out. */
export function isReserved(subject: string): boolean {
  if (subject.startsWith("$")) return true;
  const dot = subject.indexOf(".");
  const first = dot < 0 ? subject : subject.slice(0, dot);
  return first === "circuit" || first === "_INBOX";
}

/** Whether a pattern takes a subject in. Both are checked. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split(".");
  const tokens = subject.split(".");
  if (isWild(wanted[0]) && isReserved(subject)) return false;
  const takesRest = wanted.at(-1) === ANY_TOKENS;
  if (takesRest ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
  return wanted.every((want, at) => isWild(want) || want === tokens[at]);
}

/** A place in the tree of patterns: what follows it, and who is there. */
interface Branch<Listener> {
  readonly next: Map<string, Branch<Listener>>;
  readonly here: Set<Listener>;
}

/**
 * Who listens to what. Finding those who listen to a subject costs as much as it has tokens and as patterns with
 * wildcards run beside it, however many other patterns there are.
 */
export class SubjectIndex<Listener> {
  #root: Branch<Listener> = { next: new Map(), here: new Set() };

  /** Adds a listener to a checked pattern. Adding it again does nothing. */
  add(pattern: string, listener: Listener): void {
    let branch = this.#root;
    for (const token of pattern.split(".")) {
      let next = branch.next.get(token);
      if (next === undefined) {
        next = { next: new Map(), here: new Set() };
        branch.next.set(token, next);
      }
      branch = next;
    }
    branch.here.add(listener);
  }

  /** Takes a listener from a pattern. Idempotent. */
  delete(pattern: string, listener: Listener): void {
    const tokens = pattern.split(".");
    const path = [this.#root];
    for (const token of tokens) {
      const next = path.at(-1)?.next.get(token);
      if (next === undefined) return;
      path.push(next);
    }
    path.at(-1)?.here.delete(listener);
    // What leads nowhere any more is cut off.
    for (let at = tokens.length; at > 0; at--) {
      const branch = path[at];
      if (branch === undefined || branch.here.size > 0 || branch.next.size > 0) return;
      path[at - 1]?.next.delete(tokens[at - 1] ?? "");
    }
  }

  /** Everybody who listens to a checked subject, each once. */
  find(subject: string): Set<Listener> {
    const found = new Set<Listener>();
    let branches = [this.#root];
    let mayBeWild = !isReserved(subject);
    for (const token of subject.split(".")) {
      const next: Branch<Listener>[] = [];
      for (const branch of branches) {
        const same = branch.next.get(token);
        if (same) next.push(same);
        if (!mayBeWild) continue;
        const any = branch.next.get(ANY_TOKEN);
        if (any) next.push(any);
        for (const listener of branch.next.get(ANY_TOKENS)?.here ?? []) found.add(listener);
      }
      branches = next;
      mayBeWild = true;
    }
    for (const { here } of branches) for (const listener of here) found.add(listener);
    return found;
  }
}

/** What subjects and patterns have in common. */
function findProblem(text: unknown): string | undefined {
  if (typeof text !== "string") return `it is ${typeof text}, not a text`;
  if (text === "") return "it is empty";
  if (!text.isWellFormed()) return "it has half of a surrogate pair";
  if (isLonger(text, MOST_BYTES)) return `it has ${Buffer.byteLength(text)} bytes of at most ${MOST_BYTES}`;
  // Spaces end a subject on the wire of NATS; what cannot be seen cannot be meant.
  if (/[\s\p{Cc}]/u.test(text)) return "it has a space or a control character";
  const tokens = text.split(".");
  if (tokens.includes("")) return "there is nothing between two dots, or before or after one";
  return tokens.length > MOST_TOKENS ? `it has ${tokens.length} words of at most ${MOST_TOKENS}` : undefined;
}

function findReservedProblem(subject: string): string | undefined {
  return isReserved(subject) ? 'what begins with "circuit.", "_INBOX." or "$" is not for users' : undefined;
}

function isWild(token: string | undefined): boolean {
  return token === ANY_TOKEN || token === ANY_TOKENS;
}

function quote(text: unknown): string {
  return JSON.stringify(String(text).slice(0, 100));
}
