import { CircuitError, messageOf } from "../../core/error.js";
import type { Probed } from "../framed/probe.js";
import type { Advert } from "./advert.js";
import type { Source } from "./source.js";
import { type KnownNode, NodeTable } from "./table.js";

/** Asks who answers at an address. Never rejects. */
export type Identify = (target: string, address: string) => Promise<Probed>;

export interface DiscoveryOptions {
  readonly sources: readonly Source[];
  readonly identify: Identify;
  /** Whether the nodes of this process let others find them. True by default. */
  readonly announces?: boolean;
  /** Takes what a person should know. */
  readonly notice?: (text: string) => void;
}

/** Namesakes that are asked and told of: on the network anybody can make up more. */
const MOST_CLASHES = 64;

/** How nodes find each other: one table, fed by every source, and the word that this process's nodes leave there. */
export class Discovery {
  readonly table = new NodeTable();
  /** Why sources cannot be used, so far. */
  readonly problems: CircuitError[] = [];
  readonly #options: DiscoveryOptions;
  readonly #usable = new Set<Source>();
  /** Nodes of this process that are announced, by boot id. */
  readonly #own = new Map<string, Advert>();
  /** Boot ids of namesakes that a person has been told of. */
  readonly #clashes = new Set<string>();
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** See `Identify`. */
  get identify(): Identify {
    return this.#options.identify;
  }

  /** Begins to look; resolves when what is there already is in the table. Idempotent, never rejects. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /**
   * Lets others find a node. Never rejects: what does not work is noticed, and the node is as good without.
   *
   * @returns Takes it back.
   */
  async announce(advert: Advert): Promise<() => Promise<void>> {
    if (this.#options.announces === false || this.#closed) return async () => {};
    await this.start();
    this.#own.set(advert.boot, advert);
    const takeBack = await Promise.all([...this.#usable].map((source) => this.#publish(source, advert)));
    for (const namesake of this.table.named(advert.name)) void this.#compare(namesake);
    return async () => {
      this.#own.delete(advert.boot);
      await Promise.all(takeBack.map((withdraw) => withdraw?.()));
    };
  }

  /** Tells something else of a node that is announced. Never rejects. */
  async revise(boot: string, changed: Partial<Advert>): Promise<void> {
    const before = this.#own.get(boot);
    if (before === undefined) return;
    const advert = { ...before, ...changed };
    this.#own.set(boot, advert);
    await Promise.all([...this.#usable].map((source) => source.revise?.(advert)));
  }

  /** Takes back what is announced, and looks no more. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #start(): Promise<void> {
    this.table.watch(({ type, node }) => {
      if (type === "came") void this.#compare(node);
    });
    await Promise.all(
      this.#options.sources.map(async (source) => {
        try {
          await source.start(this.table.sightings(source.name));
          this.#usable.add(source);
        } catch (error) {
          this.#problem(error);
        }
      }),
    );
  }

  async #publish(source: Source, advert: Advert): Promise<(() => Promise<void>) | undefined> {
    try {
      return await source.publish?.(advert);
    } catch (error) {
      this.#problem(error);
      return undefined;
    }
  }

  async #close(): Promise<void> {
    await this.#started;
    this.#own.clear();
    await Promise.all(this.#options.sources.map((source) => source.close()));
  }

  /** Tells of another node with a name of ours, once it has answered: one that was killed claims nothing. */
  async #compare(other: KnownNode): Promise<void> {
    if (other.source === "grid" || this.#own.has(other.boot) || this.#clashes.has(other.boot)) return;
    const own = [...this.#own.values()].find(({ name }) => name === other.name);
    const [address] = other.addresses;
    if (own === undefined || address === undefined || this.#clashes.size >= MOST_CLASHES) return;
    this.#clashes.add(other.boot);
    const answer = await this.#options.identify(other.name, address);
    if (answer.kind !== "node" || answer.boot !== other.boot || !this.#own.has(own.boot)) {
      this.#clashes.delete(other.boot);
      return;
    }
    this.#options.notice?.(
      `Two nodes claim the name ${own.name}: this one at ${own.addresses[0]} and another at ${address}; ` +
        "messages of others go to the older one",
    );
  }

  #problem(error: unknown): void {
    const problem =
      error instanceof CircuitError
        ? error
        : new CircuitError("LINK_FAILED", `Cannot find nodes: ${messageOf(error)}`, { cause: error });
    this.problems.push(problem);
    this.#options.notice?.(
      problem.hint === undefined ? problem.message : `${problem.message}. ${problem.hint}`,
    );
  }
}
