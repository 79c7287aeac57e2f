import { EventEmitter } from "node:events";
import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { FrameSplitter } from "../../firmata/frames.js";
import { CIRCUIT_FIRMWARE, COMMAND, PIN_MODE, SYSEX } from "../../firmata/protocol.js";
import { decodeToHost, type ToHost } from "../../firmata/to-host.js";
import type { Board } from "../board.js";
import type { ByteLink } from "../link/link.js";
import { Confirmations } from "./confirmations.js";
import { Heard, handshake, READY_TIMEOUT_MS } from "./handshake.js";
import { Firmata, type FirmataIo, type FirmataTransport } from "./johnny-five.js";
import { drainWithin, openWithin } from "./patience.js";
import { five, registerTones } from "./piezo.js";
import { PinGuard } from "./pin-guard.js";
import { PinMemory } from "./pin-memory.js";
import { firmwareTone, type ToneDriver, toggledLimits, toggledTone } from "./tone.js";

export interface SessionOptions {
  /** A link that has not been opened. The session opens and closes it. */
  readonly link: ByteLink;
  readonly clock?: Clock;
  /** Gives up connecting; `openSession()` then rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
  /** How long the board may take to describe itself, in milliseconds. */
  readonly readyTimeoutMs?: number;
  /** Called with each pin before it is first used; throws to refuse it. */
  readonly checkPin?: (pin: number) => void;
  /** Takes what the board says in words, such as why it refuses a message. */
  readonly notice?: (text: string) => void;
}

/** Messages that firmata-io reads without a look at their length. */
const MUST_BE_WHOLE: ReadonlySet<number> = new Set([SYSEX.pinStateResponse, SYSEX.reportFirmware]);

/** What the session has counted since it opened. */
export interface SessionCounts {
  /** Digital writes sent to the board. */
  readonly writes: number;
  /** Messages that were not sent because they would have changed nothing. */
  readonly redundant: number;
  /** Bytes from the board that were in no Firmata message. */
  readonly discardedBytes: number;
  /** Digital writes and queries that the board has not answered. */
  readonly unconfirmed: number;
  /** Bytes that have not reached the board, by the speed of its wire. */
  readonly unsentBytes: number;
}

/** What a pin is left as when the session closes: a level, or whatever it is. */
export type StopLevel = 0 | 1 | "keep";

/** One board: Firmata and Johnny-Five on a byte link. */
export interface BoardSession {
  readonly address: string;
  /** Name and version that the firmware reports, for example `StandardFirmata.ino 2.5`. */
  readonly firmware: string;
  readonly board: Board;
  /** Aborts when the board is gone for good; its reason is the error. */
  readonly lost: AbortSignal;
  counts(): SessionCounts;

  /**
   * Leaves outputs as asked (low where nothing was asked) and piezos silent, waits until the board has done so and
   * everything is sent, then closes the link. Idempotent; never rejects.
   */
  close(stopLevels?: ReadonlyMap<number, StopLevel>): Promise<void>;
}

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
  readonly #link: ByteLink;
  readonly #clock: Clock;
  readonly #guard: PinGuard | undefined;
  readonly #notice: (text: string) => void;
  readonly #memory = new PinMemory();
  readonly #confirmations: Confirmations;
  readonly #transport: FirmataTransport;
  readonly #io: FirmataIo;
  readonly #lost = new AbortController();
  readonly #fromBoard: FrameSplitter;
  readonly #toBoard: FrameSplitter;
  readonly #heard = new Heard();
  #board: Board | undefined;
  #firmware = "";
  #redundant = 0;
  #wireFreeAtMs = 0;
  #tones: ToneDriver | undefined;
  /** The pins are as they are to be left: nothing more is written. */
  #isStopped = false;
  #closing: Promise<void> | undefined;

  constructor({ link, clock = systemClock, checkPin, notice = () => {} }: SessionOptions) {
    this.#link = link;
    this.#clock = clock;
    this.#guard = checkPin && new PinGuard(checkPin);
    this.#notice = notice;
    this.#confirmations = new Confirmations({
      memory: this.#memory,
      clock,
      send: (frame) => this.#transmit(frame),
      wireFreeAtMs: () => this.#freeAtMs(),
    });
    this.#fromBoard = new FrameSplitter("toHost", {
      frame: (frame) => this.#received(frame),
      discard: (bytes) => this.#heard.discard(bytes),
    });
    this.#toBoard = new FrameSplitter("toBoard", { frame: (frame) => this.#send(frame) });
    this.#transport = Object.assign(new EventEmitter(), {
      write: (bytes: Uint8Array, written: () => void) => {
        this.#toBoard.push(bytes);
        written();
      },
    });
    this.#transport.setMaxListeners(0);
    this.#io = new Firmata(this.#transport, { reportVersionTimeout: READY_TIMEOUT_MS });
    clearTimeout(this.#io.reportVersionTimeoutId);
    this.#io.setMaxListeners(0);
    this.#io.port = link.address;
    // firmata-io keeps only the modes that it knows by name.
    this.#io.MODES.TONE = PIN_MODE.tone;
  }

  get address(): string {
    return this.#link.address;
  }

  get firmware(): string {
    return this.#firmware;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
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
      unsentBytes: this.#unsentBytes(),
    };
  }

  async open(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const startMs = this.#clock.now();
    const events = {
      data: (bytes: Uint8Array) => {
        this.#heard.receivedBytes += bytes.length;
        this.#fromBoard.push(bytes);
      },
      lost: (cause: CircuitError) => this.#lose(cause),
    };
    const ready = new Promise<void>((resolve, reject) => {
      this.#io.once("ready", resolve);
      this.#lost.signal.addEventListener("abort", () => reject(this.#lost.signal.reason), { once: true });
    });
    ready.catch(() => {});
    try {
      await openWithin(this.#link, events, { clock: this.#clock, signal, timeoutMs });
      this.#transport.emit("open");
      await handshake({
        address: this.address,
        clock: this.#clock,
        signal,
        send: (frame) => this.#transmit(frame),
        heard: this.#heard,
        ready,
        timeoutMs: Math.max(0, timeoutMs - (this.#clock.now() - startMs)),
      });
      this.#board = await this.#startJohnnyFive();
    } catch (error) {
      await this.#link.close();
      throw error;
    }
  }

  async #startJohnnyFive(): Promise<Board> {
    // The cast: `sigint` is missing in the types; without it Johnny-Five ends the process on Ctrl-C, with code 0.
    const quiet = { io: this.#io, repl: false, debug: false, sigint: false } as five.BoardOption;
    const board = new five.Board(quiet);
    board.on("error", () => {});
    await new Promise<void>((resolve) => board.on("ready", resolve));
    const ours = this.#firmware.startsWith(CIRCUIT_FIRMWARE);
    const send = (frame: Uint8Array) => this.#send(frame);
    if (ours) {
      this.#confirmations.startEchoes();
      this.#tones = firmwareTone(send);
    } else if (Number.isFinite(this.#link.bytesPerSecond)) {
      this.#tones = toggledTone({
        send,
        pad: (bytes) => this.#transmit(bytes),
        levelsOf: (port) => this.#memory.levelsOf(port),
        clock: this.#clock,
        bytesPerSecond: this.#link.bytesPerSecond,
        wireFreeAtMs: () => this.#freeAtMs(),
      });
    }
    registerTones(board, this.#tones ?? toggledLimits);
    return Object.assign(board, { confirm: () => this.#confirmations.confirm() });
  }

  async close(stopLevels: ReadonlyMap<number, StopLevel> = new Map()): Promise<void> {
    this.#closing ??= this.#stop(stopLevels);
    await this.#closing;
  }

  async #stop(stopLevels: ReadonlyMap<number, StopLevel>): Promise<void> {
    this.#tones?.close();
    if (!this.#lost.signal.aborted && this.#board) {
      for (const frame of this.#memory.stopFrames(stopLevels)) this.#send(frame);
      // A component that still blinks or sweeps would undo it.
      this.#isStopped = true;
      await this.#confirmations.confirm().catch((error: CircuitError) => this.#notice(error.message));
      await drainWithin(this.#link, this.#clock);
    }
    await this.#link.close();
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
    if (frame[0] === COMMAND.startSysex && frame[1] === SYSEX.pinStateQuery) {
      this.#confirmations.queried(frame[2] ?? 0);
    }
    if (write) this.#confirmations.wrote(write);
    this.#transmit(frame);
  }

  #transmit(bytes: Uint8Array): void {
    this.#wireFreeAtMs = this.#freeAtMs() + (bytes.length / this.#link.bytesPerSecond) * 1_000;
    this.#link.write(bytes);
  }

  /** A link that is as quick as it is written to never has any. */
  #unsentBytes(): number {
    const { bytesPerSecond } = this.#link;
    if (!Number.isFinite(bytesPerSecond)) return 0;
    return Math.round(((this.#freeAtMs() - this.#clock.now()) * bytesPerSecond) / 1_000);
  }

  /** When all that was sent will have reached the board, on the clock, in milliseconds. */
  #freeAtMs(): number {
    return Math.max(this.#wireFreeAtMs, this.#clock.now());
  }

  /** One whole message from the board. */
  #received(frame: Uint8Array): void {
    const first = frame[0] ?? 0;
    const isReport = (first & 0xf0) === COMMAND.digitalMessage || (first & 0xf0) === COMMAND.analogMessage;
    if (!isReport) {
      const message = decodeToHost(frame);
      if (this.#confirmations.receive(message)) return;
      if (this.#isRefused(message)) return;
      this.#note(message);
    }
    this.#transport.emit("data", frame);
  }

  /** Messages on which firmata-io would throw. */
  #isRefused(message: ToHost): boolean {
    const pins = this.#io.pins.length;
    const refused =
      // One of those that are known, and not in their shape: a pin state of a pin that the board lacks has no state.
      (message.type === "sysex" && MUST_BE_WHOLE.has(message.command)) ||
      (message.type === "pinState" && message.pin >= pins) ||
      (message.type === "analogMapping" && message.channels.length > pins);
    if (refused) this.#heard.discardedBytes++;
    return refused;
  }

  #note(message: ToHost): void {
    if (message.type === "version") this.#heard.version = `${message.major}.${message.minor}`;
    if (message.type === "firmware") this.#firmware = `${message.name} ${message.major}.${message.minor}`;
    if (message.type === "string") this.#notice(message.text.replaceAll("\0", ""));
  }

  #lose(cause: CircuitError): void {
    if (this.#lost.signal.aborted) return;
    this.#confirmations.fail(cause);
    this.#lost.abort(cause);
    this.#transport.emit("close");
  }
}
