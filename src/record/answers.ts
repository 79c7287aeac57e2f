import type { ToBoard } from "../firmata/to-board.js";
import { encodeToHost, type ToHost } from "../firmata/to-host.js";
import type { AskedThen, Life } from "./life.js";
import { questionOf } from "./questions.js";
import { StandIn } from "./stand-in.js";

/** How long an answer takes of which none was recorded, in milliseconds: a round trip at 57 600 baud. */
const USUAL_MS = 1;

/** What a board answers, and how long it takes. */
export interface Answer {
  readonly delayMs: number;
  readonly bytes: Uint8Array;
}

/**
 * What the recorded board answers the present host: its recorded answer to the same question, as often as it was asked that, at
 * its recorded distance. What any board would have answered is made anew, for what the host says now: numbers of pings and
 * counts of writes may be others. Once the host has gone another way than then, all of it is.
 */
export class Answers {
  readonly #life: Life;
  readonly #standIn = new StandIn();
  /** How often each question has been asked. */
  readonly #asked = new Map<string, number>();
  #isOther = false;

  constructor(life: Life) {
    this.#life = life;
    for (const words of life.ownWords) this.#standIn.hear(words);
  }

  /** The latest changes of level of the board's pins, as it was told, 10 000 at least, oldest first. */
  get edges(): StandIn["edges"] {
    return this.#standIn.edges;
  }

  /** The host has gone another way than then. */
  goOtherWay(): void {
    this.#isOther = true;
  }

  /** The host says this. */
  to(message: ToBoard): readonly Answer[] {
    const made = this.#standIn.execute(message);
    const question = questionOf(message);
    if (question === undefined) return [];
    const then = this.#next(question);
    const delayMs = then?.answer?.delayMs ?? USUAL_MS;
    const answer = (words: ToHost): Answer => ({ delayMs, bytes: encodeToHost(words) });
    if (then && !this.#isOther) {
      if (!then.answer) return [];
      if (!then.answer.isRegular) return [this.#recorded(then.answer)];
    }
    if (made.length === 0 && then?.answer) return [this.#recorded(then.answer)];
    return made.map(answer);
  }

  /** Inputs are what was recorded. @returns What the host is told, also where it has gone another way. */
  unasked(bytes: Uint8Array, message: ToHost | undefined): readonly Uint8Array[] {
    if (message?.type !== "digitalPort") return [bytes];
    const made = this.#standIn.drive(message.port, message.levels);
    return this.#isOther ? made.map(encodeToHost) : [bytes];
  }

  #recorded({ delayMs, bytes, message }: NonNullable<AskedThen["answer"]>): Answer {
    if (message.type === "digitalPort") this.#standIn.drive(message.port, message.levels);
    return { delayMs, bytes };
  }

  #next(question: string): AskedThen | undefined {
    const asked = this.#asked.get(question) ?? 0;
    this.#asked.set(question, asked + 1);
    return this.#life.asked.get(question)?.[asked];
  }
}
