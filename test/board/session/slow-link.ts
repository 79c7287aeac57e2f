import type { ByteLink, LinkEvents } from "../../../src/board/link/link.js";
import type { ManualClock } from "../../../src/core/manual-clock.js";
import { FrameSplitter } from "../../../src/firmata/frames.js";
import { decodeToBoard, type ToBoard } from "../../../src/firmata/to-board.js";
import { encodeToHost } from "../../../src/firmata/to-host.js";

export interface SlowLinkOptions {
  readonly clock: ManualClock;
  /** What it says that it carries. */
  readonly bytesPerSecond?: number;
  /** What it carries. */
  readonly trueBytesPerSecond?: number;
  readonly isDeaf?: boolean;
}

/** A wire that takes its time, to a board that answers questions for its version, and pings, and is as quick as the wire. */
export class SlowLink implements ByteLink {
  readonly address = "/dev/slow";
  readonly bytesPerSecond: number;
  /** Whole messages that have reached the board, and when, in milliseconds. */
  readonly arrived: { readonly message: ToBoard; readonly atMs: number }[] = [];
  /** Whether the board says nothing. */
  isDeaf: boolean;
  readonly #clock: ManualClock;
  readonly #trueBytesPerSecond: number;
  #freeAtMs = 0;
  #events: LinkEvents | undefined;
  readonly #splitter = new FrameSplitter("toBoard", {
    frame: (frame) => this.#take(decodeToBoard(frame)),
  });

  constructor({
    clock,
    bytesPerSecond = 5_760,
    trueBytesPerSecond = bytesPerSecond,
    isDeaf = false,
  }: SlowLinkOptions) {
    this.bytesPerSecond = bytesPerSecond;
    this.isDeaf = isDeaf;
    this.#clock = clock;
    this.#trueBytesPerSecond = trueBytesPerSecond;
  }

  /** What the board has to do to catch up, in milliseconds. */
  get behindMs(): number {
    return Math.max(0, this.#freeAtMs - this.#clock.now());
  }

  async open(events: LinkEvents): Promise<void> {
    this.#events = events;
  }

  write(bytes: Uint8Array): void {
    const startMs = Math.max(this.#freeAtMs, this.#clock.now());
    this.#freeAtMs = startMs + (bytes.length / this.#trueBytesPerSecond) * 1_000;
    this.#clock.after(this.#freeAtMs - this.#clock.now(), () => this.#splitter.push(bytes));
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {}

  #take(message: ToBoard): void {
    this.arrived.push({ message, atMs: this.#clock.now() });
    if (this.isDeaf) return;
    if (message.type === "queryVersion")
      this.#events?.data(encodeToHost({ type: "version", major: 2, minor: 5 }));
    if (message.type === "ping") this.#events?.data(encodeToHost({ type: "pong", number: message.number }));
  }
}
