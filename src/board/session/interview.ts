import type { Clock } from "../../core/clock.js";
import { FrameSplitter } from "../../firmata/frames.js";
import { encodeToBoard } from "../../firmata/to-board.js";
import { decodeToHost, type ToHost } from "../../firmata/to-host.js";
import { Heard, handshake } from "./handshake.js";
import { Identity } from "./identity.js";
import type { Wire } from "./wire.js";

/**
 * Asks a board that has just been linked who it is: its firmware, then its pins.
 *
 * Johnny-Five is not to hear of it a second time: it would count the pins twice.
 */
export class Interview {
  readonly identity = new Identity();
  readonly #wire: Wire;
  readonly #heard = new Heard();
  readonly #splitter = new FrameSplitter("toHost", {
    frame: (frame) => this.#received(decodeToHost(frame)),
    discard: (bytes) => this.#heard.discard(bytes),
  });
  #finish = () => {};
  readonly #finished = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Takes in bytes from the board. */
  push(bytes: Uint8Array): void {
    this.#heard.receivedBytes += bytes.length;
    this.#splitter.push(bytes);
  }

  /**
   * Resolves when the board has told all.
   *
   * @throws {CircuitError} What `handshake()` throws; the signal's own reason.
   */
  async untilDone(options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  }): Promise<Identity> {
    const { link } = this.#wire;
    await handshake({
      ...options,
      address: link.address,
      send: (frame) => this.#wire.send(frame),
      heard: this.#heard,
      ready: this.#finished,
    });
    return this.identity;
  }

  #received(message: ToHost): void {
    if (message.type === "version") this.#heard.version = `${message.major}.${message.minor}`;
    const { hasPins } = this.identity;
    this.identity.hear(message);
    if (message.type === "firmware" && !hasPins) this.#ask("queryCapabilities");
    if (message.type === "capabilities" && !hasPins) this.#ask("queryAnalogMapping");
    if (this.identity.isComplete) this.#finish();
  }

  #ask(type: "queryCapabilities" | "queryAnalogMapping"): void {
    this.#wire.send(encodeToBoard({ type }));
  }
}
