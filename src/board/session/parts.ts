import type { Clock } from "../../core/clock.js";
import type { ToHost } from "../../firmata/to-host.js";
import type { Board } from "../board.js";
import type { ByteLink } from "../link/link.js";
import { Confirmations } from "./confirmations.js";
import { Heard } from "./handshake.js";
import { Identity } from "./identity.js";
import { JohnnyFiveBoard } from "./johnny-five-board.js";
import { Listener } from "./listener.js";
import { registerTones } from "./piezo.js";
import { PinGuard } from "./pin-guard.js";
import { PinMemory } from "./pin-memory.js";
import { Sender } from "./sender.js";
import { SettingsMemory } from "./settings-memory.js";
import { firmwareTone, type ToneDriver, toggledLimits, toggledTone } from "./tone.js";
import { Wire } from "./wire.js";

export interface PartsOptions {
  readonly link: ByteLink;
  readonly clock: Clock;
  /** Throws to refuse a pin. */
  readonly checkPin: ((pin: number) => void) | undefined;
  /** Takes each message of the board's that is no report. */
  readonly note: (message: ToHost) => void;
}

/** What a session is made of, put together: Johnny-Five at one end, the wire at the other. */
export class Parts {
  readonly memory = new PinMemory();
  readonly heard = new Heard();
  readonly identity = new Identity();
  readonly settings: SettingsMemory;
  readonly confirmations: Confirmations;
  readonly sender: Sender;
  readonly listener: Listener;
  readonly johnnyFive: JohnnyFiveBoard;
  /** The wire at present. */
  wire: Wire;
  readonly #clock: Clock;

  constructor({ link, clock, checkPin, note }: PartsOptions) {
    const { memory, heard, identity } = this;
    const transmit = (frame: Uint8Array) => this.wire.send(frame);
    this.wire = new Wire(link, clock);
    this.#clock = clock;
    this.settings = new SettingsMemory(clock);
    const { settings } = this;
    const wireFreeAtMs = () => this.wire.freeAtMs;
    this.confirmations = new Confirmations({ memory, clock, send: transmit, wireFreeAtMs });
    const { confirmations } = this;
    const guard = checkPin && new PinGuard(checkPin);
    this.sender = new Sender({ clock, guard, memory, settings, confirmations, identity, transmit });
    this.johnnyFive = new JohnnyFiveBoard(link.address, (frame) => this.sender.send(frame));
    this.listener = new Listener({ heard, confirmations, johnnyFive: this.johnnyFive, note });
  }

  /** Makes the board that sketches see, once it is ready. */
  async startBoard(): Promise<{ readonly board: Board; readonly tones: ToneDriver | undefined }> {
    const board = await this.johnnyFive.start();
    if (this.identity.isOurs) this.confirmations.startEchoes();
    const tones = this.#makeTones();
    registerTones(board, tones ?? toggledLimits);
    const added = { confirm: () => this.confirmations.confirm() };
    // The cast: of its own events its types do not know.
    return { board: Object.assign(board, added) as Board, tones };
  }

  #makeTones(): ToneDriver | undefined {
    const send = (frame: Uint8Array) => this.sender.send(frame);
    if (this.identity.isOurs) return firmwareTone(send);
    const { bytesPerSecond } = this.wire.link;
    if (!Number.isFinite(bytesPerSecond)) return undefined;
    return toggledTone({
      send,
      pad: (bytes) => this.wire.send(bytes),
      levelsOf: (port) => this.memory.levelsOf(port),
      clock: this.#clock,
      bytesPerSecond,
      wireFreeAtMs: () => this.wire.freeAtMs,
    });
  }
}
