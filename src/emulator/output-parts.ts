import type { Attachment } from "../wiring/attachments.js";
import { levelOf, netOf, type Part, type PartState, pinOf } from "./part.js";
import type { Edge, Level } from "./pins.js";
import { ToneMeter } from "./pitch.js";

/** Slower changes than this are seen as blinking, faster ones as a brightness. */
const BLINK_PERIOD_US = 20_000;

/** An LED between a pin and a supply, whichever way round: lit while its anode is high and its cathode low. */
export class Led implements Part {
  readonly pin: number | undefined;
  readonly #id: string;
  readonly #litAt: Level;
  #lit: boolean;
  #changedUs = 0;
  #litUs = 0;
  #periodUs = Infinity;
  #rises: number | undefined;

  constructor({ part, terminals }: Attachment) {
    this.#id = part;
    const anode = netOf(terminals.A);
    const cathode = netOf(terminals.C);
    this.pin = pinOf(anode) ?? pinOf(cathode);
    this.#litAt = pinOf(anode) === undefined ? 0 : 1;
    const supply = levelOf(pinOf(anode) === undefined ? anode : cathode);
    if (supply === this.#litAt || supply === undefined) this.pin = undefined;
    this.#lit = this.pin !== undefined && this.#litAt === 0;
  }

  edge({ level, atUs }: Edge): void {
    const lit = level === this.#litAt;
    if (lit === this.#lit) return;
    this.#lit = lit;
    if (lit) {
      this.#periodUs = atUs - (this.#rises ?? -Infinity);
      this.#rises = atUs;
    } else this.#litUs = atUs - this.#changedUs;
    this.#changedUs = atUs;
  }

  state(nowUs: number): PartState {
    const fast = this.#periodUs <= BLINK_PERIOD_US && nowUs - this.#changedUs <= this.#periodUs;
    const brightness = fast ? this.#litUs / this.#periodUs : this.#lit ? 1 : 0;
    return { type: "led", id: this.#id, lit: this.#lit, brightness: Math.min(1, brightness) };
  }
}

/** A piezo buzzer on a pin. */
export class Buzzer implements Part {
  readonly pin: number | undefined;
  readonly meter = new ToneMeter();
  readonly #id: string;

  constructor({ part, terminals }: Attachment) {
    this.#id = part;
    this.pin = pinOf(netOf(terminals["1"])) ?? pinOf(netOf(terminals["2"]));
  }

  edge(edge: Edge): void {
    this.meter.add(edge);
  }

  passTo(timeUs: number): boolean {
    return this.meter.passTo(timeUs);
  }

  state(nowUs: number): PartState {
    return { type: "buzzer", id: this.#id, tone: this.meter.sounding(nowUs) };
  }
}

/** A relay module: on while its input is high, or low where its `transistor` is `pnp`. */
export class Relay implements Part {
  readonly pin: number | undefined;
  readonly #id: string;
  readonly #onLevel: Level;
  #level: Level = 0;

  constructor({ part, attrs, terminals }: Attachment) {
    this.#id = part;
    this.pin = pinOf(netOf(terminals.IN));
    this.#onLevel = relayOnLevel(attrs);
  }

  edge({ level }: Edge): void {
    this.#level = level;
  }

  state(): PartState {
    return { type: "relay", id: this.#id, isOn: this.pin !== undefined && this.#level === this.#onLevel };
  }
}

/** The level of its input at which a relay module is on, by its attributes. */
export function relayOnLevel({ transistor }: Attachment["attrs"]): Level {
  return transistor === "pnp" ? 0 : 1;
}

/** Pulses of the Servo library's two ends, and so of Firmata's, in microseconds. */
const FIRST_PULSE_US = 544;
const LAST_PULSE_US = 2_400;
const TURN_DEGREES = 180;

/** A hobby servo: the length of its pulses says where it is to be. */
export class Servo implements Part {
  readonly pin: number | undefined;
  readonly #id: string;
  #roseUs: number | undefined;
  #pulseUs: number | undefined;

  constructor({ part, terminals }: Attachment) {
    this.#id = part;
    this.pin = pinOf(netOf(terminals.PWM));
  }

  edge({ level, atUs }: Edge): void {
    if (level === 1) this.#roseUs = atUs;
    else if (this.#roseUs !== undefined) this.#pulseUs = atUs - this.#roseUs;
  }

  state(): PartState {
    const pulseUs = this.#pulseUs;
    if (pulseUs === undefined) return { type: "servo", id: this.#id, degrees: undefined };
    const ratio = (pulseUs - FIRST_PULSE_US) / (LAST_PULSE_US - FIRST_PULSE_US);
    return { type: "servo", id: this.#id, degrees: TURN_DEGREES * Math.min(1, Math.max(0, ratio)) };
  }
}
