import type { LinkEvents, OpenLinkOptions } from "../board/link/link.js";
import { CYCLES_PER_US } from "./baud.js";
import { type EmulatedLink, type EmulatedUnoOptions, FIRST_BAUD } from "./emulated-link.js";
import { readFirmware } from "./firmware.js";
import type { PartState, ThermistorFault } from "./part.js";
import { Parts } from "./parts.js";
import type { Edge, Level } from "./pins.js";
import type { Pitch } from "./pitch.js";
import { Uno } from "./uno.js";
import type { Machine, VirtualTime } from "./virtual-time.js";

export interface VirtualUnoOptions extends EmulatedUnoOptions {
  /** The time that it runs in; installed before `open()`. */
  readonly time: VirtualTime;
}

const CYCLES_PER_MS = 1_000 * CYCLES_PER_US;

type Output =
  | { readonly atCycle: number; readonly byte: number }
  | { readonly atCycle: number; readonly edge: Edge };

/** An Uno in virtual time: it runs in this process, while `advance()` or `until()` move its time. */
export class VirtualUno implements EmulatedLink, Machine {
  readonly address: string;
  readonly setBaud?: (baud: number) => Promise<void>;
  readonly #time: VirtualTime;
  readonly #uno: Uno;
  readonly #parts: Parts;
  readonly #listeners = new Set<(edge: Edge) => void>();
  readonly #output: Output[] = [];
  #drained: (() => void)[] = [];
  #events: LinkEvents | undefined;
  #originMs = 0;
  #leave: (() => void) | undefined;

  constructor({ address = "sim:uno", firmware, attachments = [], baud, time }: VirtualUnoOptions) {
    this.address = address;
    this.#time = time;
    this.#uno = new Uno({ program: readFirmware(firmware), hostBaud: baud ?? FIRST_BAUD });
    if (baud === undefined)
      this.setBaud = async (wanted) => {
        if (this.#leave) this.#uno.line.setHostBaud(wanted);
      };
    this.#parts = new Parts(attachments, this.#uno);
    this.#uno.line.onByte = (byte) => this.#give({ atCycle: this.#uno.cycles, byte });
    this.#uno.onTwiByte = (address, value) => this.#parts.wrote(address, value);
    this.#uno.onEdge = (edge) => {
      this.#parts.edge(edge);
      if (this.#listeners.size > 0) this.#give({ atCycle: edge.atUs * CYCLES_PER_US, edge });
    };
  }

  get bytesPerSecond(): number {
    return this.#uno.line.bytesPerSecond;
  }

  get nowUs(): number {
    return this.#uno.cycles / CYCLES_PER_US;
  }

  get parts(): readonly PartState[] {
    return this.#parts.states(this.nowUs);
  }

  async open(events: LinkEvents, { signal }: OpenLinkOptions): Promise<void> {
    signal.throwIfAborted();
    this.#events = events;
    this.#originMs = this.#time.nowMs - this.#uno.cycles / CYCLES_PER_MS;
    this.#leave = this.#time.add(this);
  }

  write(bytes: Uint8Array): void {
    if (this.#leave) this.#uno.line.write(bytes);
  }

  drain(): Promise<void> {
    if (!this.#leave || this.#uno.line.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  async close(): Promise<void> {
    this.#leave?.();
    this.#leave = undefined;
    this.#output.length = 0;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  onEdge(listener: (edge: Edge) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onTone(buzzer: string, listener: (tone: Pitch) => void): void {
    this.#parts.onTone(buzzer, listener);
  }

  press(button: string): void {
    this.#parts.press(button, true);
  }

  release(button: string): void {
    this.#parts.press(button, false);
  }

  turn(potentiometer: string, ratio: number): void {
    this.#parts.turn(potentiometer, ratio);
  }

  warm(thermistor: string, celsius: number): void {
    this.#parts.warm(thermistor, celsius);
  }

  damage(thermistor: string, fault: ThermistorFault | undefined): void {
    this.#parts.damage(thermistor, fault);
  }

  reset(): void {
    this.#uno.reset();
  }

  /** A reset by a supply that was too low for a moment. Bytes on the wire stay there. */
  brownOut(): void {
    this.#uno.brownOut();
  }

  /** The level that a voltmeter would tell at a pin now; a floating pin reads 0. */
  level(pin: number): Level {
    return this.#uno.level(pin);
  }

  get earliestMs(): number {
    const { line, wakesAt } = this.#uno;
    const drainsAt = this.#drained.length > 0 ? line.nextByteAt : Infinity;
    return this.#msOf(Math.min(line.earliestByteAt(wakesAt), drainsAt));
  }

  runTo(timeMs: number): number {
    const targetMs =
      this.#drained.length > 0 ? Math.min(timeMs, this.#msOf(this.#uno.line.nextByteAt)) : timeMs;
    if (this.#output.length === 0) this.#uno.run(Math.round((targetMs - this.#originMs) * CYCLES_PER_MS));
    const [first] = this.#output;
    return first ? Math.min(targetMs, this.#msOf(first.atCycle)) : targetMs;
  }

  deliver(): boolean {
    let gave = this.#parts.passTo(this.nowUs);
    while (this.#output[0] && this.#msOf(this.#output[0].atCycle) <= this.#time.nowMs) {
      const output = this.#output.shift();
      if (!output) break;
      gave = true;
      if ("byte" in output) this.#events?.data(Uint8Array.of(output.byte));
      else for (const listener of [...this.#listeners]) listener(output.edge);
    }
    if (this.#drained.length === 0 || this.#uno.line.pending > 0) return gave;
    for (const resolve of this.#drained.splice(0)) resolve();
    return true;
  }

  #give(output: Output): void {
    this.#output.push(output);
    this.#uno.stop();
  }

  #msOf(cycle: number): number {
    return this.#originMs + cycle / CYCLES_PER_MS;
  }
}
