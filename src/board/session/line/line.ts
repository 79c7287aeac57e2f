import type { Clock } from "../../../core/clock.js";
import type { ToHost } from "../../../firmata/to-host.js";
import type { Identity } from "../identity.js";
import type { Outbox } from "../outbox/outbox.js";
import type { DeadMan } from "./dead-man.js";
import { KeepAlive } from "./keep-alive.js";
import { LineSpeed } from "./line-speed.js";
import { LineTalk } from "./line-talk.js";

/** A third of the 3 s of silence after which our firmware gives a fast line up (firmware/README.md), in milliseconds. */
const KEEP_FAST_MS = 1_000;

/** Pings in the time that the host may be silent. */
const PINGS_IN_SILENCE = 3;

/** A number that no other of the session's pings has at the same time. */
const SUSPECT_NUMBER = 0x6b;

export interface LineOptions {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly identity: Identity;
  readonly deadMan: DeadMan;
  /** The line was good and is not any more. */
  readonly failed: () => void;
  /** Tells a person. */
  readonly notice: (text: string) => void;
}

/** What our firmware, from 1.1 on, and the session agree on about the line between them: speed, life, and what follows death. */
export class Line {
  readonly #options: LineOptions;
  readonly #talk: LineTalk;
  readonly #speed: LineSpeed;
  readonly #keepAlive: KeepAlive;
  /** What was told of a board that cannot make pins safe. */
  #told = "";

  constructor(options: LineOptions) {
    const { clock, outbox, failed } = options;
    this.#options = options;
    this.#talk = new LineTalk({ clock, send: (frame) => outbox.wire.send(frame) });
    this.#speed = new LineSpeed(this.#talk, outbox.wire.link);
    this.#keepAlive = new KeepAlive({
      clock,
      ping: (answered) => outbox.mark(answered),
      pingNow: (withinMs) => this.#talk.ask({ type: "ping", number: SUSPECT_NUMBER }, withinMs),
      // At its first speed the board is asked no other way, and hangs.
      canFail: () => this.agreedBaud !== undefined,
      failed: () => {
        this.#speed.failed();
        failed();
      },
    });
  }

  /** The speed that was agreed on, in baud; `undefined` where it is the one that the link began with. */
  get agreedBaud(): number | undefined {
    return this.#speed.agreedBaud;
  }

  /** Agrees on a speed, where the board and the link can. Nothing may be on the way, and nothing be sent until then. */
  async agree(): Promise<void> {
    if (this.#options.identity.hasPings) await this.#speed.agree();
  }

  /** The board is ready, or is so again: arms its dead-man, and keeps the line alive. */
  start(): void {
    this.arm();
    this.#tellUnsafe();
    const { deadMan } = this.#options;
    const everyMs = Math.min(
      this.agreedBaud === undefined ? Number.POSITIVE_INFINITY : KEEP_FAST_MS,
      this.#isArmed ? deadMan.silenceMs / PINGS_IN_SILENCE : Number.POSITIVE_INFINITY,
    );
    if (Number.isFinite(everyMs)) this.#keepAlive.start(everyMs);
  }

  /** The board has been told to forget all: arms its dead-man again. */
  arm(): void {
    const { deadMan, outbox } = this.#options;
    if (this.#isArmed) outbox.send(deadMan.armFrame);
  }

  /** The board is away, or begins anew: what was asked is not answered. */
  suspend(): void {
    this.#keepAlive.stop();
    this.#speed.suspend();
    this.#talk.giveUp();
  }

  /** Another wire is the session's, with a speed of this code. */
  moved(code: number): void {
    this.#speed.begin(this.#options.outbox.wire.link, code);
  }

  /** Goes back to the speed that the link began with, and asks for the board. @returns Whether it answers. */
  goBack(): Promise<boolean> {
    return this.#speed.goBack();
  }

  /** Bytes have come that are no message. */
  garbled(): void {
    if (this.agreedBaud !== undefined) this.#keepAlive.suspect();
  }

  /** @returns Whether a message answers the session, and is nobody else's business. */
  receive(message: ToHost): boolean {
    return this.#talk.receive(message) || message.type === "speed" || message.type === "armed";
  }

  /** What is said last to a board whose pins are as they are to be left. */
  get lastFrames(): Uint8Array[] {
    return this.#isArmed ? [this.#options.deadMan.disarmFrame] : [];
  }

  /** Leaves the board to whoever opens it next. */
  async farewell(): Promise<void> {
    await this.#speed.farewell();
  }

  /** The session ends. */
  end(): void {
    this.#keepAlive.stop();
    this.#talk.end();
  }

  #tellUnsafe(): void {
    const { deadMan, identity, outbox, notice } = this.#options;
    if (!deadMan.isWanted || identity.hasPings) return;
    const text = deadMan.describeUnsafe(outbox.wire.link.address, identity.firmware);
    if (text !== this.#told) notice(text);
    this.#told = text;
  }

  get #isArmed(): boolean {
    const { deadMan, identity } = this.#options;
    return deadMan.isWanted && identity.hasPings;
  }
}
