import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { ToHost } from "../../firmata/to-host.js";
import type { Board } from "../board.js";
import type { ByteLink } from "../link/link.js";
import { Confirmations } from "./confirm/confirmations.js";
import { Heard } from "./handshake.js";
import { Identity } from "./identity.js";
import { JohnnyFiveBoard } from "./johnny-five-board.js";
import type { DeadMan } from "./line/dead-man.js";
import { Line } from "./line/line.js";
import { Listener } from "./listener.js";
import { PinMemory } from "./memory/pin-memory.js";
import { SettingsMemory } from "./memory/settings-memory.js";
import { isOneShot, Missed } from "./outbox/missed.js";
import { Outbox } from "./outbox/outbox.js";
import { markerFor } from "./outbox/probe.js";
import { registerTones } from "./piezo.js";
import { PinGuard } from "./pin-guard.js";
import { Sender } from "./sender.js";
import { FollowingTones } from "./tones/following-tones.js";
import { firmwareTone, type ToneDriver, toggledLimits, toggledTone, toneKindOf } from "./tones/tone.js";
import { Wire } from "./wire.js";

export interface PartsOptions {
  readonly link: ByteLink;
  readonly clock: Clock;
  /** Throws to refuse a pin. */
  readonly checkPin: ((pin: number) => void) | undefined;
  readonly deadMan: DeadMan;
  /** The line was good and is not any more. */
  readonly lineFailed: () => void;
  /** Takes each message of the board's that is no report. */
  readonly note: (message: ToHost) => void;
  /** Tells a person. */
  readonly notice: (text: string) => void;
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
  readonly outbox: Outbox;
  readonly line: Line;
  readonly missed: Missed;
  /** Once the board has been ready; `undefined` where Johnny-Five makes them its own way. */
  tones: FollowingTones | undefined;
  readonly #clock: Clock;

  constructor({ link, clock, checkPin, deadMan, lineFailed, note, notice }: PartsOptions) {
    const { memory, heard, identity } = this;
    this.#clock = clock;
    const settings = new SettingsMemory(clock);
    const missed = new Missed(() => this.outbox.wire.link.address, notice);
    const outbox = new Outbox({
      wire: new Wire(link, clock),
      clock,
      count: (write) => this.confirmations.wrote(write),
      isEchoing: () => this.confirmations.isEchoing,
      replaced: (what) => this.confirmations.replaced(what),
    });
    const confirmations = new Confirmations({ memory, clock, outbox, missed });
    const line = new Line({ clock, outbox, identity, deadMan, failed: lineFailed, notice });
    const guard = checkPin && new PinGuard(checkPin);
    const kept = { memory, settings, missed };
    this.sender = new Sender({ clock, guard, ...kept, confirmations, line, identity, outbox });
    this.johnnyFive = new JohnnyFiveBoard(link.address, (frame) => this.sender.send(frame));
    this.listener = new Listener({ heard, confirmations, line, outbox, johnnyFive: this.johnnyFive, note });
    this.settings = settings;
    this.line = line;
    this.missed = missed;
    this.outbox = outbox;
    this.confirmations = confirmations;
  }

  /** The board is away, or begins anew. */
  readonly suspend = (cause: CircuitError): void => {
    this.line.suspend();
    this.missed.begin();
    const { earlierOrdered } = this.outbox.queue;
    this.missed.add(this.outbox.suspend().filter(isOneShot).length + earlierOrdered);
    this.confirmations.suspend(cause);
  };

  /** Makes the board that sketches see, once it is ready. */
  async startBoard(): Promise<Board> {
    const board = await this.johnnyFive.start();
    this.outbox.start(markerFor(this.identity));
    if (this.identity.isOurs) this.confirmations.startEchoes();
    this.line.start();
    const driver = this.makeTones();
    this.tones = driver && new FollowingTones(driver);
    registerTones(board, this.tones ?? toggledLimits);
    const added = {
      confirm: () => this.confirmations.confirm(),
      ordered: (...pins: number[]) => {
        for (const pin of pins) this.outbox.queue.keepOrder(checkedPin(pin));
      },
    };
    // The cast: of its own events its types do not know.
    return Object.assign(board, added) as Board;
  }

  /** What makes tones on the present board. */
  get toneKind(): number | "firmware" {
    return toneKindOf(this.identity, this.outbox.wire.link);
  }

  /** Tones on the present board; `undefined` where nothing is known of the wire's clock. */
  makeTones(): ToneDriver | undefined {
    const { settings } = this;
    if (this.identity.isOurs)
      return firmwareTone(
        (frame) => this.sender.send(frame),
        () => settings.sounding(),
      );
    const { outbox } = this;
    const { bytesPerSecond } = outbox.wire.link;
    if (!Number.isFinite(bytesPerSecond)) return undefined;
    const driver = toggledTone({
      send: (frame) => this.sender.pass(frame),
      pad: (bytes) => outbox.send(bytes),
      levelsOf: (port) => this.memory.levelsOf(port),
      clock: this.#clock,
      bytesPerSecond,
      wireFreeAtMs: () => outbox.freeAtMs,
    });
    return {
      ...driver,
      start(pin, frequencyHz, durationMs) {
        outbox.queue.keepOrder(pin);
        driver.start(pin, frequencyHz, durationMs);
      },
    };
  }
}

/** Firmata numbers pins with seven bits. */
const MOST_PIN = 127;

function checkedPin(pin: number): number {
  if (Number.isInteger(pin) && pin >= 0 && pin <= MOST_PIN) return pin;
  throw new CircuitError("USAGE", `Cannot keep each value of pin ${pin}: pins are 0 to ${MOST_PIN}`, {
    hint: "Name pins by their numbers, such as board.ordered(12, 13).",
  });
}
