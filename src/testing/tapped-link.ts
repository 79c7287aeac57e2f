import type { ByteLink, LinkEvents, OpenLinkOptions } from "../board/link/link.js";
import type { Noise } from "./noise.js";

export interface TapOptions {
  readonly noise: Noise;
  readonly opened: () => void;
  readonly closed: () => void;
  readonly toBoard: (bytes: Uint8Array) => void;
  readonly toHost: (bytes: Uint8Array) => void;
}

/** A link that is listened to, with noise on it. */
export class TappedLink implements ByteLink {
  readonly address: string;
  readonly setBaud?: (baud: number) => Promise<void>;
  readonly #link: ByteLink;
  readonly #options: TapOptions;

  constructor(link: ByteLink, options: TapOptions) {
    this.#link = link;
    this.#options = options;
    this.address = link.address;
    if (link.setBaud) {
      this.setBaud = async (baud) => {
        await link.setBaud?.(baud);
        options.opened();
      };
    }
  }

  get bytesPerSecond(): number {
    return this.#link.bytesPerSecond;
  }

  async open(events: LinkEvents, options: OpenLinkOptions): Promise<void> {
    const { noise, opened, toHost, closed } = this.#options;
    opened();
    const data = (bytes: Uint8Array) => {
      const arrived = noise.garble(bytes);
      toHost(arrived);
      events.data(arrived);
    };
    const lost: LinkEvents["lost"] = (cause) => {
      closed();
      events.lost(cause);
    };
    await this.#link.open({ data, lost }, options);
  }

  write(bytes: Uint8Array): void {
    const { noise, toBoard } = this.#options;
    const sent = noise.garble(bytes);
    toBoard(sent);
    this.#link.write(sent);
  }

  drain(): Promise<void> {
    return this.#link.drain();
  }

  async close(): Promise<void> {
    this.#options.closed();
    await this.#link.close();
  }
}
