import { CircuitError } from "../core/error.js";
import type { ThermistorFault } from "../emulator/part.js";
import { type Attachment, attachments, wiredPins } from "../wiring/attachments.js";
import type { Wiring } from "../wiring/wiring.js";
import { Bench } from "./bench.js";
import { DisplayExpectation, LedExpectation, RelayExpectation } from "./expect-part.js";
import { PinExpectation, type StayOptions } from "./expect-pin.js";
import { ServoExpectation } from "./expect-servo.js";
import { expectSilence, expectTone, type ToneOptions } from "./expect-tone.js";
import { Noise, type NoiseOptions } from "./noise.js";
import { type Place, placeOf } from "./place.js";
import type { BoardPlug, PartHands, PlugOptions } from "./plug.js";
import { Tape, type TapeEdge } from "./tape.js";
import type { Watch } from "./watch.js";

export interface RigBoardOptions {
  readonly name: string;
  readonly watch: Watch;
  readonly wiring: Wiring | undefined;
  readonly seed: number;
  readonly plug: (wires: PlugWires) => BoardPlug;
  /** Told each edge of a board that shows its pins. */
  readonly edge: (edge: TapeEdge) => void;
}

/** What a plug of this board is made with. */
export type PlugWires = Pick<PlugOptions, "name" | "noise" | "attachments" | "edge" | "powered">;

export interface PressOptions {
  /** How long it is held down, in milliseconds of virtual time. 100 by default. */
  readonly forMs?: number;
}

/** Parts on analog inputs. */
const VOLTAGE_PARTS: ReadonlySet<string> = new Set([
  "wokwi-potentiometer",
  "wokwi-slide-potentiometer",
  "wokwi-ntc-temperature-sensor",
]);

/** As long as a finger takes. */
const PRESS_MS = 100;

const NOISE_MS = 100;

/** One board of a rig: the hands on its parts, its cable, and what it is expected to do. */
export class RigBoard {
  readonly name: string;
  readonly plug: BoardPlug;
  readonly #watch: Watch;
  readonly #noise: Noise;
  readonly #tape = new Tape();
  readonly #bench: Bench;
  readonly #attachments: readonly Attachment[];
  /** What hands did to the parts, by what they did it to. */
  readonly #hands = new Map<string, (hands: PartHands) => void>();
  readonly #stuck = new Set<string>();

  constructor({ name, watch, wiring, seed, plug, edge: told }: RigBoardOptions) {
    this.name = name;
    this.#watch = watch;
    this.#noise = new Noise(seed);
    this.#attachments = wiring ? attachments(wiring) : [];
    this.plug = plug({
      ...{ name, noise: this.#noise, attachments: this.#attachments },
      edge: (pin, level, atMs) => {
        const edge = { pin, level, atMs };
        if (this.#tape.add(edge) && this.plug.showsPins) told(edge);
      },
      // What hands do to the parts goes on when the board gets power.
      powered: (hands) => {
        for (const act of this.#hands.values()) act(hands);
      },
    });
    this.#bench = new Bench({
      ...{ tape: this.#tape, watch },
      parts: this.#partsByPin(wiring),
      ...{ piezos: this.#pinsOf("wokwi-buzzer"), servos: this.#pinsOf("wokwi-servo") },
      states: () => this.plug.parts,
    });
  }

  /** Every edge of every pin since the beginning, by time. The same circuit, firmware and seed give the same. */
  get edges(): readonly TapeEdge[] {
    return this.#tape.edges;
  }

  /** Presses a button and lets it go. */
  async press(button: string, { forMs = PRESS_MS }: PressOptions = {}): Promise<void> {
    this.#move(button, true);
    await this.#watch.advance(forMs);
    this.#push(button, false);
  }

  /** Presses a button and keeps it pressed, until `release()`. */
  hold(button: string): void {
    this.#move(button, true);
  }

  release(button: string): void {
    this.#move(button, false);
  }

  /** Turns a potentiometer, from 0, the GND end, to 1. */
  turn(potentiometer: string, ratio: number): void {
    this.#watch.did(`turn ${potentiometer} to ${ratio}`);
    this.#hand(potentiometer, (hands) => hands.turn(potentiometer, ratio));
  }

  /** Puts a thermistor at a temperature. */
  warm(thermistor: string, celsius: number): void {
    this.#watch.did(`warm ${thermistor} to ${celsius} °C`);
    this.#hand(thermistor, (hands) => hands.warm(thermistor, celsius));
  }

  /** A thermistor's leg breaks (`open`), or two touch (`short`), until `repair()`. */
  damage(thermistor: string, fault: ThermistorFault): void {
    this.#watch.did(`damage ${thermistor}: ${fault}`);
    this.#hand(`legs of ${thermistor}`, (hands) => hands.damage(thermistor, fault));
  }

  repair(thermistor: string): void {
    this.#watch.did(`repair ${thermistor}`);
    this.#hand(`legs of ${thermistor}`, (hands) => hands.damage(thermistor, undefined));
  }

  /** From now on the button stays pressed, or released, whatever a hand does to it, until `free()`. */
  stick(button: string, isPressed = true): void {
    this.#watch.did(`stick ${button}`);
    this.#push(button, isPressed);
    this.#stuck.add(button);
  }

  /** The button is stuck no more, and released. */
  free(button: string): void {
    this.#watch.did(`free ${button}`);
    this.#stuck.delete(button);
    this.#push(button, false);
  }

  /** Pulls the cable out, and with it the board's power: its pins are low from here on. */
  unplug(): void {
    this.#watch.did("unplug");
    this.plug.unplug();
  }

  /** Plugs the cable in again. The firmware starts; the circuit finds the board when it looks for it next. */
  replug(): void {
    this.#watch.did("replug");
    this.plug.replug();
  }

  /** The supply is too low for a moment: the firmware starts anew, the cable stays where it is. */
  brownOut(): void {
    this.plug.brownOut();
    this.#watch.did("brown out");
  }

  /** Noise on the serial line, for a while. */
  async noise({ oneByteIn, forMs = NOISE_MS }: NoiseOptions = {}): Promise<void> {
    this.#watch.did(`noise for ${forMs} ms`);
    this.#noise.start(oneByteIn);
    await this.#watch.advance(forMs);
    this.#noise.stop();
  }

  expectPin(pin: number): PinExpectation {
    return new PinExpectation(this.#bench, pin);
  }

  expectLed(led: string): LedExpectation {
    return new LedExpectation(this.#bench, this.#find(led, "wokwi-led"));
  }

  expectServo(servo: string): ServoExpectation {
    return new ServoExpectation(this.#bench, this.#findOnPin(servo, "wokwi-servo"));
  }

  expectRelay(relay: string): RelayExpectation {
    return new RelayExpectation(this.#bench, this.#find(relay, "wokwi-relay-module"));
  }

  expectDisplay(display: string): DisplayExpectation {
    return new DisplayExpectation(this.#bench, this.#find(display, "wokwi-lcd"));
  }

  /** A piezo sounds this tone: it has since the test did something last, or it comes to. */
  expectTone(piezo: string, tone: ToneOptions): Promise<void> {
    return expectTone(this.#bench, piezo, this.#piezoPin(piezo), tone);
  }

  /** A piezo sounds nothing from now on, for so long. */
  expectSilence(piezo: string, options: StayOptions): Promise<void> {
    return expectSilence(this.#bench, piezo, this.#piezoPin(piezo), options);
  }

  #move(button: string, isPressed: boolean): void {
    this.#watch.did(`${isPressed ? "press" : "release"} ${button}`);
    this.#push(button, isPressed);
  }

  #push(button: string, isPressed: boolean): void {
    if (this.#stuck.has(button)) return;
    this.#hand(button, (hands) => (isPressed ? hands.press(button) : hands.release(button)));
  }

  /** Does something to a part now, where the board has power, and whenever it gets power. */
  #hand(what: string, act: (hands: PartHands) => void): void {
    if (this.plug.hands) act(this.plug.hands);
    this.#hands.set(what, act);
  }

  /** Parts that change levels: what only gives a voltage has no line in a diagram. */
  #partsByPin(wiring: Wiring | undefined): ReadonlyMap<number, readonly string[]> {
    const dividers = this.#attachments.filter(({ type }) => VOLTAGE_PARTS.has(type)).map(({ part }) => part);
    const wired = wiring ? [...wiredPins(wiring)] : [];
    return new Map(wired.filter(([, ids]) => ids.some((id) => !dividers.includes(id))));
  }

  #pinsOf(type: string): ReadonlySet<number> {
    const fitting = this.#attachments.filter((each) => each.type === type);
    return new Set(fitting.flatMap((each) => placeOf(each).pin ?? []));
  }

  #piezoPin(piezo: string): number {
    return this.#findOnPin(piezo, "wokwi-buzzer").pin;
  }

  #findOnPin(id: string, type: string): Place & { readonly pin: number } {
    const { pin, ...place } = this.#find(id, type);
    if (pin !== undefined) return { pin, ...place };
    throw new CircuitError("USAGE", `Cannot expect anything of ${id}: it is on no pin of the board`);
  }

  #find(id: string, type: string): Place {
    const fitting = this.#attachments.filter((each) => each.type.startsWith(type));
    const attachment = fitting.find(({ part }) => part === id);
    if (attachment) return placeOf(attachment);
    const known = fitting.map(({ part }) => part).join(", ") || "none";
    throw new CircuitError(
      "USAGE",
      `Cannot look at ${id}: the wiring has no such ${type.replace("wokwi-", "")} (it has ${known})`,
      { hint: "Name a part by its id in the wiring file." },
    );
  }
}
