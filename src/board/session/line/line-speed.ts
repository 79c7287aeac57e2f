import { LINE_BAUDS } from "../../../firmata/protocol.js";
import type { ByteLink } from "../../link/link.js";
import type { LineTalk } from "./line-talk.js";

/** Codes of the speeds that are tried, the fastest first. */
const CODES = [2, 1] as const;
const FIRST_CODE = 0;

/**
 * How long the board may take to answer, in milliseconds: 2 for the bytes at 57 600 baud; the rest for USB chips, which hold
 * bytes back for 16, and for a busy machine.
 */
const ANSWER_MS = 200;

/** Numbers of the pings that prove a speed: bits that stay, that change, and both ways round. */
const PROOF = [0x00, 0x7f, 0x55, 0x2a] as const;

/** Less than the 250 ms after which the board gives an unproven speed up (firmware/README.md), in milliseconds. */
const PROOF_MS = 200;

/** How often, and how many times, a board is asked that is on its way back to the first speed: longer than those 250 ms. */
const BACK_MS = 60;
const BACK_QUESTIONS = 8;

/** How often a speed may fail that had proved good: a board that resets itself looks no different. */
const MOST_FAILURES = 3;

/** The number of a ping whose answer only says that there is one. */
const ANY_NUMBER = 0x15;

/** The speed of a line to our firmware: agreed on, proved, and given up. */
export class LineSpeed {
  readonly #talk: LineTalk;
  /** Codes of speeds that did not prove good: they are not tried again. */
  readonly #bad = new Set<number>();
  /** How often a speed has failed, by its code. */
  readonly #failures = new Map<number, number>();
  #link: ByteLink;
  #code: number = FIRST_CODE;
  /** Which of the board's lives it is: what was begun in another is not gone on with. */
  #life = 0;

  constructor(talk: LineTalk, link: ByteLink) {
    this.#talk = talk;
    this.#link = link;
  }

  /** What was agreed on, in baud; `undefined` where the line has the speed that it began with. */
  get agreedBaud(): number | undefined {
    return this.#code === FIRST_CODE ? undefined : LINE_BAUDS[this.#code];
  }

  /** Index of `LINE_BAUDS`. */
  get code(): number {
    return this.#code;
  }

  /** Another link, whose speed has been agreed on. */
  begin(link: ByteLink, code: number): void {
    this.#life++;
    this.#link = link;
    this.#code = code;
  }

  /** The board is away, or begins anew: what is under way is not gone on with. */
  suspend(): void {
    this.#life++;
  }

  /**
   * Goes over to the fastest speed that proves good. Nothing may be on the way in either direction until then. Never
   * rejects: what does not prove good is given up.
   */
  async agree(): Promise<void> {
    if (!this.#link.setBaud) return;
    const life = this.#life;
    for (const code of CODES) {
      if (this.#bad.has(code)) continue;
      const isHeard = await this.#talk.ask({ type: "speed", code }, ANSWER_MS);
      if (life !== this.#life || (isHeard && (await this.#isGood(code)))) return;
      if (life !== this.#life || !(await this.goBack())) return;
      this.#bad.add(code);
    }
  }

  /** Goes back to the first speed, whichever the board has. @returns Whether it answers there. */
  async goBack(): Promise<boolean> {
    const life = this.#life;
    await this.#setHost(FIRST_CODE);
    for (let question = 0; question < BACK_QUESTIONS && life === this.#life; question++) {
      // The first message may only show the board that its speed is not the host's.
      if (await this.#talk.ask({ type: "ping", number: ANY_NUMBER }, BACK_MS)) return true;
    }
    return false;
  }

  /** The present speed has failed after it had proved good. */
  failed(): void {
    if (this.#code === FIRST_CODE) return;
    const failures = (this.#failures.get(this.#code) ?? 0) + 1;
    this.#failures.set(this.#code, failures);
    if (failures >= MOST_FAILURES) this.#bad.add(this.#code);
  }

  /** Leaves the board at its first speed, for whoever opens it next. */
  async farewell(): Promise<void> {
    if (this.#code === FIRST_CODE) return;
    await this.#talk.ask({ type: "speed", code: FIRST_CODE }, ANSWER_MS);
    this.#code = FIRST_CODE;
  }

  async #isGood(code: number): Promise<boolean> {
    if (!(await this.#setHost(code))) return false;
    const answers = PROOF.map((number) => this.#talk.ask({ type: "ping", number }, PROOF_MS));
    return (await Promise.all(answers)).every((isAnswered) => isAnswered);
  }

  /** @returns Whether the host's end could be set. */
  async #setHost(code: number): Promise<boolean> {
    try {
      await this.#link.setBaud?.(LINE_BAUDS[code] ?? LINE_BAUDS[FIRST_CODE]);
    } catch {
      return false;
    }
    this.#code = code;
    return true;
  }
}
