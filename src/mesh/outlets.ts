import type { Clock } from "../core/clock.js";
import type { CircuitError } from "../core/error.js";
import { type PeerLoad, type SentTally, sumOfLoads } from "./counts.js";
import type { MeshLimits } from "./limits.js";
import type { Connect } from "./link.js";
import { Outlet } from "./outlet.js";

export interface OutletsOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly patienceMs: number;
  readonly limits: MeshLimits;
  tallyOf(target: string): SentTally;
  missing(target: string, address: string, problem: CircuitError): void;
  opened(target: string): void;
  /** The last connection to a target has ended. */
  gone(target: string): void;
}

/**
 * One outlet for each target and channel. As many as may be kept are connected; for the others the oldest idle
 * connection is closed, or they wait for one to become idle.
 */
export class Outlets {
  readonly #options: OutletsOptions;
  readonly #targets = new Map<string, Map<string, Outlet>>();
  readonly #started = new Set<Outlet>();
  readonly #waiting = new Set<Outlet>();

  constructor(options: OutletsOptions) {
    this.#options = options;
  }

  /** The connection to a channel of a target; made where there is none. */
  find(target: string, channel: string): Outlet {
    return this.get(target, channel) ?? this.#add(target, channel);
  }

  /** The connection to a channel of a target, if there is one. */
  get(target: string, channel: string): Outlet | undefined {
    return this.#targets.get(target)?.get(channel);
  }

  /** Whether there is a connection to any channel of a target. */
  has(target: string): boolean {
    return this.#targets.has(target);
  }

  /** Whether anything waits for a target, or for its acks. */
  isBusy(target: string): boolean {
    return [...(this.#targets.get(target)?.values() ?? [])].some(({ isIdle }) => !isIdle);
  }

  /** What the connections to a target have under way and waiting. */
  loadOf(target: string): PeerLoad {
    return sumOfLoads([...(this.#targets.get(target)?.values() ?? [])].map(({ load }) => load));
  }

  /** Closes every connection; what waits is rejected with `PEER_LOST`. */
  close(): void {
    for (const outlets of [...this.#targets.values()]) {
      for (const outlet of [...outlets.values()]) outlet.close();
    }
  }

  #add(target: string, channel: string): Outlet {
    const { connect, clock, patienceMs, limits, tallyOf, missing, opened } = this.#options;
    const outlet: Outlet = new Outlet({
      target,
      channel,
      connect,
      clock,
      patienceMs,
      limits,
      tally: tallyOf(target),
      missing: (address, problem) => missing(target, address, problem),
      opened: () => opened(target),
      idle: () => this.#makeRoom(),
      ended: () => this.#remove(outlet),
    });
    const channels = this.#targets.get(target) ?? new Map<string, Outlet>();
    this.#targets.set(target, channels.set(channel, outlet));
    this.#waiting.add(outlet);
    this.#makeRoom();
    return outlet;
  }

  #remove(outlet: Outlet): void {
    const channels = this.#targets.get(outlet.target);
    channels?.delete(outlet.channel);
    this.#started.delete(outlet);
    this.#waiting.delete(outlet);
    if (channels?.size === 0) {
      this.#targets.delete(outlet.target);
      this.#options.gone(outlet.target);
    }
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const outlet of this.#waiting) {
      if (this.#started.size >= this.#options.limits.keptConnections && !this.#closeIdle()) return;
      // Closing an idle one has made room, and with it may have started this one.
      if (!this.#waiting.delete(outlet)) continue;
      this.#started.add(outlet);
      outlet.start();
    }
  }

  #closeIdle(): boolean {
    for (const outlet of this.#started) {
      if (!outlet.isIdle) continue;
      outlet.close();
      return true;
    }
    return false;
  }
}
