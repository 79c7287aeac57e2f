import { checkUrl, withoutQuery } from "../http.js";
import type { FlowContext, SourceFunction } from "../source.js";
import { Poller, type PollerOptions, type RestItem } from "./poller.js";
import { checkGrid, type Grid, nextOnGrid, type Overrun, type Tick, takeTicks } from "./ticks.js";
import { nap, systemWall, type Wall } from "./wall.js";

export type { RestItem } from "./poller.js";

export interface RestOptions<Content> extends PollerOptions<Content>, Grid {
  /** Requests that may be under way at the same time; 1 by default. Answers come out as they come in. */
  readonly mostAtOnce?: number;
  /** What becomes of ticks that came due while nobody could ask; `skip` by default, which spares a slow server. */
  readonly overrun?: Overrun;
  /** The host's own date by default. */
  readonly wall?: Wall;
}

/**
 * Asks a server again and again, at once and then on the grid, and yields what it answers; nothing where it answers that
 * nothing has changed since the ETag it gave. After a failure it waits by `backoff`, and then is on the grid again.
 *
 * It fails with the code of the last failure: `TIMEOUT`, `PEER_MISSING`, `PEER_REFUSED` for a status, `MESSAGE_INVALID`
 * for content.
 *
 * @throws {CircuitError} `USAGE` for a grid, and `ADDRESS_INVALID` for an address that cannot be.
 */
export function rest<Content = unknown>(
  url: string | URL,
  options: RestOptions<Content>,
): SourceFunction<RestItem<Content>> {
  const address = checkUrl(url, ["http:", "https:"]);
  checkGrid(`poll ${withoutQuery(address)}`, options);
  return function rest(context) {
    return new Polling(address, options, context).items();
  };
}

type Happening<Content> =
  | { readonly kind: "due"; readonly tick: Tick | undefined }
  | {
      readonly kind: "answered";
      readonly request: Promise<Happening<Content>>;
      readonly item: RestItem<Content> | undefined;
    }
  | { readonly kind: "failed"; readonly request: Promise<Happening<Content>>; readonly error: unknown };

/** One life of the source. */
class Polling<Content> {
  readonly #options: RestOptions<Content>;
  readonly #context: FlowContext;
  readonly #poller: Poller<Content>;
  readonly #wall: Wall;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<Happening<Content>>>();
  /** The schedule's next tick, where it has been asked for. */
  #next: Promise<Happening<Content>> | undefined;
  /** The next try, while the last one has failed. */
  #retry: Promise<Happening<Content>> | undefined;

  constructor(url: string, options: RestOptions<Content>, context: FlowContext) {
    this.#options = options;
    this.#context = context;
    this.#wall = options.wall ?? systemWall;
    this.#signal = AbortSignal.any([context.signal, this.#stopping.signal]);
    this.#poller = new Poller(url, options, { ...context, signal: this.#signal });
  }

  async *items(): AsyncGenerator<RestItem<Content>, void> {
    const { overrun = "skip" } = this.#options;
    const pace = { clock: this.#context.clock, signal: this.#signal };
    const next = (afterMs: number) => nextOnGrid(this.#options, afterMs);
    const schedule = takeTicks(pace, next, { overrun, wall: this.#wall });
    this.#next = Promise.resolve(due({ atMs: this.#wall(), missed: 0, isLive: true }));
    try {
      for (;;) {
        const happening = await this.#whatHappens(schedule);
        if (this.#signal.aborted) return;
        if (happening.kind === "due") {
          this.#next = this.#retry === undefined ? undefined : this.#next;
          this.#retry = undefined;
          if (happening.tick === undefined) return;
          this.#start(happening.tick);
          continue;
        }
        this.#running.delete(happening.request);
        if (happening.kind === "failed") this.#pause(this.#poller.failed(happening.error));
        else if (happening.item !== undefined) yield happening.item;
      }
    } finally {
      this.#stopping.abort();
      await Promise.allSettled([...this.#running, schedule.return()]);
    }
  }

  #whatHappens(schedule: AsyncGenerator<Tick, void>): Promise<Happening<Content>> {
    const { mostAtOnce = 1 } = this.#options;
    if (this.#running.size >= mostAtOnce) return Promise.race(this.#running);
    if (this.#retry !== undefined) return Promise.race([...this.#running, this.#retry]);
    // Asked for no sooner, so that the schedule knows which of its ticks nobody took.
    this.#next ??= schedule.next().then(({ value }) => due(value ?? undefined));
    return Promise.race([...this.#running, this.#next]);
  }

  #start(tick: Tick): void {
    const request: Promise<Happening<Content>> = this.#poller.poll(tick).then(
      (item) => ({ kind: "answered", request, item }),
      (error: unknown) => ({ kind: "failed", request, error }),
    );
    this.#running.add(request);
  }

  #pause(waitMs: number): void {
    this.#retry ??= nap({ clock: this.#context.clock, signal: this.#signal }, waitMs).then((isOn) =>
      due(isOn ? { atMs: this.#wall(), missed: 0, isLive: true } : undefined),
    );
  }
}

function due(tick: Tick | undefined): { kind: "due"; tick: Tick | undefined } {
  return { kind: "due", tick };
}
