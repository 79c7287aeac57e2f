import type { Clock } from "../../../core/clock.js";
import { CircuitError, messageOf } from "../../../core/error.js";
import type { Confirmations } from "../confirm/confirmations.js";
import type { Identity } from "../identity.js";
import type { Line } from "../line/line.js";
import { modeFrames, valueFrames } from "../memory/pin-frames.js";
import type { PinMemory } from "../memory/pin-memory.js";
import type { SettingsMemory } from "../memory/settings-memory.js";
import { type Found, findAgain, type Relink } from "./search.js";

export interface RecoveryOptions {
  readonly clock: Clock;
  /** How long those wait who want a write confirmed while the board is away, in milliseconds. */
  readonly patienceMs: number;
  readonly address: () => string;
  /** What the board is. */
  readonly known: Identity;
  readonly confirmations: Confirmations;
  readonly memory: PinMemory;
  readonly settings: SettingsMemory;
  readonly notice: (text: string) => void;
  /** Nothing reaches the board from now on, and what was under way is lost. */
  readonly suspend: (cause: CircuitError) => void;
  /** The board has begun anew where it is: what is sent reaches it again. */
  readonly goOn: () => void;
  readonly line: Pick<Line, "agree" | "goBack" | "start">;
  /** The board is back: what is sent goes to it from now on. */
  readonly found: (found: Found) => void;
  readonly send: (frame: Uint8Array) => void;
  /** Tells sketches. */
  readonly tell: (event: "lost" | "moved" | "restored", cause?: CircuitError) => void;
}

/** How another board takes the place of one. */
export interface Succession {
  /** Where that is, and where the other. */
  readonly from: string;
  readonly to: string;
  /** Puts the session on the other. */
  handOver(): void;
  /** What the other is told before all else. */
  readonly first: readonly Uint8Array[];
  /** The other has been told all: what sounds goes on. */
  told(): void;
}

/** Sees to a board that has gone away, or has started anew: finds it, and gives its pins back what they had. */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #stopped = new AbortController();
  #isAway = false;
  /** The board may be there, but its line has failed. */
  #isMending = false;
  /** Ends the search that is under way. */
  #searching: AbortController | undefined;
  #restored = 0;
  /** Which of the restorations is under way: one that was cut off says nothing. */
  #life = 0;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Whether the board is away, and is looked for. */
  get isAway(): boolean {
    return this.#isAway || this.#isMending;
  }

  /** How often the board got its pins back. */
  get restored(): number {
    return this.#restored;
  }

  /** The link has broken: looks for the board until it is back, or `stop()`. */
  lost(cause: CircuitError, relink: Relink): void {
    if (this.#stopped.signal.aborted || this.#isAway) return;
    const { clock, confirmations, patienceMs, notice, suspend, tell } = this.#options;
    this.#isAway = true;
    this.#isMending = false;
    this.#life++;
    notice(`${cause.message}; looking for it`);
    suspend(cause);
    tell("lost", cause);
    const stopWaiting = clock.after(patienceMs, () => confirmations.loseHope(cause));
    const sinceMs = clock.now();
    const searching = new AbortController();
    this.#searching = searching;
    void this.#search(relink, searching.signal).then((found) => {
      stopWaiting();
      if (found === undefined) return;
      if (searching.signal.aborted) return found.wire.link.close();
      this.#isAway = false;
      const life = this.#life;
      this.#options.found(found);
      // It may have gone again before that.
      if (life !== this.#life) return;
      const awayMs = clock.now() - sinceMs;
      return this.#restore(`it is back after ${(awayMs / 1_000).toFixed(1)} s`);
    });
  }

  /** The board says who it is, and nobody has asked: it has lost all that it was told. */
  startedAnew(): void {
    if (this.#begin("the board has started anew")) void this.#restoreAtSpeed("it has started anew");
  }

  /** It says that it has heard nothing for too long, and has made pins safe. */
  tripped(): void {
    if (!this.#begin("it heard nothing for too long, and the board made its pins safe")) return;
    this.#options.goOn();
    void this.#restore("it had heard nothing for too long and made its pins safe");
  }

  /** The board may be there, but does not answer at the speed that its line has: goes back to the first one. */
  lineFailed(): void {
    const cause = this.#begin("the board does not answer any more");
    if (cause) void this.#mend(cause);
  }

  /** The board, which is there, is not as it was. @returns The reason, or `undefined` where it is seen to already. */
  #begin(what: string): CircuitError | undefined {
    if (this.#stopped.signal.aborted || this.isAway) return undefined;
    const { address, suspend, tell } = this.#options;
    this.#life++;
    const cause = new CircuitError("BOARD_LOST", `Cannot go on without a break on ${address()}: ${what}`);
    suspend(cause);
    tell("lost", cause);
    return cause;
  }

  async #mend(cause: CircuitError): Promise<void> {
    const { clock, confirmations, line, patienceMs, notice } = this.#options;
    const life = this.#life;
    this.#isMending = true;
    notice(`${cause.message}; asking for it`);
    const stopWaiting = clock.after(patienceMs, () => confirmations.loseHope(cause));
    const isUnderWay = () => life === this.#life && !this.#stopped.signal.aborted;
    let isAnswering = false;
    while (isUnderWay() && !isAnswering) isAnswering = await line.goBack();
    stopWaiting();
    if (life === this.#life) this.#isMending = false;
    if (isUnderWay()) await this.#restoreAtSpeed("it answers again");
  }

  /** Nothing is sent until the line's speed has been agreed on again. */
  async #restoreAtSpeed(why: string): Promise<void> {
    const life = this.#life;
    await this.#options.line.agree();
    if (life !== this.#life || this.#stopped.signal.aborted) return;
    this.#options.goOn();
    await this.#restore(why);
  }

  /**
   * Another board takes the place of this one: it gets all that this one had.
   *
   * @throws {CircuitError} As `Confirmations.resume()` does, for a board that is not as this one was.
   */
  async move({ from, to, handOver, first, told }: Succession): Promise<void> {
    this.#searching?.abort();
    this.#life++;
    const life = this.#life;
    const cause = new CircuitError("BOARD_LOST", `Cannot go on without a break: the board is on ${to} now`);
    if (!this.isAway) this.#options.suspend(cause);
    this.#isMending = false;
    this.#isAway = false;
    this.#options.tell("moved");
    handOver();
    // It may have gone already, and is looked for.
    const problem =
      life === this.#life ? await this.#restore(`it has taken the place of ${from}`, { first, told }) : cause;
    if (problem) throw problem;
  }

  /** Looks no more. Idempotent. */
  stop(): void {
    this.#stopped.abort();
  }

  async #search(relink: Relink, searching: AbortSignal): Promise<Found | undefined> {
    const signal = AbortSignal.any([this.#stopped.signal, searching]);
    try {
      return await findAgain({ ...this.#options, relink, signal });
    } catch {
      return undefined; // the session closes, or has another board
    }
  }

  /** Modes, with the ranges of servos, then values, then all the rest; then asks whether it is so. @returns Why not. */
  async #restore(
    why: string,
    { first, told }: Pick<Succession, "first" | "told"> = { first: [], told: () => {} },
  ): Promise<unknown> {
    const { address, confirmations, known, line, memory, settings, notice, send, tell } = this.#options;
    const life = this.#life;
    memory.toneEnded(settings.endedTones());
    const frames = [modeFrames(memory), settings.servoFrames(), valueFrames(memory), settings.frames()];
    for (const frame of [...first, ...frames.flat()]) send(frame);
    told();
    line.start();
    try {
      await confirmations.resume(known.isOurs);
    } catch (problem) {
      if (life === this.#life && !this.#stopped.signal.aborted)
        notice(`The board on ${address()}: ${why}, but not as it was: ${messageOf(problem)}`);
      return problem;
    }
    if (life !== this.#life) return undefined;
    this.#restored++;
    notice(`The board on ${address()}: ${why}, and its pins are as they were`);
    tell("restored");
    return undefined;
  }
}
