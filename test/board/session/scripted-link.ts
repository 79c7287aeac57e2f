import type { ByteLink, LinkEvents } from "../../../src/board/link/link.js";
import { FrameSplitter } from "../../../src/firmata/frames.js";
import { decodeToBoard, type ToBoard } from "../../../src/firmata/to-board.js";
import { encodeToHost, type ToHost } from "../../../src/firmata/to-host.js";

/** A link whose far end says what the test says, and nothing else. */
export class ScriptedLink implements ByteLink {
  readonly address = "/dev/scripted";
  readonly bytesPerSecond: number;
  /** Whole messages that were sent to the board, oldest first. */
  readonly sent: ToBoard[] = [];
  /** Bytes that were sent to the board, oldest first. */
  readonly bytes: number[] = [];
  closed = false;
  #events: LinkEvents | undefined;
  readonly #splitter = new FrameSplitter("toBoard", {
    frame: (frame) => this.sent.push(decodeToBoard(frame)),
  });

  constructor(bytesPerSecond = Number.POSITIVE_INFINITY) {
    this.bytesPerSecond = bytesPerSecond;
  }

  async open(events: LinkEvents): Promise<void> {
    this.#events = events;
  }

  write(bytes: Uint8Array): void {
    this.bytes.push(...bytes);
    this.#splitter.push(bytes);
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {
    this.closed = true;
  }

  say(...messages: readonly ToHost[]): void {
    for (const message of messages) this.#events?.data(encodeToHost(message));
  }

  sayBytes(bytes: Uint8Array | string): void {
    this.#events?.data(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
  }
}
