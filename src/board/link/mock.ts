import { CircuitError } from "../../core/error.js";
import { FrameSplitter } from "../../firmata/frames.js";
import { CIRCUIT_FIRMWARE, ECHO_COUNT_MODULUS, NO_ANALOG_CHANNEL, PIN_MODE } from "../../firmata/protocol.js";
import { decodeToBoard, type ToBoard } from "../../firmata/to-board.js";
import { encodeToHost, type PinCapability, type ToHost } from "../../firmata/to-host.js";
import type { ByteLink, LinkEvents } from "./link.js";

export interface MockBoardOptions {
  readonly address?: string;
  /** Whose manners the device has: our firmware's, with echoes and tones, or StandardFirmata's. */
  readonly firmware?: "circuit" | "standard";
}

/** A change that the device saw on one of its pins. */
export interface MockEdge {
  readonly pin: number;
  readonly level: 0 | 1;
}

/** A pin of the device. */
export interface MockPin {
  readonly mode: number;
  /** Level, PWM or servo value, or frequency of a tone in whole hertz. */
  readonly value: number;
}

/** An Uno has 20 pins: 14 digital, 6 analog. */
const PINS = 20;
const FIRST_ANALOG = 14;
/** Edges that are kept: more than any test looks at, and half a megabyte in a run without end. */
const KEPT_EDGES = 10_000;
const PWM_PINS: ReadonlySet<number> = new Set([3, 5, 6, 9, 10, 11]);

/**
 * A Firmata device that speaks bytes and has no CPU: what is sent is executed and answered before the next turn
 * of the event loop. For unit tests, where `sim:uno` would execute the firmware itself.
 */
export class MockBoard implements ByteLink {
  readonly address: string;
  readonly bytesPerSecond = Number.POSITIVE_INFINITY;
  /** The latest changes of level, 10 000 at least, oldest first. */
  readonly edges: MockEdge[] = [];
  /** Every message that arrived, oldest first; kept only when `recording` is set. */
  readonly received: ToBoard[] = [];
  recording = false;

  readonly #circuit: boolean;
  readonly #modes = new Uint8Array(PINS);
  readonly #values = new Uint32Array(PINS);
  readonly #reportedPorts = new Uint8Array(3);
  readonly #splitter = new FrameSplitter("toBoard", {
    frame: (frame) => this.#execute(decodeToBoard(frame)),
  });
  #events: LinkEvents | undefined;
  #answers: Uint8Array[] = [];
  #echoing = false;
  #writes = 0;
  #mute = false;

  constructor({ address = "mock", firmware = "circuit" }: MockBoardOptions = {}) {
    this.address = address;
    this.#circuit = firmware === "circuit";
    this.#modes.fill(PIN_MODE.output, 0, FIRST_ANALOG).fill(PIN_MODE.analog, FIRST_ANALOG);
  }

  async open(events: LinkEvents): Promise<void> {
    this.#events = events;
    this.#greet();
  }

  write(bytes: Uint8Array): void {
    if (this.#events) this.#splitter.push(bytes);
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {
    this.#events = undefined;
  }

  /** What a pin is now. */
  pin(pin: number): MockPin {
    return { mode: this.#modes[pin] ?? 0, value: this.#values[pin] ?? 0 };
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

  /** Puts a level on an input pin from outside, and reports it if its port is reported. */
  drive(pin: number, level: 0 | 1): void {
    this.#values[pin] = level;
    const port = pin >> 3;
    if (this.#reportedPorts[port])
      this.#answer({ type: "digitalPort", port, levels: this.#levels(port, isInput) });
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
    this.#answer({ type: "firmware", major: this.#circuit ? 1 : 2, minor: this.#circuit ? 0 : 5, name });
  }

  #execute(message: ToBoard): void {
    if (this.#mute) return;
    if (this.recording) this.received.push(message);
    switch (message.type) {
      case "digitalPort":
        this.#writePort(message.port, message.levels);
        break;
      case "digitalPin":
        this.#setLevel(message.pin, message.level ? 1 : 0);
        this.#echo(message.pin >> 3);
        break;
      case "pinMode":
        this.#setMode(message.pin, message.mode);
        break;
      case "analog":
      case "extendedAnalog":
        this.#values[message.pin] = message.value;
        break;
      case "servoConfig":
        this.#modes[message.pin] = PIN_MODE.servo;
        break;
      case "reportDigital":
        this.#reportedPorts[message.port] = Number(message.on);
        if (message.on)
          this.#answer({
            type: "digitalPort",
            port: message.port,
            levels: this.#levels(message.port, isInput),
          });
        break;
      case "reset":
        this.#modes.fill(PIN_MODE.output, 0, FIRST_ANALOG).fill(PIN_MODE.analog, FIRST_ANALOG);
        this.#values.fill(0);
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
        this.#answer({
          type: "capabilities",
          pins: Array.from({ length: PINS }, (_, pin) => capabilitiesOf(pin, this.#circuit)),
        });
        break;
      case "queryAnalogMapping":
        this.#answer({
          type: "analogMapping",
          channels: Array.from({ length: PINS }, (_, pin) =>
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
      case "tone":
        this.#modes[message.pin] = PIN_MODE.tone;
        this.#values[message.pin] = Math.round(message.centihertz / 100);
        break;
      case "noTone":
        this.#values[message.pin] = 0;
        break;
    }
  }

  #setMode(pin: number, mode: number): void {
    if (!capabilitiesOf(pin, this.#circuit).some((capability) => capability.mode === mode)) return;
    if (mode === PIN_MODE.output) this.#setLevel(pin, 0);
    this.#modes[pin] = mode;
    if (mode !== PIN_MODE.output) this.#values[pin] = mode === PIN_MODE.pullup ? 1 : 0;
  }

  #writePort(port: number, levels: number): void {
    for (let bit = 0; bit < 8; bit++) {
      const pin = port * 8 + bit;
      if (pin < PINS && this.#modes[pin] === PIN_MODE.output)
        this.#setLevel(pin, (levels >> bit) & 1 ? 1 : 0);
    }
    this.#echo(port);
  }

  #setLevel(pin: number, level: 0 | 1): void {
    if (this.#modes[pin] === PIN_MODE.output && this.#values[pin] !== level) {
      if (this.edges.length >= 2 * KEPT_EDGES) this.edges.splice(0, KEPT_EDGES);
      this.edges.push({ pin, level });
    }
    this.#values[pin] = level;
  }

  #echo(port: number): void {
    if (!this.#echoing) return;
    this.#writes++;
    const count = this.#writes % ECHO_COUNT_MODULUS;
    this.#answer({ type: "echo", port, levels: this.#levels(port, isOutput), count });
  }

  #levels(port: number, counts: (mode: number) => boolean): number {
    let levels = 0;
    for (let bit = 0; bit < 8; bit++) {
      const pin = port * 8 + bit;
      if (pin < PINS && counts(this.#modes[pin] ?? 0) && this.#values[pin]) levels |= 1 << bit;
    }
    return levels;
  }
}

const isOutput = (mode: number) => mode === PIN_MODE.output;
const isInput = (mode: number) => mode === PIN_MODE.input || mode === PIN_MODE.pullup;

/** What a pin of an Uno can be: nothing for the two of the serial line. */
function capabilitiesOf(pin: number, circuit: boolean): PinCapability[] {
  if (pin < 2) return [];
  const capabilities: PinCapability[] = [
    { mode: PIN_MODE.input, resolution: 1 },
    { mode: PIN_MODE.pullup, resolution: 1 },
    { mode: PIN_MODE.output, resolution: 1 },
  ];
  if (pin >= FIRST_ANALOG) capabilities.push({ mode: PIN_MODE.analog, resolution: 10 });
  if (PWM_PINS.has(pin)) capabilities.push({ mode: PIN_MODE.pwm, resolution: 8 });
  if (pin < FIRST_ANALOG) capabilities.push({ mode: PIN_MODE.servo, resolution: 14 });
  if (pin >= 18) capabilities.push({ mode: PIN_MODE.i2c, resolution: 1 });
  if (circuit) capabilities.push({ mode: PIN_MODE.tone, resolution: 1 });
  return capabilities;
}
