import type { ByteLink } from "../board/link/link.js";
import type { Relink } from "../board/session/search.js";
import { type CircuitDefinition, DEFAULT_BOARDS } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { Sketch } from "../sketch/sketch.js";
import type { Wiring } from "../wiring/wiring.js";
import { type OpenBoard, openBoard } from "./boards.js";
import { boardsOfPins, heldPins, orderedPins, stopLevels } from "./pins.js";

export interface CircuitBoardsOptions {
  readonly definition: CircuitDefinition;
  readonly clock: Clock;
  /**
   * Links in place of what the boards' addresses say, by the boards' names; or what makes one each time that the board is
   * looked for, and rejects where it is nowhere.
   */
  readonly links: Readonly<Record<string, ByteLink | Relink>> | undefined;
  /** Gives up what is being opened. */
  readonly signal: AbortSignal;
  /** A board is ready. */
  opened(board: OpenBoard): void;
  notice(text: string): void;
}

/** The boards that a circuit's nodes drive. */
export class CircuitBoards {
  readonly #options: CircuitBoardsOptions;
  /** Those that are open, by name. */
  readonly byName = new Map<string, OpenBoard>();
  /** Names of the boards that nodes drive, by node. */
  readonly #used = new Map<string, string>();
  /** Those that are being opened, or have been, by name. */
  readonly #opening = new Map<string, Promise<OpenBoard>>();
  #wiring: Wiring | undefined;

  constructor(options: CircuitBoardsOptions) {
    this.#options = options;
  }

  /**
   * Opens the boards that sketches use, and pins that take part in events, at the same time; when one fails, gives the others up.
   *
   * @throws {CircuitError} `CONFIG_INVALID` when a node names none and there are several, and what `openBoard()` throws;
   *   those that are open are then still to be closed.
   */
  async open(sketches: ReadonlyMap<string, Sketch>, wiring: Wiring | undefined): Promise<void> {
    const addresses = this.#options.definition.boards ?? DEFAULT_BOARDS;
    for (const [name, sketch] of sketches) {
      if (sketch.usesBoard) this.#used.set(name, this.#choose(name));
    }
    this.#wiring = wiring;
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, failed.signal]);
    const opening = [...new Set([...this.#used.values(), ...boardsOfPins(this.#options.definition)])].map(
      async (name) => {
        try {
          await this.#opened(name, addresses[name] ?? "", signal);
        } catch (error) {
          failed.abort(error);
          throw error;
        }
      },
    );
    const results = await Promise.allSettled(opening);
    const rejected = results.find((result) => result.status === "rejected");
    if (rejected) throw failed.signal.reason ?? rejected.reason;
  }

  /**
   * The board of that name, or the only one, which is opened where it is not open.
   *
   * @param wanting Whose it is to be, for the message: `flows.desk`.
   * @throws {CircuitError} `CONFIG_INVALID` where there is none of that name, or several and none is named; what
   *   `openBoard()` throws.
   */
  async need(wanting: string, named: string | undefined): Promise<OpenBoard> {
    const { definition, signal } = this.#options;
    const addresses = definition.boards ?? DEFAULT_BOARDS;
    const name = named ?? this.#only(wanting, "with the option board");
    const address = addresses[name];
    if (address === undefined) {
      const known = Object.keys(addresses).join(", ");
      throw new CircuitError(
        "CONFIG_INVALID",
        `Cannot open ${name} for ${wanting}: the boards are ${known}`,
        {
          hint: "Look for a slip in its spelling, or add it to boards.",
        },
      );
    }
    return this.#opened(name, address, signal);
  }

  /** Name of the board that a node drives, if it does. */
  nameOf(node: string): string | undefined {
    return this.#used.get(node);
  }

  /** The board that a node drives, if it does. */
  of(node: string): OpenBoard | undefined {
    return this.byName.get(this.#used.get(node) ?? "");
  }

  /** Leaves pins as declared, low where nothing was declared, and closes what is open. */
  async close(): Promise<void> {
    const { definition } = this.#options;
    const boards = [...this.byName.values()];
    await Promise.all(boards.map(({ name, session }) => session.close(stopLevels(definition, name))));
  }

  #opened(name: string, address: string, signal: AbortSignal): Promise<OpenBoard> {
    const opening = this.#opening.get(name) ?? this.#open(name, address, signal);
    this.#opening.set(name, opening);
    return opening;
  }

  async #open(name: string, address: string, signal: AbortSignal): Promise<OpenBoard> {
    const { clock, links, notice, opened } = this.#options;
    const board = await openBoard({
      name,
      address,
      wiring: this.#wiring,
      signal,
      clock,
      patienceMs: this.#options.definition.patienceMs,
      held: heldPins(this.#options.definition, name),
      link: links?.[name],
      notice: (text) => notice(`${name}: ${text}`),
    });
    board.session.board.ordered(...orderedPins(this.#options.definition, name));
    this.byName.set(name, board);
    opened(board);
    return board;
  }

  /** Name of a node's board. */
  #choose(node: string): string {
    return this.#options.definition.nodes?.[node]?.board ?? this.#only(node, `in nodes.${node}.board`);
  }

  /** Name of the only board. */
  #only(wanting: string, where: string): string {
    const names = Object.keys(this.#options.definition.boards ?? DEFAULT_BOARDS);
    const [only] = names;
    if (only !== undefined && names.length === 1) return only;
    throw new CircuitError(
      "CONFIG_INVALID",
      `Cannot choose a board for ${wanting}: there are ${names.length}, ${names.join(", ")}`,
      { hint: `Name one ${where}.` },
    );
  }
}
