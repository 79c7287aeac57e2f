import type { ByteLink } from "../board/link/link.js";
import type { Relink } from "../board/session/recovery/search.js";
import { type CircuitDefinition, DEFAULT_BOARDS } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { Journal } from "../record/journal.js";
import type { Sketch } from "../sketch/sketch.js";
import type { Wiring } from "../wiring/wiring.js";
import { linkOf, type OpenBoard, type OpenBoardOptions, openBoard, seekBoard } from "./boards.js";
import type { Moved } from "./control.js";
import { comesLater } from "./links.js";
import { boardsOfPins, heldPins, orderedPins, pinsOf, safePins, stopLevels } from "./pins.js";
import { isAbsence, type Standstill } from "./standstill.js";

export interface CircuitBoardsOptions {
  readonly definition: CircuitDefinition;
  readonly clock: Clock;
  /**
   * Links in place of what the boards' addresses say, by the boards' names; or what makes one each time that the board is
   * looked for, and rejects where it is nowhere.
   */
  readonly links: Readonly<Record<string, ByteLink | Relink>> | undefined;
  /** Takes what goes to boards and comes from them. */
  readonly journal: Journal | undefined;
  /** Gives up what is being opened. */
  readonly signal: AbortSignal;
  /** A board is ready. */
  opened(board: OpenBoard): void;
  /** A board is gone for good. */
  lost(board: OpenBoard, cause: unknown): void;
  notice(text: string): void;
}

/** The boards that a circuit's nodes drive. Of several, those that are not there leave the others alone. */
export class CircuitBoards {
  readonly #options: CircuitBoardsOptions;
  #addresses: Readonly<Record<string, string>>;
  /** Those that were opened, by name. */
  readonly byName = new Map<string, OpenBoard>();
  /** Names of the boards that nodes drive, by node. */
  readonly #used = new Map<string, string>();
  /** Flows that have asked for a board, by its name. */
  readonly #flows = new Map<string, Set<string>>();
  /** Those that are being opened, or have been, by name. */
  readonly #opening = new Map<string, Promise<OpenBoard>>();
  /** Why boards are not there, by name. */
  readonly #absent = new Map<string, CircuitError>();
  #wiring: Wiring | undefined;

  constructor(options: CircuitBoardsOptions) {
    this.#options = options;
    this.#addresses = options.definition.boards ?? DEFAULT_BOARDS;
  }

  /**
   * Opens the boards that sketches use, and pins that take part in events, at the same time. Where the circuit has several,
   * those that are not there are known as absent; otherwise, and for any other reason, all are given up.
   *
   * @throws {CircuitError} `CONFIG_INVALID` when a node names none and there are several, and what `openBoard()` throws;
   *   those that are open are then still to be closed.
   */
  async open(
    sketches: ReadonlyMap<string, Pick<Sketch, "usesBoard">>,
    wiring: Wiring | undefined,
  ): Promise<void> {
    for (const [name, sketch] of sketches) {
      if (sketch.usesBoard) this.#used.set(name, this.#choose(name));
    }
    this.#wiring = wiring;
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, failed.signal]);
    const names = [...new Set([...this.#used.values(), ...boardsOfPins(this.#options.definition)])];
    const opening = names.map(async (name) => {
      try {
        await this.#opened(name, signal);
      } catch (error) {
        if (this.#absent.has(name)) return;
        failed.abort(error);
        throw error;
      }
    });
    const results = await Promise.allSettled(opening);
    const rejected = results.find((result) => result.status === "rejected");
    if (rejected) throw failed.signal.reason ?? rejected.reason;
  }

  /** @throws {CircuitError} Why the first is not there, where none of those that were asked for is. */
  check(): void {
    const [first] = this.#absent.values();
    if (first && !this.isAnyThere) throw first;
  }

  /** Whether one is there, or is looked for after it has gone away. */
  get isAnyThere(): boolean {
    return [...this.byName.values()].some(({ session }) => !session.lost.aborted);
  }

  /**
   * The board of that name, or the only one, which is opened where it is not open.
   *
   * @param flow Whose it is to be.
   * @throws {CircuitError} `CONFIG_INVALID` where there is none of that name, or several and none is named; what
   *   `openBoard()` throws.
   */
  async need(flow: string, named: string | undefined): Promise<OpenBoard> {
    const name = named ?? this.#only(`flows.${flow}`, "with the option board");
    if (this.#addresses[name] === undefined) {
      const known = Object.keys(this.#addresses).join(", ");
      throw new CircuitError(
        "CONFIG_INVALID",
        `Cannot open ${name} for flows.${flow}: the boards are ${known}`,
        {
          hint: "Look for a slip in its spelling, or add it to boards.",
        },
      );
    }
    this.#flows.set(name, (this.#flows.get(name) ?? new Set()).add(flow));
    const absent = this.#absent.get(name);
    if (absent) throw absent;
    return this.#opened(name, this.#options.signal);
  }

  /** A node that was added is to drive a board, which is opened where it is not open. @throws As `open()`. */
  async use(node: string, sketch: Pick<Sketch, "usesBoard">): Promise<void> {
    if (!sketch.usesBoard) return;
    const name = this.#choose(node);
    this.#used.set(node, name);
    if (!this.#absent.has(name)) await this.#opened(name, this.#options.signal);
  }

  /** A node drives its board no more, which stays open. */
  free(node: string): void {
    this.#used.delete(node);
  }

  /** Name of the board that a node drives, if it does. */
  nameOf(node: string): string | undefined {
    return this.#used.get(node);
  }

  /** The board that a node drives, if it does. */
  of(node: string): OpenBoard | undefined {
    return this.byName.get(this.#used.get(node) ?? "");
  }

  /** What stands still, by board. */
  get standstills(): readonly Standstill[] {
    const { definition } = this.#options;
    return [...this.#absent].map(([board, error]) => ({
      ...{ board, error, address: this.#addresses[board] ?? "" },
      nodes: [...this.#used].flatMap(([node, name]) => (name === board ? [node] : [])),
      pins: pinsOf(definition, board),
      flows: [...(this.#flows.get(board) ?? [])],
      isSought: this.#isSought(board),
    }));
  }

  /** What stands still with a node, where it does. */
  standstillOf(node: string): Standstill | undefined {
    if (this.#absent.size === 0) return undefined;
    return this.standstills.find(({ nodes }) => nodes.includes(node));
  }

  /** Whether an error is that of a board that is not there. */
  isAbsent(error: unknown): boolean {
    return [...this.#absent.values()].some((absent) => absent === error);
  }

  /** Goes on looking for those that were not there and may come. @param found Takes each as soon as it is ready. */
  seek(found: (board: OpenBoard) => void): void {
    for (const [name, error] of this.#absent) {
      if (!this.#isSought(name)) continue;
      const sought = seekBoard(this.#describe(name, this.#options.signal), error);
      this.#opening.set(name, sought);
      sought.then(
        (board) => {
          this.#absent.delete(name);
          this.#keep(board);
          found(board);
        },
        () => {}, // the circuit stops
      );
    }
  }

  /**
   * Moves the board that a node drives, and with it all that drive it, to another.
   *
   * @throws {CircuitError} `USAGE` for a node without a board, or an address that is none; why its board is not there; what
   *   `BoardSession.swap()` throws.
   */
  async swap(node: string, address: string): Promise<Omit<Moved, "node">> {
    const { clock, definition, signal, opened } = this.#options;
    const name = this.#used.get(node);
    const board = this.byName.get(name ?? "");
    if (name === undefined || board === undefined)
      throw (
        this.#absent.get(name ?? "") ??
        new CircuitError("USAGE", `Cannot move ${node}: its sketch uses no board`)
      );
    const { session } = board;
    const [from, startMs] = [session.address, clock.now()];
    const { link, relink } = await linkOf({ ...this.#describe(name, signal), address, link: undefined });
    const moving = session.swap({ link, relink, stopLevels: stopLevels(definition, name), signal });
    try {
      await moving;
    } finally {
      if (session.address === link.address) {
        this.#addresses = { ...this.#addresses, [name]: address };
        board.follow(link);
      }
    }
    const tookMs = clock.now() - startMs;
    opened({ ...board, readyMs: tookMs });
    const nodes = [...this.#used].flatMap(([other, used]) => (used === name ? [other] : []));
    return { board: name, from, to: session.address, firmware: session.firmware, nodes, tookMs };
  }

  /** Leaves pins as declared, low where nothing was declared, and closes what is open. */
  async close(): Promise<void> {
    const { definition } = this.#options;
    const boards = [...this.byName.values()];
    await Promise.all(boards.map(({ name, session }) => session.close(stopLevels(definition, name))));
  }

  #isSought(name: string): boolean {
    if (this.byName.has(name)) return false;
    const link = this.#options.links?.[name];
    return link === undefined ? comesLater(this.#addresses[name] ?? "") : typeof link === "function";
  }

  #opened(name: string, signal: AbortSignal): Promise<OpenBoard> {
    const opening = this.#opening.get(name) ?? this.#open(name, signal);
    this.#opening.set(name, opening);
    return opening;
  }

  async #open(name: string, signal: AbortSignal): Promise<OpenBoard> {
    try {
      const board = await openBoard(this.#describe(name, signal));
      this.#keep(board);
      return board;
    } catch (error) {
      const isOneOfSeveral = Object.keys(this.#addresses).length > 1;
      if (isOneOfSeveral && !signal.aborted && isAbsence(error)) this.#absent.set(name, error);
      throw error;
    }
  }

  #describe(name: string, signal: AbortSignal): OpenBoardOptions {
    const { clock, links, notice, definition, journal } = this.#options;
    return {
      ...{ name, signal, clock, journal, wiring: this.#wiring, patienceMs: definition.patienceMs },
      address: this.#addresses[name] ?? "",
      held: heldPins(definition, name),
      safe: safePins(definition, name),
      silenceMs: definition.silenceMs,
      link: links?.[name],
      notice: (text) => notice(`${name}: ${text}`),
    };
  }

  #keep(board: OpenBoard): void {
    const { name, session } = board;
    const { opened, lost, signal, definition } = this.#options;
    session.board.ordered(...orderedPins(definition, name));
    this.byName.set(name, board);
    const gone = () => {
      const { reason } = session.lost;
      if (signal.aborted) return;
      if (this.isAnyThere && isAbsence(reason)) this.#absent.set(name, reason);
      lost(board, reason);
    };
    session.lost.addEventListener("abort", gone, { once: true });
    opened(board);
  }

  /** Name of a node's board. */
  #choose(node: string): string {
    return this.#options.definition.nodes?.[node]?.board ?? this.#only(node, `in nodes.${node}.board`);
  }

  /** Name of the only board. */
  #only(wanting: string, where: string): string {
    const names = Object.keys(this.#addresses);
    const [only] = names;
    if (only !== undefined && names.length === 1) return only;
    throw new CircuitError(
      "CONFIG_INVALID",
      `Cannot choose a board for ${wanting}: there are ${names.length}, ${names.join(", ")}`,
      { hint: `Name one ${where}.` },
    );
  }
}
