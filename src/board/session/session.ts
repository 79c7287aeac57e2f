import type { EventEmitter } from "node:events";
import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { ToHost } from "../../firmata/to-host.js";
import type { Board } from "../board.js";
import type { ByteLink } from "../link/link.js";
import { beginAfresh } from "./beginning.js";
import type { BoardSession, SessionCounts, SessionOptions, StopLevel, SwapOptions } from "./board-session.js";
import { checkDeclaredPins } from "./declared-pins.js";
import { handshake, READY_TIMEOUT_MS } from "./handshake.js";
import { leavePins } from "./leaving.js";
import { DeadMan } from "./line/dead-man.js";
import { Parts } from "./parts.js";
import { openWithin } from "./patience.js";
import { makeReadable } from "./readings/readings.js";
import { Recovery } from "./recovery/recovery.js";
import type { Found, Relink } from "./recovery/search.js";
import { describeUnheld } from "./running-board.js";
import { Swaps } from "./swap/swaps.js";
import { Words } from "./words.js";

/** How long those wait who want a write confirmed while the board is away, in milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * Opens a link and waits until the board behind it is ready.
 *
 * @throws {CircuitError} What `ByteLink.open()` and `handshake()` throw; `PIN_REFUSED` for a pin to be held or safe that is none. Then nothing stays open.
 */
export async function openSession(options: SessionOptions): Promise<BoardSession> {
  const session = new Session(options);
  await session.open(
    options.signal ?? new AbortController().signal,
    options.readyTimeoutMs ?? READY_TIMEOUT_MS,
  );
  return session;
}

class Session implements BoardSession {
  readonly #clock: Clock;
  readonly #notice: (text: string) => void;
  readonly #words: Words;
  #relink: Relink | undefined;
  readonly #patienceMs: number;
  readonly #held: ReadonlySet<number>;
  /** Pins that are to be held, or to be safe. */
  readonly #declared: readonly number[];
  readonly #parts: Parts;
  readonly #lost = new AbortController();
  #board: Board | undefined;
  /** Once the board has been ready. */
  #recovery: Recovery | undefined;
  readonly #swaps: Swaps;
  #closing: Promise<void> | undefined;

  constructor({
    link,
    clock = systemClock,
    checkPin,
    notice = () => {},
    relink,
    patienceMs,
    held = new Set(),
    safe,
    silenceMs,
  }: SessionOptions) {
    this.#clock = clock;
    this.#notice = notice;
    this.#words = new Words(clock, notice);
    this.#relink = relink;
    this.#patienceMs = patienceMs ?? PATIENCE_MS;
    this.#held = held;
    this.#declared = [...held, ...(safe?.keys() ?? [])];
    this.#parts = new Parts({
      link,
      clock,
      checkPin,
      deadMan: new DeadMan(safe, silenceMs),
      lineFailed: () => this.#recovery?.lineFailed(),
      note: (message) => this.#note(message),
      notice,
    });
    this.#swaps = new Swaps({ parts: this.#parts, clock, notice, declared: this.#declared });
  }

  get address(): string {
    return this.#parts.outbox.wire.link.address;
  }

  get firmware(): string {
    return this.#parts.identity.firmware;
  }

  get agreedBaud(): number | undefined {
    return this.#parts.line.agreedBaud;
  }

  get bytesPerSecond(): number {
    return this.#parts.outbox.wire.link.bytesPerSecond;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get isAway(): boolean {
    return this.#recovery?.isAway === true;
  }

  get board(): Board {
    if (!this.#board)
      throw new CircuitError("LINK_CLOSED", `Cannot use the board on ${this.address}: it is not open`);
    return this.#board;
  }

  counts(): SessionCounts {
    const { confirmations, sender, heard, outbox, missed } = this.#parts;
    const { queue, oldestMs } = outbox;
    return {
      writes: confirmations.sent,
      redundant: sender.redundant,
      discardedBytes: heard.discardedBytes,
      unconfirmed: confirmations.unconfirmed,
      unsentBytes: outbox.unsentBytes,
      queued: queue.length,
      queuedBytes: queue.bytes,
      oldestQueuedMs: queue.length > 0 ? this.#clock.now() - oldestMs : 0,
      superseded: queue.superseded,
      missed: missed.count,
      restored: this.#recovery?.restored ?? 0,
    };
  }

  async open(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const startMs = this.#clock.now();
    const { link } = this.#parts.outbox.wire;
    const lost = new Promise<never>((_, reject) => {
      this.#lost.signal.addEventListener("abort", () => reject(this.#lost.signal.reason), { once: true });
    });
    lost.catch(() => {});
    try {
      await openWithin(link, this.#linkEvents(link), { clock: this.#clock, signal, timeoutMs });
      this.#parts.johnnyFive.opened();
      const isAsked = await handshake({
        isRunning: this.#held.size > 0,
        address: this.address,
        clock: this.#clock,
        signal,
        send: (frame) => this.#parts.sender.transmit(frame),
        heard: this.#parts.heard,
        ready: Promise.race([this.#parts.johnnyFive.ready, lost]),
        timeoutMs: Math.max(0, timeoutMs - (this.#clock.now() - startMs)),
      });
      checkDeclaredPins(this.#declared, this.#parts.identity, this.address);
      if (isAsked) await Promise.race([beginAfresh(this.#parts, this.#held, this.#clock), lost]);
      this.#warnOfHeld();
      await Promise.race([this.#parts.line.agree(), lost]);
      const board = await this.#parts.startBoard();
      this.#board = board;
      makeReadable(board, { gone: this.#lost.signal, clock: this.#clock });
      this.#recovery = this.#makeRecovery();
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  #makeRecovery(): Recovery {
    const { confirmations, identity, line, memory, outbox, settings } = this.#parts;
    return new Recovery({
      clock: this.#clock,
      patienceMs: this.#patienceMs,
      address: () => this.address,
      known: identity,
      confirmations,
      memory,
      settings,
      notice: this.#notice,
      suspend: (cause) => this.#parts.suspend(cause),
      line,
      goOn: () => outbox.resume(outbox.wire),
      found: (found) => this.#takeOver(found),
      send: (frame) => outbox.send(frame),
      tell: (event, cause) => this.#tell(event, cause),
    });
  }

  async close(stopLevels: ReadonlyMap<number, StopLevel> = new Map()): Promise<void> {
    this.#closing ??= this.#stop(stopLevels);
    await this.#closing;
  }

  async #stop(stopLevels: ReadonlyMap<number, StopLevel>): Promise<void> {
    this.#swaps.stop();
    this.#parts.tones?.close();
    const { isAway } = this;
    this.#recovery?.stop();
    // A component that still blinks or sweeps would undo it.
    this.#parts.sender.stop();
    if (isAway) this.#notice(`Cannot leave the pins of ${this.address} as they should be: the board is away`);
    if (!this.#lost.signal.aborted && !isAway && this.#board)
      await leavePins(this.#parts, { stopLevels, clock: this.#clock, notice: this.#notice });
    this.#parts.line.end();
    await this.#parts.outbox.wire.link.close();
    this.#lose(
      new CircuitError("LINK_CLOSED", `Cannot use the board on ${this.address}: its session is closed`),
    );
  }

  /** What a link tells: that of the present wire, or of one that was left behind. */
  #linkEvents(link: ByteLink) {
    const isPresent = () => link === this.#parts.outbox.wire.link;
    return {
      data: (bytes: Uint8Array) => {
        if (isPresent()) this.#parts.listener.push(bytes);
        else this.#swaps.hear(link, bytes);
      },
      lost: (cause: CircuitError) => {
        if (!isPresent()) return;
        if (this.#recovery && this.#relink) this.#recovery.lost(cause, this.#relink);
        else {
          this.#tell("lost", cause);
          this.#lose(cause);
        }
      },
    };
  }

  /** The board is back, perhaps elsewhere. */
  #takeOver({ wire, speedCode, handOver }: Found): void {
    this.#parts.outbox.resume(wire);
    this.#parts.line.moved(speedCode);
    this.#parts.listener.begin();
    handOver(this.#linkEvents(wire.link));
  }

  async swap(options: SwapOptions): Promise<void> {
    const recovery = this.#recovery;
    if (this.#closing || this.#lost.signal.aborted || !recovery)
      throw new CircuitError("LINK_CLOSED", `Cannot move to ${options.link.address}: the session is closed`);
    await this.#swaps.move(options, recovery, (found) => {
      this.#relink = options.relink;
      this.#takeOver(found);
      this.#warnOfHeld();
    });
  }

  /** Tells of outputs that its firmware cannot hold. */
  #warnOfHeld(): void {
    if (this.#held.size > 0 && !this.#parts.identity.isOurs)
      this.#notice(describeUnheld(this.#held, this.address, this.firmware));
  }

  #note(message: ToHost): void {
    if (message.type === "version") this.#parts.heard.version = `${message.major}.${message.minor}`;
    if (message.type === "string") this.#words.hear(message.text);
    if (message.type === "tripped") this.#recovery?.tripped();
    const isGreeting = message.type === "firmware" && !this.#parts.sender.isAnswered();
    if (this.#recovery === undefined) this.#parts.identity.hear(message);
    else if (isGreeting) this.#recovery.startedAnew();
  }

  /** Tells sketches. */
  #tell(event: "lost" | "moved" | "restored", cause?: CircuitError): void {
    // The cast: a board of Johnny-Five's is an emitter, which its types do not say.
    (this.#board as unknown as EventEmitter | undefined)?.emit(event, cause);
  }

  #lose(cause: CircuitError): void {
    if (this.#lost.signal.aborted) return;
    this.#recovery?.stop();
    this.#parts.line.end();
    this.#parts.confirmations.fail(cause);
    this.#lost.abort(cause);
    this.#parts.johnnyFive.closed();
  }
}
