import type { Advert } from "./advert.js";
import { type Sightings, SOURCES, type SourceName } from "./source.js";

/** A node that some source has told of. */
export interface KnownNode extends Advert {
  /** The most trusted source that knows it; what is said here is what that one said. */
  readonly source: SourceName;
}

export interface TableChange {
  readonly type: "came" | "changed" | "went";
  readonly node: KnownNode;
}

/** Nodes that a table holds of those that the network tells of: ten times the largest mesh that was tried. Who floods a network is not listened to. */
const MOST_NODES = 10_000;

/** All nodes that are known, by boot id, whoever told of them. A change costs the same however many there are. */
export class NodeTable {
  readonly #told = new Map<string, Map<SourceName, Advert>>();
  readonly #nodes = new Map<string, KnownNode>();
  readonly #byName = new Map<string, Map<string, KnownNode>>();
  readonly #watchers = new Set<(change: TableChange) => void>();
  readonly #followers = new Map<string, Set<() => void>>();

  /** Every node, in the order in which they came. */
  get nodes(): readonly KnownNode[] {
    return [...this.#nodes.values()];
  }

  /** Nodes that claim a name, the most trusted source first, then the oldest: messages go to the first. */
  named(name: string): readonly KnownNode[] {
    return [...(this.#byName.get(name)?.values() ?? [])].sort(compare);
  }

  /** Where a source tells what it sees. */
  sightings(source: SourceName): Sightings {
    return {
      announce: (advert) => this.#announce(source, advert),
      forget: (boot) => this.#forget(source, boot),
    };
  }

  /** Calls back at each change. @returns Ends it. */
  watch(changed: (change: TableChange) => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Calls back when the nodes of a name change. @returns Ends it. */
  follow(name: string, changed: () => void): () => void {
    const followers = this.#followers.get(name) ?? new Set();
    this.#followers.set(name, followers.add(changed));
    return () => {
      followers.delete(changed);
      if (followers.size === 0 && this.#followers.get(name) === followers) this.#followers.delete(name);
    };
  }

  #announce(source: SourceName, advert: Advert): void {
    let told = this.#told.get(advert.boot);
    if (told === undefined) {
      // The network's word is anybody's: it does not keep out what is known for certain.
      if (source === "lan" && this.#told.size >= MOST_NODES) return;
      told = new Map();
      this.#told.set(advert.boot, told);
    }
    told.set(source, advert);
    this.#update(advert.boot);
  }

  #forget(source: SourceName, boot: string): void {
    const told = this.#told.get(boot);
    if (!told?.delete(source)) return;
    if (told.size === 0) this.#told.delete(boot);
    this.#update(boot);
  }

  /** Brings a node to what the most trusted source says of it. */
  #update(boot: string): void {
    const before = this.#nodes.get(boot);
    const now = this.#best(boot);
    if (isSame(before, now)) return;
    if (before && before.name !== now?.name) this.#unname(before);
    if (now) {
      this.#nodes.set(boot, now);
      const named = this.#byName.get(now.name) ?? new Map();
      this.#byName.set(now.name, named.set(boot, now));
      this.#tell({ type: before ? "changed" : "came", node: now });
    } else if (before) {
      this.#nodes.delete(boot);
      this.#tell({ type: "went", node: before });
    }
    for (const name of new Set([before?.name, now?.name])) {
      for (const changed of [...(this.#followers.get(name ?? "") ?? [])]) changed();
    }
  }

  #unname({ name, boot }: KnownNode): void {
    const named = this.#byName.get(name);
    named?.delete(boot);
    if (named?.size === 0) this.#byName.delete(name);
  }

  #best(boot: string): KnownNode | undefined {
    const told = this.#told.get(boot);
    for (const source of SOURCES) {
      const advert = told?.get(source);
      if (advert) return { ...advert, source };
    }
    return undefined;
  }

  #tell(change: TableChange): void {
    for (const changed of [...this.#watchers]) changed(change);
  }
}

function compare(a: KnownNode, b: KnownNode): number {
  return (
    SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) ||
    (a.sinceMs ?? 0) - (b.sinceMs ?? 0) ||
    (a.boot < b.boot ? -1 : 1)
  );
}

function isSame(a: KnownNode | undefined, b: KnownNode | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.source === b.source &&
    a.name === b.name &&
    a.engine === b.engine &&
    a.sinceMs === b.sinceMs &&
    a.sketch === b.sketch &&
    a.board === b.board &&
    a.addresses.join() === b.addresses.join()
  );
}
