import type { ByteLink, LinkEvents, OpenLinkOptions } from "../../src/board/link/link.js";
import { systemClock } from "../../src/core/clock.js";
import type { Entry } from "../../src/record/entry.js";

/** What all links of a story leave behind. */
export class Tape {
  readonly entries: Entry[] = [];
  readonly #beganMs = systemClock.now();

  get nowMs(): number {
    return systemClock.now() - this.#beganMs;
  }

  /** A link whose bytes are kept, as those of the board of this name. */
  of(link: ByteLink, board = "board"): ByteLink {
    return new TapedLink(link, board, this);
  }

  /** What was kept, as a recording gives it. */
  async *read(): AsyncGenerator<Entry, void> {
    yield* this.entries;
  }
}

class TapedLink implements ByteLink {
  readonly setBaud?: (baud: number) => Promise<void>;
  readonly #link: ByteLink;
  readonly #board: string;
  readonly #tape: Tape;

  constructor(link: ByteLink, board: string, tape: Tape) {
    this.#link = link;
    this.#board = board;
    this.#tape = tape;
    if (link.setBaud)
      this.setBaud = async (baud) => {
        await link.setBaud?.(baud);
        this.#changed("baud");
      };
  }

  get address(): string {
    return this.#link.address;
  }

  get bytesPerSecond(): number {
    return this.#link.bytesPerSecond;
  }

  async open(events: LinkEvents, options: OpenLinkOptions): Promise<void> {
    const data = (bytes: Uint8Array) => {
      this.#keep("to-host", bytes);
      events.data(bytes);
    };
    const lost: LinkEvents["lost"] = (cause) => {
      this.#changed("lost");
      events.lost(cause);
    };
    await this.#link.open({ data, lost }, options);
    this.#changed("opened");
  }

  write(bytes: Uint8Array): void {
    this.#keep("to-board", bytes);
    this.#link.write(bytes);
  }

  drain(): Promise<void> {
    return this.#link.drain();
  }

  async close(): Promise<void> {
    await this.#link.close();
    this.#changed("closed");
  }

  #keep(kind: "to-board" | "to-host", bytes: Uint8Array): void {
    this.#tape.entries.push({ kind, board: this.#board, bytes: bytes.slice(), atMs: this.#tape.nowMs });
  }

  #changed(what: "opened" | "lost" | "baud" | "closed"): void {
    const { bytesPerSecond, address } = this.#link;
    const baud = Number.isFinite(bytesPerSecond) ? bytesPerSecond * 10 : 0;
    this.#tape.entries.push({
      kind: "board",
      board: this.#board,
      what,
      address,
      baud,
      atMs: this.#tape.nowMs,
    });
  }
}
