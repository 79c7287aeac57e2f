import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { Random } from "../../core/random.js";
import type { LeaseBucket } from "./lease-bucket.js";

/** What whoever waits for a lease does so many times in the time after which it vanishes: looks for it. */
const LOOKS_A_TTL = 8;

/** The same for its holder, who renews it: two may go wrong before it is over. */
const RENEWALS_A_TTL = 4;

/**
 * The part of that time by which a holder stops early: for what it has on its way, and for clocks that do not run equally
 * fast.
 */
const MARGIN_OF_TTL = 1 / 4;

export interface LeaseOptions {
  readonly bucket: LeaseBucket;
  readonly key: string;
  /** Names this process, and no other. */
  readonly holder: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** A right that one process has at a time, for as long as it renews it. */
export class Lease {
  readonly #options: LeaseOptions;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /**
   * Waits until it can be had. Storage that is away is waited for.
   *
   * @throws The signal's own reason.
   */
  async acquire(signal: AbortSignal): Promise<Term> {
    const { bucket, clock, random } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const term = await this.#try().catch(() => undefined);
      if (term !== undefined) {
        if (!signal.aborted) return term;
        await term.release();
        signal.throwIfAborted();
      }
      await clock.sleep((bucket.ttlMs / LOOKS_A_TTL) * (0.5 + random() / 2), signal);
    }
  }

  async #try(): Promise<Term | undefined> {
    const { bucket, key, holder, clock } = this.#options;
    const found = await bucket.find(key);
    const sentAtMs = clock.now();
    // One of ours is what is left of an earlier term, whose source has stopped.
    if (found !== undefined && found.value !== holder) return undefined;
    const revision =
      found === undefined
        ? await bucket.create(key, holder)
        : await bucket.update(key, holder, found.revision);
    return revision === undefined ? undefined : new Term(this.#options, revision, sentAtMs);
  }
}

/** The time for which a lease is held without a break. It renews itself until it is lost or released. */
export class Term {
  /** Higher than that of all terms before it. */
  readonly revision: number;
  readonly #options: LeaseOptions;
  readonly #lost = new AbortController();
  /** Of the key, which each renewal changes. */
  #keyRevision: number;
  /** When it is over, unless a renewal that was sent later than the last one succeeds. */
  #endMs: number;
  #isReleased = false;
  #stopEnd = () => {};
  #stopRenewal = () => {};
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions, revision: number, sentAtMs: number) {
    this.#options = options;
    this.revision = revision;
    this.#keyRevision = revision;
    this.#endMs = this.#endOf(sentAtMs);
    this.#watch();
    this.#renewLater(sentAtMs + options.bucket.ttlMs / RENEWALS_A_TTL);
  }

  /** Aborts when somebody else may have it. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Also right where timers are late. */
  get isHeld(): boolean {
    return !this.#lost.signal.aborted && !this.#isReleased && this.#options.clock.now() < this.#endMs;
  }

  /** Lets others have it at once. Whoever releases has stopped what it was for. Idempotent, and never rejects. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#stop();
    const { bucket, key } = this.#options;
    await this.#renewing;
    // Otherwise it vanishes by itself.
    await bucket.remove(key, this.#keyRevision).catch(() => {});
  }

  #endOf(sentAtMs: number): number {
    return sentAtMs + this.#options.bucket.ttlMs * (1 - MARGIN_OF_TTL);
  }

  #watch(): void {
    this.#stopEnd();
    const { clock } = this.#options;
    this.#stopEnd = clock.after(Math.max(0, this.#endMs - clock.now()), () => this.#lose());
  }

  #renewLater(atMs: number): void {
    if (this.#isReleased || this.signal.aborted) return;
    const { clock } = this.#options;
    this.#stopRenewal = clock.after(Math.max(0, atMs - clock.now()), () => {
      this.#renewing = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { bucket, clock } = this.#options;
    const startMs = clock.now();
    let isRenewed = false;
    try {
      isRenewed = (await this.#write()) || ((await this.#isOurs()) && (await this.#write()));
    } catch {
      // Storage that is away may be back before the end.
    }
    this.#renewLater(startMs + bucket.ttlMs / (isRenewed ? RENEWALS_A_TTL : LOOKS_A_TTL));
  }

  /** Whether the key was as we know it. */
  async #write(): Promise<boolean> {
    const { bucket, key, holder, clock } = this.#options;
    const sentAtMs = clock.now();
    const renewed = await bucket.update(key, holder, this.#keyRevision);
    if (renewed !== undefined) this.#renewed(renewed, sentAtMs);
    return renewed !== undefined;
  }

  #renewed(revision: number, sentAtMs: number): void {
    this.#keyRevision = revision;
    // What comes after the end ends nothing: somebody else may have been told already that there is no holder.
    if (!this.isHeld) return;
    this.#endMs = this.#endOf(sentAtMs);
    this.#watch();
  }

  /** The key has changed: by a renewal of ours whose answer was lost, or somebody else has it. */
  async #isOurs(): Promise<boolean> {
    const { bucket, key, holder } = this.#options;
    const found = await bucket.find(key);
    if (found?.value === holder) this.#keyRevision = found.revision;
    else this.#lose();
    return found?.value === holder;
  }

  #lose(): void {
    this.#stop();
    if (this.#isReleased || this.signal.aborted) return;
    this.#lost.abort(
      new CircuitError("PEER_LOST", `Cannot go on with ${this.#options.key}: its lease is over`, {
        hint: "Look whether NATS has a quorum; it goes on by itself when it has.",
      }),
    );
  }

  #stop(): void {
    this.#stopEnd();
    this.#stopRenewal();
  }
}
