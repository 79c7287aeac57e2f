import type { ByteLink, LinkEvents, OpenLinkOptions } from "../board/link/link.js";
import type { BoardEntry } from "./entry.js";
import type { Journal } from "./journal.js";
import { followEdges, isShowing } from "./showing-link.js";

const BITS_PER_BYTE = 10;

/** A board's link, with everything that goes over it recorded, and the edges of a board that shows them. */
export class RecordedLink implements ByteLink {
  /** The link itself. */
  readonly inner: ByteLink;
  readonly setBaud?: (baud: number) => Promise<void>;
  readonly #board: string;
  readonly #journal: Journal;
  #state: "new" | "open" | "over" = "new";
  #stopEdges = () => {};

  constructor(inner: ByteLink, board: string, journal: Journal) {
    this.inner = inner;
    this.#board = board;
    this.#journal = journal;
    if (inner.setBaud)
      this.setBaud = async (baud) => {
        await inner.setBaud?.(baud);
        if (this.#state === "open") this.#tell("baud");
      };
  }

  get address(): string {
    return this.inner.address;
  }

  get bytesPerSecond(): number {
    return this.inner.bytesPerSecond;
  }

  async open(events: LinkEvents, options: OpenLinkOptions): Promise<void> {
    const data = (bytes: Uint8Array) => {
      this.#begin();
      this.#bytes("to-host", bytes);
      events.data(bytes);
    };
    const lost: LinkEvents["lost"] = (cause) => {
      this.#end("lost");
      events.lost(cause);
    };
    await this.inner.open({ data, lost }, options);
    this.#begin();
  }

  write(bytes: Uint8Array): void {
    this.#bytes("to-board", bytes);
    this.inner.write(bytes);
  }

  drain(): Promise<void> {
    return this.inner.drain();
  }

  async close(): Promise<void> {
    this.#end("closed");
    await this.inner.close();
  }

  /** Bytes may come before the link is known to be open: it is, then. */
  #begin(): void {
    if (this.#state !== "new") return;
    this.#state = "open";
    this.#tell("opened");
    if (!isShowing(this.inner)) return;
    const [board, journal] = [this.#board, this.#journal];
    const now = () => journal.nowMs;
    this.#stopEdges = followEdges(this.inner, now, (edge) => journal.add({ kind: "edge", board, ...edge }));
  }

  #end(what: "lost" | "closed"): void {
    if (this.#state === "open") this.#tell(what);
    this.#state = "over";
    this.#stopEdges();
  }

  #bytes(kind: "to-board" | "to-host", bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#journal.add({ kind, atMs: this.#journal.nowMs, board: this.#board, bytes });
  }

  #tell(what: BoardEntry["what"]): void {
    const { address, bytesPerSecond } = this.inner;
    const baud = Number.isFinite(bytesPerSecond) ? Math.round(bytesPerSecond * BITS_PER_BYTE) : 0;
    const [board, atMs] = [this.#board, this.#journal.nowMs];
    this.#journal.add({ kind: "board", atMs, board, what, address, baud });
  }
}
