import { FrameSplitter } from "../firmata/frames.js";
import { decodeToBoard, type ToBoard } from "../firmata/to-board.js";
import { decodeToHost, encodeToHost, type ToHost } from "../firmata/to-host.js";
import { type Act, ActReader } from "./acts.js";
import { answeredBy, questionOf } from "./questions.js";
import { StandIn } from "./stand-in.js";

/** An act, and when it was, in milliseconds since the link was opened. */
export interface TimedAct extends Act {
  readonly atMs: number;
}

/** A message that a board answers, and what became of it. */
export interface AskedThen {
  readonly atMs: number;
  answer?: AnswerThen;
}

export interface AnswerThen {
  /** From the question to the end of the answer, in milliseconds. */
  readonly delayMs: number;
  readonly bytes: Uint8Array;
  readonly message: ToHost;
  /** Whether it is what any board would have answered. */
  readonly isRegular: boolean;
}

/** What a board said unasked: an edge, a sample, noise. */
export interface Unasked {
  readonly atMs: number;
  readonly bytes: Uint8Array;
  /** What the bytes say; `undefined` where they are no message. */
  readonly message?: ToHost;
  /** How often the host had said what reports it wants of this. */
  readonly wanted?: { readonly lane: string; readonly count: number };
}

/** What was on a board's wire from its opening to its end. All times are since the opening, in milliseconds. */
export interface Life {
  readonly openedAtMs: number;
  /** Bits a second when it was opened; 0 where nothing limits it. */
  readonly baud: number;
  /** Whether the line's speed could be changed. */
  readonly hasSpeeds: boolean;
  readonly acts: readonly TimedAct[];
  /** Messages that are answered, by what `questionOf()` says of them. */
  readonly asked: ReadonlyMap<string, readonly AskedThen[]>;
  readonly unasked: readonly Unasked[];
  /** What the board said of itself. */
  readonly ownWords: readonly ToHost[];
  /** `cut` where the recording ends before the link. */
  readonly end: "lost" | "closed" | "cut";
  readonly endMs: number;
  /** When its host began to leave it, as far as that can be seen; `endMs` otherwise. */
  readonly leftMs: number;
}

/** An answer that has not come after so long belongs to another question, in milliseconds: a session waits for 1 000. */
const ANSWER_MS = 1_500;

/** What leaves a board's pins as they are to be is written in one turn, and is confirmed within this, in milliseconds. */
const TURN_MS = 5;
const LEAVING_MS = 300;

/** A question without an answer so far. */
interface Open {
  readonly asked: AskedThen;
  /** What any board would answer. */
  readonly expected: Uint8Array | undefined;
}

/** Takes in a life, message by message. */
export class LifeReader {
  readonly #openedAtMs: number;
  readonly #baud: number;
  readonly #acts: TimedAct[] = [];
  readonly #reader = new ActReader();
  readonly #standIn = new StandIn();
  readonly #asked = new Map<string, AskedThen[]>();
  readonly #open = new Map<string, Open[]>();
  readonly #unasked: Unasked[] = [];
  readonly #ownWords: ToHost[] = [];
  readonly #wanted = new Map<string, number>();
  #hasSpeeds = false;
  #questions = 0;
  #atMs = 0;
  readonly #toBoard = new FrameSplitter("toBoard", { frame: (frame) => this.#said(decodeToBoard(frame)) });
  readonly #toHost = new FrameSplitter("toHost", {
    frame: (frame) => this.#heard(frame.slice()),
    discard: (bytes) => this.#unasked.push({ atMs: this.#atMs, bytes: bytes.slice() }),
  });

  constructor(openedAtMs: number, baud: number) {
    this.#openedAtMs = openedAtMs;
    this.#baud = baud;
  }

  /** Messages so far. */
  get length(): number {
    return this.#acts.length + this.#unasked.length + this.#questions;
  }

  toBoard(atMs: number, bytes: Uint8Array): void {
    this.#atMs = this.#since(atMs);
    this.#toBoard.push(bytes);
  }

  toHost(atMs: number, bytes: Uint8Array): void {
    this.#atMs = this.#since(atMs);
    this.#toHost.push(bytes);
  }

  /** The line has another speed. */
  changedSpeed(): void {
    this.#hasSpeeds = true;
  }

  end(end: Life["end"], atMs: number): Life {
    const endMs = this.#since(atMs);
    return {
      openedAtMs: this.#openedAtMs,
      baud: this.#baud,
      hasSpeeds: this.#hasSpeeds,
      acts: this.#acts,
      asked: this.#asked,
      unasked: this.#unasked,
      ownWords: this.#ownWords,
      end,
      endMs,
      leftMs: end === "closed" ? leftAt(this.#acts, endMs) : endMs,
    };
  }

  /** What came while the link was being opened came at once. */
  #since(atMs: number): number {
    return Math.max(0, atMs - this.#openedAtMs);
  }

  #said(message: ToBoard): void {
    const atMs = this.#atMs;
    for (const act of this.#reader.read(message)) {
      this.#acts.push({ ...act, atMs });
      this.#wanted.set(act.lane, (this.#wanted.get(act.lane) ?? 0) + 1);
    }
    if (message.type === "speed") this.#hasSpeeds = true;
    const [expected] = this.#standIn.execute(message);
    const question = questionOf(message);
    if (question === undefined) return;
    this.#questions++;
    const asked: AskedThen = { atMs };
    listOf(this.#asked, question).push(asked);
    listOf(this.#open, question).push({ asked, expected: expected && encodeToHost(expected) });
  }

  #heard(bytes: Uint8Array): void {
    const message = decodeToHost(bytes);
    const atMs = this.#atMs;
    if (this.#standIn.hear(message)) this.#ownWords.push(message);
    const open = this.#askedFor(message, bytes);
    if (open) {
      const { asked, expected } = open;
      const isRegular = expected !== undefined && isSame(expected, bytes);
      asked.answer = { delayMs: atMs - asked.atMs, bytes, message, isRegular };
    } else {
      const lane = wantedLane(message);
      const wanted = lane === undefined ? undefined : { lane, count: this.#wanted.get(lane) ?? 0 };
      this.#unasked.push({ atMs, bytes, message, ...(wanted && { wanted }) });
    }
    if (message.type === "digitalPort") this.#standIn.drive(message.port, message.levels);
  }

  /** The question that a message answers: the first that would have this answer, and those before it have none. */
  #askedFor(message: ToHost, bytes: Uint8Array): Open | undefined {
    const open = this.#open.get(answeredBy(message) ?? "") ?? [];
    while (open[0] && this.#atMs - open[0].asked.atMs > ANSWER_MS) open.shift();
    const at = open.findIndex(({ expected }) => expected !== undefined && isSame(expected, bytes));
    return open.splice(0, Math.max(0, at) + 1).at(-1);
  }
}

/** What a host has to have said before it wants to hear this. */
function wantedLane(message: ToHost): string | undefined {
  if (message.type === "analog") return `reports of A${message.channel}`;
  return message.type === "digitalPort" ? `reports of port ${message.port}` : undefined;
}

/** When the last turn began in which something was done to a board, where its link was closed right after. */
function leftAt(acts: readonly TimedAct[], endMs: number): number {
  let leftMs = acts.at(-1)?.atMs ?? endMs;
  if (endMs - leftMs > LEAVING_MS) return endMs;
  for (let at = acts.length - 1; at >= 0; at--) {
    const { atMs } = acts[at] ?? { atMs: 0 };
    if (leftMs - atMs > TURN_MS) break;
    leftMs = atMs;
  }
  return leftMs;
}

function listOf<Item>(lists: Map<string, Item[]>, name: string): Item[] {
  const list = lists.get(name) ?? [];
  if (list.length === 0) lists.set(name, list);
  return list;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
