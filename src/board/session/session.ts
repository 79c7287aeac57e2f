import type { EventEmitter } from "node:events";
import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { FrameSplitter } from "../../firmata/frames.js";
import { COMMAND, SYSEX } from "../../firmata/protocol.js";
import { encodeToBoard } from "../../firmata/to-board.js";
import { decodeToHost, type ToHost } from "../../firmata/to-host.js";
import type { Board } from "../board.js";
import type { BoardSession, SessionCounts, SessionOptions, StopLevel } from "./board-session.js";
import { Confirmations } from "./confirmations.js";
import { Heard, handshake, READY_TIMEOUT_MS } from "./handshake.js";
import { Identity } from "./identity.js";
import { JohnnyFiveBoard } from "./johnny-five-board.js";
import { answersWithin, drainWithin, openWithin } from "./patience.js";
import { registerTones } from "./piezo.js";
import { stopFrames } from "./pin-frames.js";
import { PinGuard } from "./pin-guard.js";
import { PinMemory } from "./pin-memory.js";
import { Recovery } from "./recovery.js";
import { describeUnheld, freshFrames, heldStates } from "./running-board.js";
import type { Found, Relink } from "./search.js";
import { SettingsMemory } from "./settings-memory.js";
import { firmwareTone, type ToneDriver, toggledLimits, toggledTone } from "./tone.js";
import { Wire } from "./wire.js";

/** How long those wait who want a write confirmed while the board is away, in milliseconds. */
const PATIENCE_MS = 30_000;

/** For so long after a question an answer is one, in milliseconds; else the board says it because it has started. */
const ANSWER_MS = 1_500;

/**
 * Opens a link and waits until the board behind it is ready.
 *
 * @throws {CircuitError} What `ByteLink.open()` and `handshake()` throw. Then nothing stays open.
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
  readonly #guard: PinGuard | undefined;
  readonly #notice: (text: string) => void;
  readonly #relink: Relink | undefined;
  readonly #patienceMs: number;
  readonly #held: ReadonlySet<number>;
  readonly #memory = new PinMemory();
  readonly #settings: SettingsMemory;
  readonly #confirmations: Confirmations;
  readonly #johnnyFive: JohnnyFiveBoard;
  readonly #lost = new AbortController();
  readonly #heard = new Heard();
  readonly #identity = new Identity();
  #fromBoard: FrameSplitter;
  #wire: Wire;
  #board: Board | undefined;
  /** Once the board has been ready. */
  #recovery: Recovery | undefined;
  #redundant = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #tones: ToneDriver | undefined;
  /** The pins are as they are to be left: nothing more is written. */
  #isStopped = false;
  #closing: Promise<void> | undefined;

  constructor({
    link,
    clock = systemClock,
    checkPin,
    notice = () => {},
    relink,
    patienceMs,
    held = new Set(),
  }: SessionOptions) {
    this.#wire = new Wire(link, clock);
    this.#clock = clock;
    this.#guard = checkPin && new PinGuard(checkPin);
    this.#notice = notice;
    this.#relink = relink;
    this.#patienceMs = patienceMs ?? PATIENCE_MS;
    this.#held = held;
    this.#settings = new SettingsMemory(clock);
    this.#confirmations = new Confirmations({
      memory: this.#memory,
      clock,
      send: (frame) => this.#wire.send(frame),
      wireFreeAtMs: () => this.#wire.freeAtMs,
    });
    this.#fromBoard = this.#listen();
    this.#johnnyFive = new JohnnyFiveBoard(link.address, (frame) => this.#send(frame));
  }

  get address(): string {
    return this.#wire.link.address;
  }

  get firmware(): string {
    return this.#identity.firmware;
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
    return {
      writes: this.#confirmations.sent,
      redundant: this.#redundant,
      discardedBytes: this.#heard.discardedBytes,
      unconfirmed: this.#confirmations.unconfirmed,
      unsentBytes: this.#wire.unsentBytes,
      restored: this.#recovery?.restored ?? 0,
    };
  }

  async open(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const startMs = this.#clock.now();
    const { link } = this.#wire;
    const lost = new Promise<never>((_, reject) => {
      this.#lost.signal.addEventListener("abort", () => reject(this.#lost.signal.reason), { once: true });
    });
    lost.catch(() => {});
    try {
      await openWithin(link, this.#linkEvents(), { clock: this.#clock, signal, timeoutMs });
      this.#johnnyFive.opened();
      const isAsked = await handshake({
        isRunning: this.#held.size > 0,
        address: this.address,
        clock: this.#clock,
        signal,
        send: (frame) => this.#transmit(frame),
        heard: this.#heard,
        ready: Promise.race([this.#johnnyFive.ready, lost]),
        timeoutMs: Math.max(0, timeoutMs - (this.#clock.now() - startMs)),
      });
      if (isAsked) await Promise.race([this.#beginAfresh(), lost]);
      if (this.#held.size > 0 && !this.#identity.isOurs)
        this.#notice(describeUnheld(this.#held, this.address, this.firmware));
      const board = await this.#startBoard();
      this.#board = board;
      this.#recovery = this.#makeRecovery(board);
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** The board may have been running for somebody else. */
  async #beginAfresh(): Promise<void> {
    if (this.#held.size === 0) {
      this.#transmit(encodeToBoard({ type: "reset" }));
      return;
    }
    const states = await answersWithin(this.#johnnyFive.pinStates(), this.address, this.#clock);
    const held = heldStates(states, this.#held);
    for (const frame of freshFrames(states, held)) this.#transmit(frame);
    this.#johnnyFive.adopt(held);
    for (const state of held) this.#memory.adopt(state);
  }

  async #startBoard(): Promise<Board> {
    const board = await this.#johnnyFive.start();
    const send = (frame: Uint8Array) => this.#send(frame);
    const { bytesPerSecond } = this.#wire.link;
    if (this.#identity.isOurs) {
      this.#confirmations.startEchoes();
      this.#tones = firmwareTone(send);
    } else if (Number.isFinite(bytesPerSecond)) {
      this.#tones = toggledTone({
        send,
        pad: (bytes) => this.#wire.send(bytes),
        levelsOf: (port) => this.#memory.levelsOf(port),
        clock: this.#clock,
        bytesPerSecond,
        wireFreeAtMs: () => this.#wire.freeAtMs,
      });
    }
    registerTones(board, this.#tones ?? toggledLimits);
    // The cast: of its own events its types do not know.
    return Object.assign(board, { confirm: () => this.#confirmations.confirm() }) as Board;
  }

  #makeRecovery(board: Board): Recovery {
    return new Recovery({
      clock: this.#clock,
      patienceMs: this.#patienceMs,
      address: this.address,
      known: this.#identity,
      confirmations: this.#confirmations,
      memory: this.#memory,
      settings: this.#settings,
      notice: this.#notice,
      found: (found) => this.#takeOver(found),
      send: (frame) => this.#wire.send(frame),
      // The cast: a board of Johnny-Five's is an emitter, which its types do not say.
      tell: (event, cause) => void (board as unknown as EventEmitter).emit(event, cause),
    });
  }

  async close(stopLevels: ReadonlyMap<number, StopLevel> = new Map()): Promise<void> {
    this.#closing ??= this.#stop(stopLevels);
    await this.#closing;
  }

  async #stop(stopLevels: ReadonlyMap<number, StopLevel>): Promise<void> {
    this.#tones?.close();
    const { isAway } = this;
    this.#recovery?.stop();
    if (isAway) this.#notice(`Cannot leave the pins of ${this.address} as they should be: the board is away`);
    if (!this.#lost.signal.aborted && !isAway && this.#board) {
      for (const frame of stopFrames(this.#memory, stopLevels)) this.#send(frame);
      // A component that still blinks or sweeps would undo it.
      this.#isStopped = true;
      await this.#confirmations.confirm().catch((error: CircuitError) => this.#notice(error.message));
      await drainWithin(this.#wire.link, this.#clock);
    }
    await this.#wire.link.close();
    this.#lose(
      new CircuitError("LINK_CLOSED", `Cannot use the board on ${this.address}: its session is closed`),
    );
  }

  /** One whole message of Johnny-Five's, or of a tone's, on its way to the board. */
  #send(frame: Uint8Array): void {
    if (this.#isStopped) return;
    this.#guard?.check(frame, (port) => this.#memory.levelsOf(port));
    const { redundant, write } = this.#memory.remember(frame);
    if (redundant) {
      this.#redundant++;
      return;
    }
    if (write) this.#confirmations.wrote(write);
    else this.#settings.remember(frame);
    if (frame[0] === COMMAND.startSysex && frame[1] === SYSEX.pinStateQuery) {
      this.#confirmations.queried(frame[2] ?? 0);
    }
    this.#transmit(frame);
    if (frame[0] === COMMAND.systemReset && this.#identity.isOurs) this.#confirmations.startEchoes();
  }

  #transmit(frame: Uint8Array): void {
    if (frame[0] === COMMAND.startSysex && frame[1] === SYSEX.reportFirmware)
      this.#askedAtMs = this.#clock.now();
    this.#wire.send(frame);
  }

  /** What the link of the present wire tells. */
  #linkEvents() {
    return {
      data: (bytes: Uint8Array) => {
        this.#heard.receivedBytes += bytes.length;
        this.#fromBoard.push(bytes);
      },
      lost: (cause: CircuitError) => {
        if (this.#recovery && this.#relink) this.#recovery.lost(cause, this.#relink);
        else this.#lose(cause);
      },
    };
  }

  #listen(): FrameSplitter {
    return new FrameSplitter("toHost", {
      frame: (frame) => this.#received(frame),
      discard: (bytes) => this.#heard.discard(bytes),
    });
  }

  /** The board is back, perhaps elsewhere. */
  #takeOver({ wire, handOver }: Found): void {
    this.#wire = wire;
    this.#fromBoard = this.#listen();
    handOver(this.#linkEvents());
  }

  /** One whole message from the board. */
  #received(frame: Uint8Array): void {
    const first = frame[0] ?? 0;
    const isReport = (first & 0xf0) === COMMAND.digitalMessage || (first & 0xf0) === COMMAND.analogMessage;
    if (!isReport) {
      const message = decodeToHost(frame);
      if (this.#confirmations.receive(message)) return;
      if (this.#johnnyFive.chokesOn(message)) {
        this.#heard.discardedBytes++;
        return;
      }
      this.#note(message);
    }
    this.#johnnyFive.hear(frame);
  }

  #note(message: ToHost): void {
    if (message.type === "version") this.#heard.version = `${message.major}.${message.minor}`;
    if (message.type === "string") this.#notice(message.text.replaceAll("\0", ""));
    if (this.#recovery === undefined) this.#identity.hear(message);
    else if (message.type === "firmware" && this.#clock.now() - this.#askedAtMs > ANSWER_MS)
      this.#recovery.startedAnew();
  }

  #lose(cause: CircuitError): void {
    if (this.#lost.signal.aborted) return;
    this.#recovery?.stop();
    this.#confirmations.fail(cause);
    this.#lost.abort(cause);
    this.#johnnyFive.closed();
  }
}
