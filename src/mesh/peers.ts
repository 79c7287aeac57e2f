import type { Clock } from "../core/clock.js";
import { type PeerLoad, sumOfLoads } from "./counts.js";
import type { Peer } from "./peer.js";

/** Time after which a lane that nothing was sent on is closed, in milliseconds, and at most twice that. */
const LANE_UNUSED_MS = 60_000;

interface Lane {
  readonly peer: Peer;
  /** Something was sent on it since it was looked at. */
  isUsed: boolean;
}

/** The peers of one target: of all who send, and beside that, where receivers tell them apart, of each node. */
class Route {
  /** What has no lane of its own goes here. In no map: it is most of all. */
  peer: Peer | undefined;
  readonly lanes: Map<string, Lane> = new Map();
  readonly ofNodes: Map<string, Route> = new Map();

  get isEmpty(): boolean {
    return this.peer === undefined && this.lanes.size === 0 && this.ofNodes.size === 0;
  }

  /** All of them. */
  *peers(): Generator<Peer> {
    if (this.peer) yield this.peer;
    for (const { peer } of this.lanes.values()) yield peer;
    for (const route of this.ofNodes.values()) yield* route.peers();
  }

  /** Closes lanes that were not used since the last time. Returns how many are left. */
  closeUnused(): number {
    for (const [name, lane] of [...this.lanes]) {
      if (!lane.isUsed && !lane.peer.isBusy) {
        this.lanes.delete(name);
        lane.peer.close();
      }
      lane.isUsed = false;
    }
    return [...this.ofNodes.values()].reduce((sum, route) => sum + route.closeUnused(), this.lanes.size);
  }

  /** Drops the nodes of which there is nothing. */
  prune(): void {
    for (const [node, route] of [...this.ofNodes]) if (route.isEmpty) this.ofNodes.delete(node);
  }
}

export interface PeersOptions {
  readonly clock: Clock;
  /** Whether receivers tell the nodes that send apart. */
  readonly isByName: boolean;
  /** Makes a peer for what a node sends. `ended`: to be called when it is over. */
  open(target: string, from: string | undefined, ended: () => void): Peer;
}

/** What a mesh sends to: a peer for each target, and further ones for those who ask for a lane of their own. */
export class Peers {
  readonly #options: PeersOptions;
  /** By target. */
  readonly #routes = new Map<string, Route>();
  readonly #isByName: boolean;
  #stopLooking: (() => void) | undefined;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#isByName = options.isByName;
  }

  /** @param from Node that sends; where receivers do not tell nodes apart, whichever is the first to. */
  find(target: string, from: string | undefined, lane: string | undefined): Peer {
    const whole = this.#routes.get(target) ?? this.#add(target);
    const route = from !== undefined && this.#isByName ? routeOf(whole, from) : whole;
    if (lane !== undefined) return this.#onLane(route, lane, { target, from });
    return route.peer ?? this.#open(route, { target, from });
  }

  /** What the sessions with a target have under way and waiting. */
  loadOf(target: string): PeerLoad {
    return sumOfLoads([...(this.#routes.get(target)?.peers() ?? [])].map(({ load }) => load));
  }

  /** A target that was spoken to plainly has no connection any more: what it is now, the next one shows. */
  forgetPlain(target: string): void {
    for (const peer of [...(this.#routes.get(target)?.peers() ?? [])]) peer.forgetPlain();
  }

  /** Closes every one. Idempotent. */
  close(): void {
    this.#stopLooking?.();
    for (const route of [...this.#routes.values()]) for (const peer of [...route.peers()]) peer.close();
  }

  #add(target: string): Route {
    const route = new Route();
    this.#routes.set(target, route);
    return route;
  }

  #open(route: Route, { target, from }: Way): Peer {
    const peer = this.#options.open(target, from, () => {
      if (route.peer === peer) route.peer = undefined;
      this.#prune(target);
    });
    route.peer = peer;
    return peer;
  }

  #onLane(route: Route, name: string, { target, from }: Way): Peer {
    let lane = route.lanes.get(name);
    if (lane === undefined) {
      const peer = this.#options.open(target, from, () => {
        if (route.lanes.get(name)?.peer === peer) route.lanes.delete(name);
        this.#prune(target);
      });
      lane = { peer, isUsed: true };
      route.lanes.set(name, lane);
      this.#stopLooking ??= this.#lookLater();
    }
    lane.isUsed = true;
    return lane.peer;
  }

  #prune(target: string): void {
    const route = this.#routes.get(target);
    route?.prune();
    if (route?.isEmpty) this.#routes.delete(target);
  }

  #lookLater(): () => void {
    return this.#options.clock.after(LANE_UNUSED_MS, () => {
      this.#stopLooking = undefined;
      let left = 0;
      for (const [target, route] of [...this.#routes]) {
        left += route.closeUnused();
        this.#prune(target);
      }
      if (left > 0) this.#stopLooking = this.#lookLater();
    });
  }
}

/** From whom, and to whom. */
interface Way {
  readonly target: string;
  readonly from: string | undefined;
}

function routeOf(whole: Route, from: string): Route {
  let route = whole.ofNodes.get(from);
  if (route === undefined) {
    route = new Route();
    whole.ofNodes.set(from, route);
  }
  return route;
}
