/** A secret that both ends of a link know. */
export type Key = Uint8Array;

/** Keys that one name may have: the old and the new one of a change, on either side of it. */
export const MOST_KEYS = 4;

/** The keys by which nodes are known. */
export interface Keyring {
  /** Keys of a node's name, any of which proves it; none for a name that is not known. */
  keysOf(name: string): readonly Key[];

  /** Calls back when keys have changed: what was proved by one that is gone counts no more. @returns Ends it. */
  watch(changed: () => void): () => void;
}

/** Whether a key still counts for a name. */
export function isKeyOf(keyring: Keyring, name: string, key: Key): boolean {
  return keyring.keysOf(name).some((known) => Buffer.compare(known, key) === 0);
}

/** Who wants to know of changes. */
export class Watchers {
  readonly #watchers = new Set<() => void>();

  add(changed: () => void): () => void {
    // A wrapper, so that the same function may watch twice.
    const watcher = () => changed();
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  tell(): void {
    for (const changed of [...this.#watchers]) changed();
  }
}
