/** What a key has. */
export interface KeyEntry {
  readonly value: string;
  readonly revision: number;
}

/**
 * Keys that whoever writes them knows not to have been changed by others. Whatever is written has a revision, higher than
 * all before it. Everything rejects while the storage is away, also after it has been done.
 */
export interface KeyBucket {
  /**
   * Writes a key that is not there.
   *
   * @returns Its revision; `undefined` where it is there.
   */
  create(key: string, value: string): Promise<number | undefined>;

  /**
   * Writes a key whose revision is this one.
   *
   * @returns Its new revision; `undefined` where it has another, or is gone.
   */
  update(key: string, value: string, revision: number): Promise<number | undefined>;

  find(key: string): Promise<KeyEntry | undefined>;

  /** Takes a key away whose revision is this one; where it has another, nothing happens. */
  remove(key: string, revision: number): Promise<void>;
}

/** Keys that vanish when they were not written for a while: each is a lease, and its value says who holds it. */
export interface LeaseBucket extends KeyBucket {
  /** How long a key is there after it was last written, in milliseconds. */
  readonly ttlMs: number;
}

/** Where the processes of a flow agree on who runs which source, and from where. */
export interface FlowLeases {
  readonly leases: LeaseBucket;
  /** How far sources are that go on where another has stopped. */
  readonly progress: KeyBucket;
}
