import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.js";
import { Feed } from "../feed.js";
import type { PlannedSource } from "../plan.js";
import type { RunningFeed, WiringHost } from "../wiring.js";
import { hashOf } from "./delivery.js";
import type { DurableOptions } from "./durable-options.js";
import { Lease, type Term } from "./lease.js";
import { LeasedFeed, noLeases, type TermFeed } from "./leased-feed.js";
import { Progress } from "./progress.js";

/** Wait before storage that is away is asked again, in milliseconds. */
const ASK_AGAIN_MS = 100;

/** A run of a source: from its first item until it ends, is stopped, or loses its lease. */
export interface SourceRun {
  /** Names it; where it goes on with another's numbers, the source. */
  readonly key: string;
  /** 0 where it needs no lease. */
  readonly revision: number;
  /** Number of its first item. */
  readonly from: number;
  /** Whether what is yielded now may go on; `undefined` where it always may. */
  readonly isAllowed: (() => boolean) | undefined;
}

/** Where the items of a run go. */
export interface RunOutlet {
  one(item: unknown): Promise<void> | undefined;
  /** Number of the first item that may not be stored; where items are numbered. */
  readonly next?: number;
  /** Resolves when what was yielded is stored, or cannot be. */
  stored?(): Promise<void>;
}

/** Makes feeds: of sources that run here, and of those that run on one machine at a time. */
export function feedOf(
  planned: PlannedSource,
  host: WiringHost,
  options: DurableOptions | undefined,
  outletOf: (run: SourceRun) => RunOutlet,
): RunningFeed {
  const { name, part } = planned;
  const open = (run: SourceRun) => {
    const stop = new AbortController();
    const outlet = outletOf(run);
    const context = host.sourceContextOf(name, stop.signal);
    const numbered = part.options.resumes ? { ...context, from: run.from } : context;
    return { feed: new Feed(planned, numbered, stop, outlet, host.breath), outlet };
  };
  if (options === undefined || !isSingleton(planned, options))
    return open({ key: hashOf(randomUUID()), revision: 0, from: 0, isAllowed: undefined }).feed;
  const { flow, manager, leases, random, fence } = options;
  if (leases === undefined) throw noLeases(name);
  const key = hashOf(JSON.stringify([flow, manager, name]));
  const openTerm = async (term: Term): Promise<TermFeed> => {
    const bucket = leases.progress;
    await untilThere(() => fence.begin(manager, name, term.revision), term, host.clock);
    const { from, revision } = part.options.resumes
      ? await untilThere(() => Progress.find(bucket, key), term, host.clock)
      : { from: 0, revision: undefined };
    const runKey = part.options.resumes ? key : `${key}.${term.revision}`;
    const isAllowed = () => term.isHeld;
    const { feed, outlet } = open({ key: runKey, revision: term.revision, from, isAllowed });
    const progress = part.options.resumes
      ? Progress.begin({ bucket, key, clock: host.clock, next: () => outlet.next ?? from }, from, revision)
      : undefined;
    const leave = async () => {
      await outlet.stored?.();
      // Another may write by now where it was lost.
      if (term.isHeld) await progress?.close();
      else progress?.abandon();
    };
    return { feed, leave };
  };
  return new LeasedFeed({
    planned,
    lease: new Lease({ bucket: leases.leases, key, holder: randomUUID(), clock: host.clock, random }),
    open: openTerm,
    endSignal: host.endSignal,
    clock: host.clock,
    log: (text) => host.contextOf(name, host.endSignal).log(text),
  });
}

/** Asks storage, again and again where it is away, while the term lasts. */
async function untilThere<T>(ask: () => Promise<T>, term: Term, clock: Clock): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (away) {
      if (!term.isHeld) throw away;
      await clock.sleep(ASK_AGAIN_MS);
    }
  }
}

export function isSingleton(
  { part }: PlannedSource,
  { singleton }: Pick<DurableOptions, "singleton">,
): boolean {
  return part.options.singleton ?? singleton;
}
