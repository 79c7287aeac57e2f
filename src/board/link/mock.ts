import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { FrameSplitter } from "../../firmata/frames.js";
import {
  CIRCUIT_FIRMWARE,
  ECHO_COUNT_MODULUS,
  LINE_BAUDS,
  NO_ANALOG_CHANNEL,
  PIN_MODE,
} from "../../firmata/protocol.js";
import { decodeToBoard, type ToBoard } from "../../firmata/to-board.js";
import { encodeToHost, type ToHost } from "../../firmata/to-host.js";
import type { ByteLink, LinkEvents } from "./link.js";
import { MockDeadMan } from "./mock-dead-man.js";
import { FIRST_ANALOG, type MockEdge, type MockPin, MockPins, PINS } from "./mock-pins.js";

export interface MockBoardOptions {
  readonly address?: string;
  /** Whose manners the device has: our firmware's, with echoes, tones and dead-man, or StandardFirmata's. */
  readonly firmware?: "circuit" | "standard";
  /** What its dead-man goes by. */
  readonly clock?: Clock;
  /** How many pins it says that it has; 20 by default, of which 6 are analog. */
  readonly pins?: number;
}

/**
 * A Firmata device that speaks bytes and has no CPU: what is sent is executed and answered before the next turn
 * of the event loop. For unit tests, where `sim:uno` would execute the firmware itself.
 */
export class MockBoard implements ByteLink {
  readonly address: string;
  readonly bytesPerSecond = Number.POSITIVE_INFINITY;
  /** Every message that arrived, oldest first; kept only when `recording` is set. */
  readonly received: ToBoard[] = [];
  recording = false;

  readonly #circuit: boolean;
  readonly #pins: MockPins;
  /** How many pins it says that it has. */
  readonly #told: number;
  readonly #deadMan: MockDeadMan;
  readonly #reportedPorts = new Uint8Array(3);
  readonly #splitter = new FrameSplitter("toBoard", {
    frame: (frame) => this.#execute(decodeToBoard(frame)),
  });
  readonly #listeners = new Set<(edge: MockEdge) => void>();
  #events: LinkEvents | undefined;
  #answers: Uint8Array[] = [];
  #echoing = false;
  #writes = 0;
  #mute = false;

  constructor({
    address = "mock",
    firmware = "circuit",
    clock = systemClock,
    pins = PINS,
  }: MockBoardOptions = {}) {
    this.address = address;
    this.#told = pins;
    this.#circuit = firmware === "circuit";
    this.#pins = new MockPins(this.#circuit);
    this.#pins.onEdge = (edge) => {
      for (const listener of [...this.#listeners]) listener(edge);
    };
    this.#deadMan = new MockDeadMan(clock, this.#pins, () => this.#answer({ type: "tripped" }));
  }

  /** The latest changes of level, 10 000 at least, oldest first. */
  get edges(): MockEdge[] {
    return this.#pins.edges;
  }

  /**
   * Calls back with every edge of an output, in order.
   *
   * @returns What takes the listener away.
   */
  onEdge(listener: (edge: MockEdge) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(events: LinkEvents): Promise<void> {
    this.#events = events;
    this.#greet();
  }

  write(bytes: Uint8Array): void {
    if (!this.#events || this.#mute) return;
    this.#deadMan.heard();
    this.#splitter.push(bytes);
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {
    this.#events = undefined;
  }

  /** What a pin is now. */
  pin(pin: number): MockPin {
    return this.#pins.at(pin);
  }

  /** Pulls the cable. */
  unplug(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.lost(
      new CircuitError("BOARD_LOST", `Cannot reach the board on ${this.address} any more: it was unplugged`, {
        hint: "Plug the cable in again.",
      }),
    );
  }

  /** Resets the device, as a brown-out does: it has forgotten all, and greets. */
  restart(): void {
    this.#execute({ type: "reset" });
    this.#greet();
  }

  /** From now on the device executes and says nothing, as if it hung. */
  hang(): void {
    this.#mute = true;
  }

  /** Puts a level on a pin from outside, and reports it if it is an input whose port is reported. */
  drive(pin: number, level: 0 | 1): void {
    const port = pin >> 3;
    if (this.#pins.drive(pin, level) && this.#reportedPorts[port]) this.#report(port);
  }

  /** Puts a reading of 0–1023 on an analog channel and reports it. */
  measure(channel: number, value: number): void {
    this.#answer({ type: "analog", channel, value });
  }

  /** Makes the device say any bytes, also ones that are no Firmata. */
  say(bytes: Uint8Array): void {
    if (this.#answers.length === 0) queueMicrotask(() => this.#flush());
    this.#answers.push(bytes);
  }

  #answer(message: ToHost): void {
    this.say(encodeToHost(message));
  }

  #flush(): void {
    const answers = this.#answers;
    this.#answers = [];
    for (const bytes of answers) this.#events?.data(bytes);
  }

  #greet(): void {
    this.#answer({ type: "version", major: 2, minor: this.#circuit ? 6 : 5 });
    this.#sayFirmware();
  }

  #sayFirmware(): void {
    const name = this.#circuit ? CIRCUIT_FIRMWARE : "StandardFirmata.ino";
    this.#answer({ type: "firmware", major: this.#circuit ? 1 : 2, minor: this.#circuit ? 1 : 5, name });
  }

  #execute(message: ToBoard): void {
    if (this.recording) this.received.push(message);
    switch (message.type) {
      case "digitalPort":
        this.#pins.writePort(message.port, message.levels);
        this.#echo(message.port);
        break;
      case "digitalPin":
        this.#pins.setLevel(message.pin, message.level ? 1 : 0);
        this.#echo(message.pin >> 3);
        break;
      case "pinMode":
        this.#pins.setMode(message.pin, message.mode);
        break;
      case "analog":
      case "extendedAnalog":
        this.#pins.setValue(message.pin, message.value);
        break;
      case "servoConfig":
        this.#pins.force(message.pin, PIN_MODE.servo);
        break;
      case "reportDigital":
        this.#reportedPorts[message.port] = Number(message.on);
        if (message.on) this.#report(message.port);
        break;
      case "reset":
        this.#pins.reset();
        this.#deadMan.disarm();
        this.#echoing = false;
        break;
      default:
        this.#answerQuery(message);
    }
  }

  #answerQuery(message: ToBoard): void {
    switch (message.type) {
      case "queryVersion":
        this.#answer({ type: "version", major: 2, minor: this.#circuit ? 6 : 5 });
        break;
      case "queryFirmware":
        this.#sayFirmware();
        break;
      case "queryCapabilities":
        this.#answer({ type: "capabilities", pins: this.#pins.capabilities.slice(0, this.#told) });
        break;
      case "queryAnalogMapping":
        this.#answer({
          type: "analogMapping",
          channels: Array.from({ length: this.#told }, (_, pin) =>
            pin < FIRST_ANALOG ? NO_ANALOG_CHANNEL : pin - FIRST_ANALOG,
          ),
        });
        break;
      case "queryPinState":
        this.#answer({ type: "pinState", pin: message.pin, ...this.pin(message.pin) });
        break;
      default:
        if (this.#circuit) this.#executeOurs(message);
    }
  }

  /** What only our own firmware understands. */
  #executeOurs(message: ToBoard): void {
    switch (message.type) {
      case "echo":
        this.#echoing = message.on;
        this.#writes = 0;
        this.#answer({ type: "echoing", on: message.on });
        break;
      case "ping":
        this.#answer({ type: "pong", number: message.number });
        break;
      case "speed":
        // It has no line whose speed could change.
        if (message.code < LINE_BAUDS.length) this.#answer({ type: "speed", code: message.code });
        break;
      case "safe":
        if (this.#deadMan.arm(message.silenceMs, message.pins))
          this.#answer({ type: "armed", count: message.pins.length });
        break;
      case "tone":
        this.#pins.force(message.pin, PIN_MODE.tone, Math.round(message.centihertz / 100));
        break;
      case "noTone":
        this.#pins.setValue(message.pin, 0);
        break;
    }
  }

  #report(port: number): void {
    this.#answer({ type: "digitalPort", port, levels: this.#pins.levels(port, "inputs") });
  }

  #echo(port: number): void {
    if (!this.#echoing) return;
    this.#writes++;
    const count = this.#writes % ECHO_COUNT_MODULUS;
    this.#answer({ type: "echo", port, levels: this.#pins.levels(port, "outputs"), count });
  }
}
