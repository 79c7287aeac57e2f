import { CircuitError } from "../../core/error.js";
import { FrameSplitter } from "../../firmata/frames.js";
import { NO_ANALOG_CHANNEL } from "../../firmata/protocol.js";
import { decodeToBoard, type ToBoard } from "../../firmata/to-board.js";
import { decodeToHost, type ToHost } from "../../firmata/to-host.js";
import type { BoardEntry, BytesEntry, EdgeEntry } from "../entry.js";
import type { Happening, KnownLevel } from "./happening.js";
import { PinStory } from "./pin-story.js";
import { WireClock } from "./wire-clock.js";

/** What happened on the pins of one board. Entries come in the order of their times; so do happenings of either kind. */
export class BoardReader {
  readonly #board: string;
  readonly #take: (happening: Happening) => void;
  readonly #story: PinStory;
  readonly #wire = new WireClock();
  readonly #levels = { shown: new Map<number, KnownLevel>(), told: new Map<number, KnownLevel>() };
  /** What is on its way to the board. */
  readonly #coming: { readonly message: ToBoard; readonly atMs: number }[] = [];
  #toBoard = new TimedSplitter("toBoard");
  #toHost = new TimedSplitter("toHost");

  constructor(board: string, take: (happening: Happening) => void) {
    this.#board = board;
    this.#take = take;
    this.#story = new PinStory((pin, level, atMs) => this.#level(pin, level, atMs, false));
  }

  take(entry: BoardEntry | BytesEntry | EdgeEntry): void {
    if (entry.kind === "edge") {
      this.#level(entry.pin, entry.level, entry.atMs, true);
      return;
    }
    this.passTo(entry.atMs);
    if (entry.kind === "board") this.#changed(entry);
    else if (entry.kind === "to-board") this.#write(entry);
    else for (const { frame } of this.#toHost.push(entry.bytes)) this.#said(frame, entry.atMs);
  }

  /** It is this late: what was on its way has arrived, and tones have gone on. */
  passTo(atMs: number): void {
    for (;;) {
      const [first] = this.#coming;
      const nextMs = Math.min(first?.atMs ?? Number.POSITIVE_INFINITY, this.#story.nextMs);
      if (nextMs > atMs) return;
      if (first && first.atMs <= nextMs) {
        this.#coming.shift();
        if (first.message.type === "tone") this.#tell({ kind: "tone", pin: first.message.pin }, first.atMs);
        this.#story.executed(first.message, first.atMs);
      } else this.#story.runNext();
    }
  }

  #changed({ what, baud, atMs }: BoardEntry): void {
    if (what === "opened" || what === "baud") this.#wire.setBaud(baud);
    if (what === "baud") return;
    this.#coming.length = 0;
    this.#wire.clear();
    this.#toBoard = new TimedSplitter("toBoard");
    this.#toHost = new TimedSplitter("toHost");
    this.#story.lost(atMs);
  }

  #write({ bytes, atMs }: BytesEntry): void {
    const arrivalMs = this.#wire.push(bytes.length, atMs);
    for (const { frame, endsAt } of this.#toBoard.push(bytes)) {
      const message = readable(() => decodeToBoard(frame));
      if (message) this.#coming.push({ message, atMs: arrivalMs(endsAt) });
    }
  }

  #said(frame: Uint8Array, atMs: number): void {
    const message: ToHost | undefined = readable(() => decodeToHost(frame));
    if (!message) return;
    this.#story.said(message, atMs);
    if (message.type === "analog")
      this.#tell({ kind: "sample", channel: message.channel, value: message.value }, atMs);
    if (message.type === "analogMapping")
      for (const [pin, channel] of message.channels.entries())
        if (channel !== NO_ANALOG_CHANNEL) this.#tell({ kind: "channel", pin, channel }, atMs);
  }

  #level(pin: number, level: KnownLevel, atMs: number, isShown: boolean): void {
    const levels = isShown ? this.#levels.shown : this.#levels.told;
    if (levels.get(pin) === level) return;
    levels.set(pin, level);
    this.#tell({ kind: "level", pin, level, isShown }, atMs);
  }

  #tell(happening: DistributiveOmit<Happening, "board" | "atMs">, atMs: number): void {
    this.#take({ ...happening, board: this.#board, atMs });
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

/** Noise can look like a message that cannot be: then it is none. */
function readable<Message>(decode: () => Message): Message | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof CircuitError) return undefined;
    throw error;
  }
}

/** Whole messages, each with the place in the last chunk at which it ends. */
class TimedSplitter {
  readonly #splitter: FrameSplitter;
  #frames: { readonly frame: Uint8Array; readonly endsAt: number }[] = [];
  /** Bytes that are behind us, and those of them that came before this chunk. */
  #passed = 0;
  #pushed = 0;

  constructor(direction: "toBoard" | "toHost") {
    this.#splitter = new FrameSplitter(direction, {
      frame: (frame) => {
        this.#passed += frame.length;
        this.#frames.push({ frame, endsAt: this.#passed - this.#pushed });
      },
      discard: (bytes) => {
        this.#passed += bytes.length;
      },
    });
  }

  push(bytes: Uint8Array): readonly { readonly frame: Uint8Array; readonly endsAt: number }[] {
    this.#frames = [];
    this.#splitter.push(bytes);
    this.#pushed += bytes.length;
    return this.#frames;
  }
}
