import { type Clock, systemClock } from "../../core/clock.js";
import type { FlowLeases, KeyBucket, KeyEntry, LeaseBucket } from "./lease-bucket.js";

interface Entry extends KeyEntry {
  readonly stopExpiry: () => void;
}

/** A bucket in this process: for tests. */
class MemoryBucket implements LeaseBucket {
  readonly ttlMs: number;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #revision = 0;

  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock;
    this.ttlMs = ttlMs;
  }

  async create(key: string, value: string): Promise<number | undefined> {
    return this.#entries.has(key) ? undefined : this.#write(key, value);
  }

  async update(key: string, value: string, revision: number): Promise<number | undefined> {
    return this.#entries.get(key)?.revision === revision ? this.#write(key, value) : undefined;
  }

  async find(key: string): Promise<KeyEntry | undefined> {
    const entry = this.#entries.get(key);
    return entry && { value: entry.value, revision: entry.revision };
  }

  async remove(key: string, revision: number): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry?.revision !== revision) return;
    entry.stopExpiry();
    this.#entries.delete(key);
  }

  #write(key: string, value: string): number {
    this.#entries.get(key)?.stopExpiry();
    const revision = ++this.#revision;
    const stopExpiry = Number.isFinite(this.ttlMs)
      ? this.#clock.after(this.ttlMs, () => this.#entries.delete(key))
      : () => {};
    this.#entries.set(key, { value, revision, stopExpiry });
    return revision;
  }
}

/** Leases of flows in one process: for tests. */
export class MemoryLeases implements FlowLeases {
  readonly leases: LeaseBucket;
  readonly progress: KeyBucket;

  constructor({
    clock = systemClock,
    ttlMs = 2_000,
  }: { readonly clock?: Clock; readonly ttlMs?: number } = {}) {
    this.leases = new MemoryBucket(clock, ttlMs);
    this.progress = new MemoryBucket(clock, Number.POSITIVE_INFINITY);
  }
}
