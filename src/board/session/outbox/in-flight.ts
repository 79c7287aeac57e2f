import type { ToHost } from "../../../firmata/to-host.js";
import { type Probe, versionProbe } from "./probe.js";

/** Bytes that may be on their way without word from the board, and after how many it is asked. */
interface Limits {
  readonly windowBytes: number;
  readonly askEveryBytes: number;
}

/**
 * On a wire: 33 ms at 57 600 baud, which fit the 255 bytes that our firmware takes in at once. It is more than twice the
 * 16 ms that are sent ahead, so that answers have time to come through a USB chip, and less than the 50 ms that a write may wait.
 */
const WIRE: Limits = { windowBytes: 192, askEveryBytes: 64 };

/** Over a network: as quick as a wire at 57 600 baud to a board that is up to 85 ms away. */
const NETWORK: Limits = { windowBytes: 1_024, askEveryBytes: 512 };

/** Write numbers whose places are kept: more than fit any window. A power of two. */
const PLACES = 1_024;

/** Questions that may wait for an answer: their numbers have seven bits. A board that hangs answers none. */
const MOST_QUESTIONS = 128;

/** A question to the board. */
export interface Question {
  readonly frame: Uint8Array;
  readonly probe: Probe;
  readonly number: number;
  /** Whether the session asks it, and nobody else is to hear the answer. */
  readonly isOwn: boolean;
  readonly answered: (() => void) | undefined;
  /** Bytes that were sent up to its end. */
  atByte: number;
}

/** What has been sent, and how much of that the board is known to have taken: by its echoes, and by its answers. */
export class InFlight {
  #limits: Limits = WIRE;
  /** What marks are made with. */
  #marker: Probe | undefined;
  #sentBytes = 0;
  #takenBytes = 0;
  /** Of the bytes sent, those behind the last message that the board will answer. */
  #unasked = 0;
  #questions: Question[] = [];
  #asked = 0;
  /** Bytes sent up to the end of each digital write, by its number. */
  readonly #places = new Float64Array(PLACES);
  /** The board answers nothing: it is not waited for. */
  #isDeaf = false;

  /**
   * From now on no more is on its way than fits the window.
   *
   * @param marker What the board is asked where somebody waits for the answer. How far it has come it is asked with a byte.
   */
  start(marker: Probe, bytesPerSecond: number): void {
    this.#marker = marker;
    this.#limits = Number.isFinite(bytesPerSecond) ? WIRE : NETWORK;
  }

  /** Bytes that the board is known to have taken. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Whether so many bytes more may be sent. */
  hasRoom(bytes: number): boolean {
    if (this.#marker === undefined || this.#isDeaf) return true;
    const underWay = this.#sentBytes - this.#takenBytes;
    // Where no answer is to come, none is waited for: a long message may be longer than the window.
    return underWay + bytes <= this.#limits.windowBytes || underWay <= this.#unasked;
  }

  /** Whether it is time to ask. */
  get isQuestionDue(): boolean {
    return this.#marker !== undefined && this.#unasked >= this.#limits.askEveryBytes;
  }

  /** @param write Number of a digital write that the board will echo, or 0. */
  sent(bytes: number, write: number): void {
    this.#sentBytes += bytes;
    if (write > 0) {
      this.#places[write & (PLACES - 1)] = this.#sentBytes;
      this.#unasked = 0;
    } else {
      this.#unasked += bytes;
    }
  }

  /**
   * The next question, which is then to be sent; `undefined` before `start()`.
   *
   * @param answered Called when it is answered.
   */
  question(answered?: () => void): Question | undefined {
    if (this.#marker === undefined) return undefined;
    const probe = answered ? this.#marker : versionProbe;
    const number = this.#asked++ & 0x7f;
    return { frame: probe.ask(number), probe, number, isOwn: true, answered, atByte: 0 };
  }

  /** A question is what was `sent()`. */
  asked(question: Question): void {
    question.atByte = this.#sentBytes;
    this.#questions.push(question);
    if (this.#questions.length > MOST_QUESTIONS) this.#questions.shift();
    this.#unasked = 0;
  }

  /** A question for the version is what was `sent()`, and its answer is not the session's. */
  askedBySomebodyElse(): void {
    const frame = versionProbe.ask(0);
    this.asked({ frame, probe: versionProbe, number: 0, isOwn: false, answered: undefined, atByte: 0 });
  }

  /** The board has executed all digital writes up to this number. */
  echoed(write: number): void {
    this.#took(this.#places[write & (PLACES - 1)] ?? 0);
  }

  /** @returns Whether the message answers the session, and is nobody else's business. */
  receive(message: ToHost): boolean {
    const at = this.#questions.findIndex(({ probe, number }) => probe.isAnswer(message, number));
    const question = this.#questions[at];
    if (question === undefined) return message.type === "pong";
    this.#took(question.atByte);
    // Answers come in order: those to earlier questions were lost on the way.
    for (const { answered } of this.#questions.splice(0, at + 1)) answered?.();
    return question.isOwn;
  }

  /**
   * The wire has been quiet for so long that the board must have taken all, where no answer is to come.
   *
   * @param isLost Answers that have not come will not come any more.
   */
  settle(isLost: boolean): void {
    if (!isLost && this.#sentBytes - this.#takenBytes > this.#unasked) return;
    this.#takenBytes = this.#sentBytes;
    this.#unasked = 0;
    if (isLost && this.#questions.length > 0) this.#questions = [];
  }

  /** The board does not answer: nothing is waited for until it does. */
  giveUp(): void {
    this.settle(true);
    this.#isDeaf = true;
  }

  /** What was under way is lost. */
  forget(): void {
    this.settle(true);
    this.#isDeaf = false;
    this.#places.fill(0);
  }

  #took(atByte: number): void {
    this.#isDeaf = false;
    if (atByte > this.#takenBytes) this.#takenBytes = atByte;
  }
}
