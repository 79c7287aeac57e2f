import { FrameSplitter } from "../../firmata/frames.js";
import { COMMAND } from "../../firmata/protocol.js";
import { decodeToHost, type ToHost } from "../../firmata/to-host.js";
import type { Confirmations } from "./confirm/confirmations.js";
import type { Heard } from "./handshake.js";
import type { JohnnyFiveBoard } from "./johnny-five-board.js";
import type { Line } from "./line/line.js";
import type { Outbox } from "./outbox/outbox.js";

export interface ListenerOptions {
  readonly heard: Heard;
  readonly confirmations: Confirmations;
  readonly line: Line;
  readonly outbox: Outbox;
  readonly johnnyFive: JohnnyFiveBoard;
  /** Takes each message that is no report, before Johnny-Five hears it. */
  readonly note: (message: ToHost) => void;
}

/** The way from the board: what answers the session stays here, and Johnny-Five hears the rest. */
export class Listener {
  readonly #options: ListenerOptions;
  #splitter: FrameSplitter;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#splitter = this.#listen();
  }

  /** Another link's bytes begin: what is left of a message on the one before is none. */
  begin(): void {
    this.#splitter = this.#listen();
  }

  /** Takes in bytes from the board. */
  push(bytes: Uint8Array): void {
    this.#options.heard.receivedBytes += bytes.length;
    this.#splitter.push(bytes);
  }

  #listen(): FrameSplitter {
    return new FrameSplitter("toHost", {
      frame: (frame) => this.#received(frame),
      discard: (bytes) => {
        this.#options.heard.discard(bytes);
        this.#options.line.garbled();
      },
    });
  }

  /** One whole message from the board. */
  #received(frame: Uint8Array): void {
    const { heard, confirmations, line, outbox, johnnyFive, note } = this.#options;
    const first = frame[0] ?? 0;
    const isReport = (first & 0xf0) === COMMAND.digitalMessage || (first & 0xf0) === COMMAND.analogMessage;
    if (!isReport) {
      const message = decodeToHost(frame);
      if (confirmations.receive(message)) {
        if (message.type === "echo") outbox.echoed(confirmations.counted);
        return;
      }
      if (line.receive(message) || outbox.receive(message)) return;
      if (johnnyFive.chokesOn(message)) {
        heard.discardedBytes++;
        return;
      }
      note(message);
    }
    johnnyFive.hear(frame);
  }
}
