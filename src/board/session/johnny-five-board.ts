import { EventEmitter } from "node:events";
import { FrameSplitter } from "../../firmata/frames.js";
import { PIN_MODE, SYSEX } from "../../firmata/protocol.js";
import type { ToHost } from "../../firmata/to-host.js";
import { READY_TIMEOUT_MS } from "./handshake.js";
import { Firmata, type FirmataIo, type FirmataTransport, five } from "./johnny-five.js";
import { refuseMissingPins } from "./missing-pins.js";
import type { PinState } from "./running-board.js";

/** Messages that firmata-io reads without a look at their length. */
const MUST_BE_WHOLE: ReadonlySet<number> = new Set([SYSEX.pinStateResponse, SYSEX.reportFirmware]);

/** OneWire's message, and what may follow: firmata-io takes any other second byte for a message of its own, even this one. */
const ONEWIRE = 0x73;
const ONEWIRE_REPLIES: ReadonlySet<number | undefined> = new Set([0x42, 0x43, 0x45]);

/** Johnny-Five, and firmata-io below it, as the upper end of a session. */
export class JohnnyFiveBoard {
  /** Resolves when the board has told firmata-io its pins. */
  readonly ready: Promise<void>;
  readonly #transport: FirmataTransport;
  readonly #io: FirmataIo;
  #isMapped = false;

  /**
   * @param port What Johnny-Five shows as the board's port.
   * @param send Takes each whole message to the board.
   */
  constructor(port: string, send: (frame: Uint8Array) => void) {
    const toBoard = new FrameSplitter("toBoard", { frame: send });
    this.#transport = Object.assign(new EventEmitter(), {
      write: (bytes: Uint8Array, written: () => void) => {
        toBoard.push(bytes);
        written();
      },
    });
    this.#transport.setMaxListeners(0);
    this.#io = new Firmata(this.#transport, { reportVersionTimeout: READY_TIMEOUT_MS });
    clearTimeout(this.#io.reportVersionTimeoutId);
    this.#io.setMaxListeners(0);
    this.#io.port = port;
    // firmata-io keeps only the modes that it knows by name.
    this.#io.MODES.TONE = PIN_MODE.tone;
    refuseMissingPins(this.#io);
    this.ready = new Promise((resolve) => this.#io.once("ready", resolve));
    this.#io.once("analog-mapping-query", () => {
      this.#isMapped = true;
    });
  }

  /** The link is open. */
  opened(): void {
    this.#transport.emit("open");
  }

  /** The link is gone for good. */
  closed(): void {
    this.#transport.emit("close");
  }

  /** One whole message from the board. */
  hear(frame: Uint8Array): void {
    this.#transport.emit("data", frame);
  }

  /** Whether firmata-io would throw at a message. */
  chokesOn(message: ToHost): boolean {
    const pins = this.#io.pins.length;
    return (
      // One of those that are known, and not in their shape: a pin state of a pin that the board lacks has no state.
      (message.type === "sysex" && MUST_BE_WHOLE.has(message.command)) ||
      (message.type === "sysex" && message.command === ONEWIRE && !ONEWIRE_REPLIES.has(message.data[0])) ||
      (message.type === "pinState" && message.pin >= pins) ||
      // It would count the channels twice.
      (message.type === "analogMapping" && (this.#isMapped || message.channels.length > pins))
    );
  }

  /** Asks the board what its pins are. Resolves when it has told of all. */
  async pinStates(): Promise<PinState[]> {
    const io = this.#io;
    const asking = io.pins.map(async ({ supportedModes }, pin): Promise<PinState[]> => {
      if (supportedModes.length === 0) return [];
      await new Promise<void>((resolve) => io.queryPinState(pin, resolve));
      const { mode = 0, state: value = 0 } = io.pins[pin] ?? {};
      return [{ pin, mode, value }];
    });
    return (await Promise.all(asking)).flat();
  }

  /** Goes on from what pins are. */
  adopt(states: readonly PinState[]): void {
    for (const { pin, mode, value } of states) {
      const own = this.#io.pins[pin];
      if (own) Object.assign(own, { mode, value });
      const port = pin >> 3;
      if (mode === PIN_MODE.output && value)
        this.#io.ports[port] = (this.#io.ports[port] ?? 0) | (1 << (pin & 7));
    }
  }

  /** Makes the board that sketches see, once firmata-io is ready. */
  async start(): Promise<five.Board> {
    // The cast: `sigint` is missing in the types; without it Johnny-Five ends the process on Ctrl-C, with code 0.
    const quiet = { io: this.#io, repl: false, debug: false, sigint: false } as five.BoardOption;
    const board = new five.Board(quiet);
    board.on("error", () => {});
    await new Promise<void>((resolve) => board.on("ready", resolve));
    return board;
  }
}
