import type { Clock } from "../core/clock.js";
import type { PeerCounts } from "./counts.js";
import type { Peer } from "./peer.js";

/** Time after which a lane that nothing was sent on is closed, in milliseconds, and at most twice that. */
const LANE_UNUSED_MS = 60_000;

interface Lane {
  readonly target: string;
  readonly peer: Peer;
  /** Something was sent on it since it was looked at. */
  isUsed: boolean;
}

export interface PeersOptions {
  readonly clock: Clock;
  /** Makes a peer for what a node sends. `ended`: to be called when it is over. */
  open(target: string, from: string | undefined, ended: () => void): Peer;
}

/** What a mesh sends to: a peer for each target, and further ones for those who ask for a lane of their own. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  /** The same for each sending node, where receivers tell them apart. */
  readonly #peersOf = new Map<string, Map<string, Peer>>();
  readonly #lanes = new Map<string, Lane>();
  #stopLooking: (() => void) | undefined;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** @param from Node that sends, where nothing is sent to the target yet. */
  find(target: string, from: string | undefined, lane: string | undefined): Peer {
    if (lane !== undefined) return this.#onLane(target, from, `${lane}/${target}`);
    return this.#peers.get(target) ?? this.#open(target, from, this.#peers);
  }

  /** The peer of one sending node. */
  findFrom(from: string, target: string, lane: string | undefined): Peer {
    if (lane !== undefined) return this.#onLane(target, from, `${from}/${lane}/${target}`);
    let peers = this.#peersOf.get(from);
    if (peers === undefined) {
      peers = new Map();
      this.#peersOf.set(from, peers);
    }
    return peers.get(target) ?? this.#open(target, from, peers);
  }

  /** Whether a target is connected, and all messages under way and waiting. */
  loadOf(target: string): Omit<PeerCounts, "peer" | "sent"> {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.target === target);
    const peers = [this.#peers, ...this.#peersOf.values()].map((of) => of.get(target));
    const loads = [...peers, ...lanes.map(({ peer }) => peer)].flatMap((peer) => peer?.load ?? []);
    return {
      isConnected: loads.some(({ isConnected }) => isConnected),
      outstanding: loads.reduce((sum, { outstanding }) => sum + outstanding, 0),
      window: loads.reduce((sum, { window }) => sum + window, 0),
      queued: loads.reduce((sum, { queued }) => sum + queued, 0),
    };
  }

  /** Closes every one. Idempotent. */
  close(): void {
    this.#stopLooking?.();
    for (const { peer } of [...this.#lanes.values()]) peer.close();
    for (const peers of [this.#peers, ...this.#peersOf.values()])
      for (const peer of [...peers.values()]) peer.close();
  }

  #open(target: string, from: string | undefined, peers: Map<string, Peer>): Peer {
    const peer = this.#options.open(target, from, () => peers.delete(target));
    peers.set(target, peer);
    return peer;
  }

  #onLane(target: string, from: string | undefined, key: string): Peer {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const peer = this.#options.open(target, from, () => this.#lanes.delete(key));
      lane = { target, peer, isUsed: true };
      this.#lanes.set(key, lane);
      this.#stopLooking ??= this.#lookLater();
    }
    lane.isUsed = true;
    return lane.peer;
  }

  #lookLater(): () => void {
    return this.#options.clock.after(LANE_UNUSED_MS, () => {
      this.#stopLooking = undefined;
      for (const [key, lane] of [...this.#lanes]) {
        const { outstanding, queued } = lane.peer.load;
        if (!lane.isUsed && outstanding + queued === 0) {
          this.#lanes.delete(key);
          lane.peer.close();
        }
        lane.isUsed = false;
      }
      if (this.#lanes.size > 0) this.#stopLooking = this.#lookLater();
    });
  }
}
