import type { AckEntry, MessageEntry } from "../../record/entry.js";
import type { SeenRoute } from "./seen.js";

/** Messages whose acknowledgement is waited for; of more, some are not measured. */
const MOST_WAITING = 8_192;

/** Routes that are told: who talks to more nodes is not read. */
const MOST_ROUTES = 256;

/** Latest acknowledgements that percentiles are of: a p99 that five of them stand behind. */
const MEASURED = 512;

/** The counts of one route. */
class Route {
  readonly from: string;
  readonly to: string;
  readonly #latestMs = new Float64Array(MEASURED);
  messages = 0;
  acks = 0;
  failures = 0;

  constructor(from: string, to: string) {
    this.from = from;
    this.to = to;
  }

  acked(tookMs: number): void {
    this.#latestMs[this.acks++ % MEASURED] = tookMs;
  }

  /** What half of the latest acknowledgements took at most, and 99 of 100; null before the first. */
  percentiles(): { readonly p50Ms: number | null; readonly p99Ms: number | null } {
    const sorted = this.#latestMs.slice(0, Math.min(this.acks, MEASURED)).sort();
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
    return { p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}

/** Who sends to whom, how much, and how long acknowledgements take. */
export class Routes {
  readonly #routes = new Map<string, Route>();
  readonly #waiting = new Map<number, { readonly route: Route; readonly atMs: number }>();

  message({ id, from, node, atMs }: MessageEntry): void {
    const name = `${from}\n${node}`;
    let route = this.#routes.get(name);
    if (route === undefined) {
      if (this.#routes.size >= MOST_ROUTES) return;
      route = new Route(from === "" ? "somebody" : from, node);
      this.#routes.set(name, route);
    }
    route.messages++;
    if (this.#waiting.size < MOST_WAITING) this.#waiting.set(id, { route, atMs });
  }

  ack({ id, atMs, isFailure }: AckEntry): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const { route } = waiting;
    if (isFailure) route.failures++;
    else route.acked(atMs - waiting.atMs);
  }

  /** @param isConnected Whether a target is reached now. */
  seen(isConnected: (target: string) => boolean): readonly SeenRoute[] {
    return [...this.#routes.values()].map((route) => {
      const { from, to, messages, acks, failures } = route;
      return {
        ...{ from, to, messages, acks, failures },
        ...route.percentiles(),
        isConnected: isConnected(to),
      };
    });
  }
}
