import type { ByteLink } from "../board/link/link.js";
import type { Relink } from "../board/session/recovery/search.js";
import type { BoardLink } from "../circuit/links.js";
import { systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { EmulatedLink } from "../emulator/emulated-link.js";
import { netOf, type PartState, pinOf } from "../emulator/part.js";
import type { Level } from "../emulator/pins.js";
import type { BoardEntry } from "../record/entry.js";
import { BoardReader } from "../record/export/board-reader.js";
import { followEdges, isShowing, type ShowingLink } from "../record/showing-link.js";
import type { Attachment } from "../wiring/attachments.js";
import type { Hand, HandMove } from "./hand.js";
import type { Noise } from "./noise.js";
import type { BoardPlug, PartHands } from "./plug.js";
import { TappedLink } from "./tapped-link.js";

export interface RealPlugOptions {
  readonly name: string;
  readonly address: string;
  /** Makes its first link. */
  readonly make: () => Promise<BoardLink>;
  readonly attachments: readonly Attachment[];
  readonly noise: Noise;
  readonly hand: Hand | undefined;
  readonly nowMs: () => number;
  readonly sought: () => void;
  readonly edge: (pin: number, level: Level, atMs: number) => void;
}

/** What was written is looked at again after so many milliseconds: then it has arrived, and tones have gone on. */
const LOOK_MS = 2;

const BITS_PER_BYTE = 10;

/**
 * A board at an address, in real time. One that shows no pins is seen by its wire: outputs as they were written, inputs as it
 * reports them, tones as it was told to sound them.
 */
export class RealPlug implements BoardPlug {
  readonly #options: RealPlugOptions;
  #inner: ByteLink | undefined;
  #again: Relink | undefined;
  #stopLooking = () => {};

  readonly #hands: PartHands = {
    press: (part) => this.#move({ part, does: "press" }),
    release: (part) => this.#move({ part, does: "release" }),
    turn: (part, to) => this.#move({ part, does: "turn", to }),
    warm: (part, to) => this.#move({ part, does: "warm", to }),
    damage: (part) => this.#refuse(`damage ${part} of`),
  };

  constructor(options: RealPlugOptions) {
    this.#options = options;
  }

  get parts(): readonly PartState[] {
    return this.#uno?.parts ?? [];
  }

  readonly relink = async (): Promise<ByteLink> => {
    const { make, sought, noise } = this.#options;
    sought();
    const made = this.#again ? { link: await this.#again(), relink: this.#again } : await make();
    this.#again = made.relink;
    const { link } = made;
    this.#inner = link;
    this.#stopLooking();
    return new TappedLink(link, { noise, ...(isShowing(link) ? this.#showing(link) : this.#reading(link)) });
  };

  get showsPins(): boolean {
    return this.#inner !== undefined && isShowing(this.#inner);
  }

  get hands(): PartHands {
    return this.#uno ?? this.#hands;
  }

  unplug = () => this.#refuse("unplug");
  replug = () => this.#refuse("replug");
  brownOut = () => this.#refuse("brown out");

  get #uno(): EmulatedLink | undefined {
    return this.#inner && isEmulated(this.#inner) ? this.#inner : undefined;
  }

  #move(move: Pick<HandMove, "part" | "does" | "to">): void {
    const { name, hand, attachments } = this.#options;
    if (!hand) this.#refuse(`${move.does} ${move.part} of`, "Give emulate() a `hand` that moves the parts.");
    const terminals = attachments.find(({ part }) => part === move.part)?.terminals ?? {};
    const pin = Object.values(terminals).flatMap((terminal) => pinOf(netOf(terminal)) ?? [])[0];
    hand?.({ board: name, pin, ...move });
  }

  #refuse(what: string, hint = "Leave this to emulated boards."): never {
    const { name, address } = this.#options;
    throw new CircuitError("USAGE", `Cannot ${what} ${name}: it is a board at ${address}, in real time`, {
      hint,
    });
  }

  /** A board that shows its pins. */
  #showing(link: ShowingLink) {
    const { edge, nowMs } = this.#options;
    const opened = () => {
      this.#stopLooking();
      this.#stopLooking = followEdges(link, nowMs, ({ pin, level, atMs }) => edge(pin, level, atMs));
    };
    const nothing = () => {};
    return { opened, closed: () => this.#stopLooking(), toBoard: nothing, toHost: nothing };
  }

  /** A board that does not. */
  #reading(link: ByteLink) {
    const { name, edge, nowMs, address } = this.#options;
    const reader = new BoardReader(name, (happening) => {
      if (happening.kind !== "level" || happening.level === "unknown") return;
      edge(happening.pin, happening.level, happening.atMs);
    });
    let isOpen = false;
    const told = (what: BoardEntry["what"]) => {
      const { bytesPerSecond } = link;
      const baud = Number.isFinite(bytesPerSecond) ? bytesPerSecond * BITS_PER_BYTE : 0;
      reader.take({ kind: "board", board: name, what, address, baud, atMs: nowMs() });
    };
    const look = () => {
      reader.passTo(nowMs());
      this.#stopLooking = systemClock.after(LOOK_MS, look);
    };
    return {
      opened: () => {
        told(isOpen ? "baud" : "opened");
        if (!isOpen) look();
        isOpen = true;
      },
      closed: () => {
        this.#stopLooking();
        told("closed");
      },
      toBoard: (bytes: Uint8Array) =>
        reader.take({ kind: "to-board", board: name, bytes: bytes.slice(), atMs: nowMs() }),
      toHost: (bytes: Uint8Array) =>
        reader.take({ kind: "to-host", board: name, bytes: bytes.slice(), atMs: nowMs() }),
    };
  }
}

function isEmulated(link: ByteLink): link is EmulatedLink {
  return "press" in link;
}
