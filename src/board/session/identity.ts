import { CIRCUIT_FIRMWARE } from "../../firmata/protocol.js";
import type { PinCapability, ToHost } from "../../firmata/to-host.js";

/** What a board says of itself, as far as it has said it. */
export class Identity {
  /** Name and version of its firmware, such as `StandardFirmata.ino 2.5`; empty before it is known. */
  firmware = "";
  #pins: readonly (readonly PinCapability[])[] | undefined;
  #channels: readonly number[] | undefined;

  /** Takes in a message of the board's. */
  hear(message: ToHost): void {
    if (message.type === "firmware") this.firmware = `${message.name} ${message.major}.${message.minor}`;
    if (message.type === "capabilities") this.#pins = message.pins;
    if (message.type === "analogMapping") this.#channels = message.channels;
  }

  /** Whether it is our own firmware. */
  get isOurs(): boolean {
    return this.firmware.startsWith(CIRCUIT_FIRMWARE);
  }

  /** Whether its firmware is of this version or a later one. */
  isAtLeast(major: number, minor: number): boolean {
    const [ownMajor = 0, ownMinor = 0] = this.firmware.split(" ").at(-1)?.split(".").map(Number) ?? [];
    return ownMajor > major || (ownMajor === major && ownMinor >= minor);
  }

  /** Whether it has what came with 1.1 of our firmware: pings, speeds, a dead-man. */
  get hasPings(): boolean {
    return this.isOurs && this.isAtLeast(1, 1);
  }

  get hasPins(): boolean {
    return this.#pins !== undefined;
  }

  get isComplete(): boolean {
    return this.firmware !== "" && this.#pins !== undefined && this.#channels !== undefined;
  }

  /** Another board has taken its place. */
  take(other: Identity): void {
    this.firmware = other.firmware;
    this.#pins = other.#pins;
    this.#channels = other.#channels;
  }

  /** What a pin can be; nothing where there is no such pin. */
  modesOf(pin: number): readonly number[] {
    return this.#pins?.[pin]?.map(({ mode }) => mode) ?? [];
  }

  /** Whether any pin can be that. */
  hasMode(mode: number): boolean {
    return this.#pins?.some((modes) => modes.some((capability) => capability.mode === mode)) === true;
  }

  /** The pin of an analog channel. */
  pinOfChannel(channel: number): number | undefined {
    const pin = this.#channels?.indexOf(channel) ?? -1;
    return pin < 0 ? undefined : pin;
  }

  /** Whether it could be the same board, started anew: the same firmware, on pins that can do the same. */
  isLike(other: Identity): boolean {
    return (
      this.firmware === other.firmware &&
      JSON.stringify([this.#pins, this.#channels]) === JSON.stringify([other.#pins, other.#channels])
    );
  }

  /** For a person: `StandardFirmata.ino 2.5 with 20 pins, 6 of them analog`. */
  toString(): string {
    const pins = this.#pins?.filter((modes) => modes.length > 0).length ?? 0;
    const analog = this.#channels?.filter((channel) => channel < 127).length ?? 0;
    return `${this.firmware} with ${pins} pins, ${analog} of them analog`;
  }
}
