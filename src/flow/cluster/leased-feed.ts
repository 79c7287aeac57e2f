import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { PlannedSource } from "../plan.js";
import type { RunningFeed } from "../wiring.js";
import type { Lease, Term } from "./lease.js";

/** What a source does in a term. */
export interface TermFeed {
  readonly feed: RunningFeed;
  /** Resolves when what it has yielded is stored, so that nothing of it comes after what the next holder sends. Never rejects. */
  leave(): Promise<void>;
}

/** Time that a source has to end when its lease is over, in milliseconds: then another may run beside it, also here. */
const GRACE_MS = 5_000;

export interface LeasedFeedOptions {
  readonly planned: PlannedSource;
  readonly lease: Lease;
  /** Makes a feed for a term; rejects where that is over before. */
  readonly open: (term: Term) => Promise<TermFeed>;
  /** Aborts when the pipeline waits for nothing any more: also not for a source that does not end. */
  readonly endSignal: AbortSignal;
  readonly clock: Clock;
  readonly log: (text: string) => void;
}

/**
 * Draws items out of a source while its lease is held, and begins anew when it is held again. One that has ended keeps its
 * lease, so that it does not begin again elsewhere before this process stops.
 */
export class LeasedFeed implements RunningFeed {
  readonly planned: PlannedSource;
  readonly #options: LeasedFeedOptions;
  readonly #stopping = new AbortController();
  #feed: RunningFeed | undefined;
  /** They went on after their leases were over. */
  readonly #hanging = new Set<RunningFeed>();

  constructor(options: LeasedFeedOptions) {
    this.#options = options;
    this.planned = options.planned;
  }

  get isAsked(): boolean {
    return [this.#feed, ...this.#hanging].some((feed) => feed?.isAsked);
  }

  async run(): Promise<void> {
    const { lease } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let term: Term;
      try {
        term = await lease.acquire(signal);
      } catch {
        return;
      }
      try {
        await this.#serve(term);
      } finally {
        this.#feed = undefined;
        await term.release();
      }
    }
  }

  stop(reason: unknown): void {
    this.#stopping.abort(reason);
    this.#feed?.stop(reason);
  }

  async #serve(term: Term): Promise<void> {
    const { open, log, endSignal, clock } = this.#options;
    const opened = await open(term).catch(() => undefined);
    if (opened === undefined || !term.isHeld || this.#stopping.signal.aborted) return;
    const { feed, leave } = opened;
    this.#feed = feed;
    log(`runs here, under lease ${term.revision}`);
    const lost = () => {
      log("pauses: its lease is over");
      feed.stop(term.signal.reason);
    };
    term.signal.addEventListener("abort", lost, { once: true });
    const running = feed.run();
    const late = async () => {
      await untilAborted(term.signal);
      await clock.sleep(GRACE_MS, endSignal).catch(() => {});
      return "late" as const;
    };
    try {
      // A source that hangs would otherwise keep its lease from everybody for as long as this process lives.
      if ((await Promise.race([running, late(), untilAborted(endSignal)])) === "late")
        this.#leave(feed, running);
      await untilAborted(term.signal, this.#stopping.signal);
    } finally {
      await leave();
      term.signal.removeEventListener("abort", lost);
    }
  }

  /** Nobody waits for it any more: what it yields is refused, as its lease is over. */
  #leave(feed: RunningFeed, running: Promise<void>): void {
    this.#hanging.add(feed);
    this.#options.log(`went on for ${GRACE_MS} ms after its lease was over; waits for another beside it`);
    const ended = () => this.#hanging.delete(feed);
    running.then(ended, ended);
  }
}

/** Resolves when one of them is aborted. */
function untilAborted(...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    for (const signal of signals) signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** What a source that needs a lease ends with where nobody gives any. */
export function noLeases(source: string): CircuitError {
  return new CircuitError(
    "CONFIG_INVALID",
    `Cannot run ${source}: it is to run on one machine at a time, and there is no JetStream to agree by`,
    {
      hint: "Run the flow with --mesh nats://host:4222, on a server started with -js, or take singleton out.",
    },
  );
}
