import { CircuitError } from "../../core/error.js";

/**
 * Subjects of the mesh on NATS. A node's name and a channel are one token each:
 *
 * ```text
 * circuit.⟨node⟩               a request on the empty channel
 * circuit.⟨node⟩.⟨channel⟩      a request: text in, ack out
 * circuit.⟨node⟩._open          asks a member of the node for a link
 * circuit.⟨node⟩._open.⟨member⟩  asks this member
 * circuit.⟨node⟩._link.⟨link⟩.*  frames to the member
 * _INBOX.⟨…⟩.*                 frames to the sender
 * ```
 *
 * A token is the name's UTF-8, where each byte other than an ASCII letter, a digit, `-` and `_` is `=` and two upper-case
 * hexadecimal digits; so is a `_` at the beginning, which is kept for tokens of our own. The empty name is `=`.
 */
const ROOT = "circuit";

/** Longest name of a node, in bytes of UTF-8: what a hello carries. Three times that is a quarter of a NATS line. */
const MOST_NAME_BYTES = 255;

/** A node of this name would take failures of observers, `circuit.errors.⟨node⟩`, for requests. */
const ERRORS_NODE = "errors";

/** Separates a node's name from the id of one of its members, in a target. */
const MEMBER_MARK = "@";

/** Members of a node share its messages under this name, ADR-32's own. */
export const QUEUE_GROUP = "q";

const OPEN = "_open";
const LINK = "_link";

/** What frames to a sender begin with: the client's own inboxes, which permissions usually allow. */
export const INBOX_ROOT = "_INBOX.";

/** A name as one token of a subject. No two names have the same. */
export function encodeToken(name: string): string {
  if (name === "") return "=";
  let token = "";
  for (const byte of Buffer.from(name)) {
    const character = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9-]/.test(character) || (character === "_" && token !== "");
    token += isPlain ? character : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return token;
}

/** The name of a token; `undefined` for what `encodeToken()` never gives. */
export function decodeToken(token: string): string | undefined {
  if (!/^(?:[\w-]|=[0-9A-F]{2})+$|^=$/.test(token)) return undefined;
  const bytes =
    token === "="
      ? ""
      : token.replace(/=(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const name = Buffer.from(bytes, "latin1").toString();
  return encodeToken(name) === token ? name : undefined;
}

/** A node, or one member of it, as messages are sent to it. */
export interface Target {
  readonly node: string;
  readonly member: string | undefined;
}

/**
 * Reads a target: a node's name, or `name@member`.
 *
 * @throws {CircuitError} `ADDRESS_INVALID`.
 */
export function parseTarget(target: string): Target {
  const mark = target.indexOf(MEMBER_MARK);
  const node = mark < 0 ? target : target.slice(0, mark);
  const member = mark < 0 ? undefined : target.slice(mark + 1);
  checkNodeName(node);
  if (member === undefined || /^[\w-]{1,64}$/.test(member)) return { node, member };
  throw new CircuitError(
    "ADDRESS_INVALID",
    `Cannot reach ${JSON.stringify(target)}: what follows the ${MEMBER_MARK} is no member's id`,
    { hint: "Give the id as NATS's service discovery shows it, or the name alone." },
  );
}

/**
 * Lets through what a node can be called on NATS.
 *
 * @throws {CircuitError} `ADDRESS_INVALID`.
 */
export function checkNodeName(name: string): void {
  const problem = findProblem(name);
  if (problem === undefined) return;
  throw new CircuitError(
    "ADDRESS_INVALID",
    `Cannot use the name ${JSON.stringify(name)} on NATS: ${problem}`,
    {
      hint: "Choose a short name of letters and digits.",
    },
  );
}

function findProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name === ERRORS_NODE) return "that is where failures of observers are published";
  if (!name.isWellFormed()) return "it has half of a surrogate pair";
  const bytes = Buffer.byteLength(name);
  if (bytes > MOST_NAME_BYTES) return `it has ${bytes} bytes of at most ${MOST_NAME_BYTES}`;
  return name.includes(MEMBER_MARK) ? `a ${MEMBER_MARK} begins the id of a member` : undefined;
}

/** Where a node takes requests: on the empty channel, and on every other. */
export function requestSubjects(node: string): readonly [string, string] {
  const root = nodeSubject(node);
  return [root, `${root}.*`];
}

/** Where a single request for a channel goes. */
export function requestSubject(node: string, channel: string): string {
  return channel === "" ? nodeSubject(node) : `${nodeSubject(node)}.${encodeToken(channel)}`;
}

/** The channel of a request; `undefined` where it has none that anybody can mean. */
export function channelOf(node: string, subject: string): string | undefined {
  const root = nodeSubject(node);
  return subject === root ? "" : decodeToken(subject.slice(root.length + 1));
}

export function openSubject({ node, member }: Target): string {
  return member === undefined ? `${nodeSubject(node)}.${OPEN}` : `${nodeSubject(node)}.${OPEN}.${member}`;
}

export function linkSubject(node: string, link: string): string {
  return `${nodeSubject(node)}.${LINK}.${link}`;
}

/** Whether a subject is one that a member of this node may hand out. */
export function isLinkSubject(node: string, subject: string): boolean {
  const root = `${nodeSubject(node)}.${LINK}.`;
  return subject.startsWith(root) && /^[\w-]{1,64}$/.test(subject.slice(root.length));
}

/** Whether a subject is an inbox, and safe to publish to. */
export function isInbox(subject: string): boolean {
  return subject.startsWith(INBOX_ROOT) && /^[\w-]+(?:\.[\w-]+){1,8}$/.test(subject) && subject.length <= 255;
}

function nodeSubject(node: string): string {
  return `${ROOT}.${encodeToken(node)}`;
}
