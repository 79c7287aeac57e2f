import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { SerialLink } from "../link/link.js";
import { type Command, GET_SYNC, SYNC_ANSWER, takeAnswer } from "./stk500.js";

export interface BootLoaderOptions {
  /** A port that has not been opened. The boot loader opens and closes it. */
  readonly port: SerialLink;
  readonly clock: Clock;
  /** Gives up: whatever waits rejects with the signal's own reason. */
  readonly signal: AbortSignal;
}

/** For so long are DTR and RTS off, in milliseconds: the capacitor between DTR and the reset pin has discharged by then. */
const LINES_OFF_MS = 250;

/** From the reset to the first question, in milliseconds: the chip starts after 65 (fuses SUT), and is asked once it can hear. */
const START_MS = 100;

/**
 * How long an answer to a question whether it is there may take, in milliseconds. Optiboot blinks for 375 before it reads,
 * and holds two bytes meanwhile: one question, and no second.
 */
const SYNC_MS = 450;

/** How often is asked. Then it is over with a boot loader's own patience of a second. */
const SYNC_TRIES = 4;

/** Answers that come late have come after this, in milliseconds: a USB chip's 16, and some. */
const SETTLE_MS = 60;

/** How long any other answer may take, in milliseconds: writing takes 9 and sending 25, a boot loader gives up after 1000. */
const ANSWER_MS = 1_000;

/** Bytes that are kept unread: more than any answer. A sketch that talks instead of a boot loader has no limit. */
const KEPT_BYTES = 1_024;

/** The boot loader of a board: questions and answers, one at a time. */
export class BootLoader {
  /** How many bytes the board has said, answers or not. */
  heardBytes = 0;
  readonly #port: SerialLink;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  readonly #over: AbortSignal;
  #received: Uint8Array = new Uint8Array();
  #changed = () => {};

  constructor({ port, clock, signal }: BootLoaderOptions) {
    this.#port = port;
    this.#clock = clock;
    this.#over = AbortSignal.any([signal, this.#lost.signal]);
  }

  /**
   * Opens the port, resets the board and asks whether its boot loader is there.
   *
   * @returns Whether it is. Close it in either case.
   * @throws {CircuitError} What `ByteLink.open()` throws; `BOARD_LOST`; the signal's own reason.
   */
  async start(): Promise<boolean> {
    const data = (bytes: Uint8Array) => this.#hear(bytes);
    await this.#port.open(
      { data, lost: (cause: CircuitError) => this.#lost.abort(cause) },
      { signal: this.#over },
    );
    await this.#port.setLines(false);
    await this.#clock.sleep(LINES_OFF_MS, this.#over);
    await this.#port.setLines(true);
    await this.#clock.sleep(START_MS, this.#over);
    for (let tried = 0; tried < SYNC_TRIES; tried++) {
      if (!(await this.#isInSync())) continue;
      // Questions of before may be answered late, and would be taken for other answers.
      await this.#clock.sleep(SETTLE_MS, this.#over);
      if (await this.#isInSync()) return true;
    }
    return false;
  }

  /**
   * Sends a command.
   *
   * @returns What it answers, without the marks.
   * @throws {CircuitError} `FLASH_FAILED` where the answer does not come within a second or is another; `BOARD_LOST`; the
   *   signal's own reason.
   */
  async ask(command: Command): Promise<Uint8Array> {
    this.#send(command);
    const answer = await this.#until(() => takeAnswer(command, this.#received), ANSWER_MS);
    if (answer !== undefined && answer !== "garbled") return answer;
    const what = answer === "garbled" ? "answered something else" : `did not answer within ${ANSWER_MS} ms`;
    throw new CircuitError(
      "FLASH_FAILED",
      `Cannot flash ${this.#port.address}: the boot loader, asked to ${command.name}, ${what}`,
      { hint: "Try again, with a shorter cable or without a hub between." },
    );
  }

  async close(): Promise<void> {
    await this.#port.close();
  }

  async #isInSync(): Promise<boolean> {
    this.#send(GET_SYNC);
    return (await this.#until(() => this.#hasSyncAnswer(), SYNC_MS)) === true;
  }

  #send({ bytes }: Command): void {
    this.#received = new Uint8Array();
    this.#port.write(bytes);
  }

  /** Anywhere: a sketch may have said something before the reset. */
  #hasSyncAnswer(): true | undefined {
    const [first, second] = SYNC_ANSWER;
    return (
      this.#received.some((byte, at) => byte === first && this.#received[at + 1] === second) || undefined
    );
  }

  #hear(bytes: Uint8Array): void {
    this.heardBytes += bytes.length;
    this.#received = Buffer.concat([this.#received, bytes]).subarray(-KEPT_BYTES);
    this.#changed();
  }

  /** What `find` makes of what was received; `undefined` where that stays so for as long as the limit. */
  async #until<Found>(find: () => Found | undefined, limitMs: number): Promise<Found | undefined> {
    const endMs = this.#clock.now() + limitMs;
    for (;;) {
      this.#over.throwIfAborted();
      const found = find();
      const leftMs = endMs - this.#clock.now();
      if (found !== undefined || leftMs <= 0) return found;
      await this.#change(leftMs);
    }
  }

  async #change(limitMs: number): Promise<void> {
    const heard = new AbortController();
    const limit = this.#clock.sleep(limitMs, AbortSignal.any([this.#over, heard.signal]));
    limit.catch(() => {});
    const changed = new Promise<void>((resolve) => {
      this.#changed = resolve;
    });
    await Promise.race([changed, limit]);
    heard.abort();
  }
}
