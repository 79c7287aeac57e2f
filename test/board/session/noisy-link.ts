import type { ByteLink, LinkEvents, OpenLinkOptions } from "../../../src/board/link/link.js";

/** Which speeds a line is bad at, and how. */
export interface Noise {
  /** Bytes to the board that are garbled at this speed. */
  toBoard?: (baud: number) => boolean;
  /** Bytes from the board. */
  toHost?: (baud: number) => boolean;
  /** Speeds that the host's port does not have. */
  refused?: readonly number[];
}

/** A line that is good at some speeds and not at others, in front of a good one. */
export class NoisyLink implements ByteLink {
  readonly #link: ByteLink;
  readonly #noise: Noise;
  /** Speeds that the host has set, oldest first. */
  readonly bauds: number[] = [];
  #baud = 57_600;
  #count = 0;

  constructor(link: ByteLink, noise: Noise = {}) {
    this.#link = link;
    this.#noise = noise;
  }

  get address(): string {
    return this.#link.address;
  }

  get bytesPerSecond(): number {
    return this.#link.bytesPerSecond;
  }

  open(events: LinkEvents, options: OpenLinkOptions): Promise<void> {
    const data = (bytes: Uint8Array) => events.data(this.#through(bytes, this.#noise.toHost));
    return this.#link.open({ ...events, data }, options);
  }

  write(bytes: Uint8Array): void {
    this.#link.write(this.#through(bytes, this.#noise.toBoard));
  }

  drain(): Promise<void> {
    return this.#link.drain();
  }

  async setBaud(baud: number): Promise<void> {
    if (this.#noise.refused?.includes(baud)) throw new Error(`no ${baud} baud`);
    this.bauds.push(baud);
    this.#baud = baud;
    await this.#link.setBaud?.(baud);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** Every third byte has other bits where the line is bad. */
  #through(bytes: Uint8Array, isBad: ((baud: number) => boolean) | undefined): Uint8Array {
    if (!isBad?.(this.#baud)) return bytes;
    return bytes.map((byte) => (this.#count++ % 3 === 1 ? byte ^ 0x15 : byte));
  }
}
