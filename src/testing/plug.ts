import type { ByteLink, LinkEvents, OpenLinkOptions } from "../board/link/link.js";
import type { Relink } from "../board/session/recovery/search.js";
import { CircuitError } from "../core/error.js";
import { CYCLES_PER_US } from "../emulator/baud.js";
import type { EmulatedLink } from "../emulator/emulated-link.js";
import type { PartState } from "../emulator/part.js";
import { type Level, PINS } from "../emulator/pins.js";
import type { VirtualTime } from "../emulator/virtual-time.js";
import { VirtualUno } from "../emulator/virtual-uno.js";
import type { Attachment } from "../wiring/attachments.js";
import type { Noise } from "./noise.js";

/** Whole cycles by this are rounded as virtual time rounds them: an edge is at the very moment at which it is told. */
const CYCLES_PER_MS = 1_000 * CYCLES_PER_US;

export type PartHands = Pick<EmulatedLink, "press" | "release" | "turn" | "warm" | "damage">;

/** Where the circuit finds a board, and hands its parts. */
export interface BoardPlug {
  /** Whoever opens the port gets this. */
  readonly relink: Relink;
  /** Whether edges are what its pins do, and not only what its wire tells of them. */
  readonly showsPins: boolean;
  /** The parts as they are now; none while the board has no power, or shows none. */
  readonly parts: readonly PartState[];
  /** What moves the parts; `undefined` while the board has no power. */
  readonly hands: PartHands | undefined;
  unplug(): void;
  replug(): void;
  brownOut(): void;
}

export interface PlugOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly attachments: readonly Attachment[];
  readonly firmware: string | Uint8Array | undefined;
  readonly noise: Noise;
  /** Told when the circuit looks for the board. */
  readonly sought: () => void;
  /** Told each change of a pin's level. */
  readonly edge: (pin: number, level: Level, atMs: number) => void;
  /** Told each Uno that gets power, before its firmware begins. */
  readonly powered: (hands: PartHands) => void;
}

/**
 * The USB plug of an emulated Uno, which gives it power too: each time that it is plugged in, the Uno starts from
 * nothing.
 */
export class Plug implements BoardPlug {
  readonly showsPins = true;
  readonly #options: PlugOptions;
  #uno: VirtualUno | undefined;
  #link: PluggedLink | undefined;

  constructor(options: PlugOptions) {
    this.#options = options;
    this.#plugIn();
  }

  get parts(): readonly PartState[] {
    return this.#uno?.parts ?? [];
  }

  get hands(): PartHands | undefined {
    return this.#uno;
  }

  brownOut(): void {
    if (!this.#uno)
      throw new CircuitError("USAGE", `Cannot brown ${this.#options.name} out: it is unplugged`);
    this.#uno.brownOut();
  }

  /** Whoever opens the port gets this. Rejects with `PORT_MISSING` while nothing is plugged in. */
  readonly relink = async (): Promise<ByteLink> => {
    const { name, noise, sought } = this.#options;
    sought();
    if (!this.#uno) throw new CircuitError("PORT_MISSING", `Cannot open ${name}: it is unplugged`);
    // Its power goes with the link that was open: it is another Uno that can be opened again.
    if (this.#link) this.#plugIn();
    const uno = this.#uno;
    this.#link = new PluggedLink(uno, noise, () => this.#begin(uno));
    return this.#link;
  };

  unplug(): void {
    const { name, edge, time } = this.#options;
    if (!this.#uno) throw new CircuitError("USAGE", `Cannot unplug ${name}: it is unplugged already`);
    this.#uno = undefined;
    for (let pin = 0; pin < PINS; pin++) edge(pin, 0, time.nowMs);
    this.#link?.pullOut(
      new CircuitError("BOARD_LOST", `Cannot reach the board ${name} any more: it was unplugged`),
    );
    this.#link = undefined;
  }

  replug(): void {
    if (this.#uno)
      throw new CircuitError("USAGE", `Cannot replug ${this.#options.name}: it is plugged in already`);
    this.#plugIn();
  }

  #plugIn(): void {
    const { time, name, firmware, attachments, powered } = this.#options;
    const image = firmware === undefined ? {} : { firmware };
    const uno = new VirtualUno({ time, address: `${name} (sim:uno)`, attachments, ...image });
    this.#uno = uno;
    this.#link = undefined;
    powered(uno);
  }

  #begin(uno: VirtualUno): void {
    const { time, edge } = this.#options;
    const startMs = time.nowMs;
    for (let pin = 0; pin < PINS; pin++) edge(pin, uno.level(pin), startMs);
    uno.onEdge(({ pin, level, atUs }) => {
      if (this.#uno === uno) edge(pin, level, startMs + (atUs * CYCLES_PER_US) / CYCLES_PER_MS);
    });
  }
}

/** The serial line to an Uno, with the noise on it. */
class PluggedLink implements ByteLink {
  readonly address: string;
  readonly setBaud?: (baud: number) => Promise<void>;
  readonly #uno: VirtualUno;
  readonly #noise: Noise;
  readonly #begin: () => void;
  #events: LinkEvents | undefined;

  constructor(uno: VirtualUno, noise: Noise, begin: () => void) {
    this.#uno = uno;
    this.#noise = noise;
    this.#begin = begin;
    this.address = uno.address;
    if (uno.setBaud) this.setBaud = uno.setBaud;
  }

  get bytesPerSecond(): number {
    return this.#uno.bytesPerSecond;
  }

  async open(events: LinkEvents, options: OpenLinkOptions): Promise<void> {
    this.#begin();
    const data = (bytes: Uint8Array) => events.data(this.#noise.garble(bytes));
    await this.#uno.open({ data, lost: (cause) => events.lost(cause) }, options);
    this.#events = events;
  }

  write(bytes: Uint8Array): void {
    this.#uno.write(this.#noise.garble(bytes));
  }

  drain(): Promise<void> {
    return this.#uno.drain();
  }

  async close(): Promise<void> {
    this.#events = undefined;
    await this.#uno.close();
  }

  /** The cable is gone: nothing comes any more, and the host is told. */
  pullOut(cause: CircuitError): void {
    const events = this.#events;
    void this.close();
    events?.lost(cause);
  }
}
