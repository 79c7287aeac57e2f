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
  /** Makes a peer. `ended`: to be called when it is over. */
  open(target: string, ended: () => void): Peer;
}

/** What a mesh sends to: a peer for each target, and further ones for those who ask for a lane of their own. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #lanes = new Map<string, Lane>();
  #stopLooking: (() => void) | undefined;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  find(target: string, lane: string | undefined): Peer {
    if (lane !== undefined) return this.#onLane(target, `${lane}/${target}`);
    let peer = this.#peers.get(target);
    if (peer === undefined) {
      peer = this.#options.open(target, () => this.#peers.delete(target));
      this.#peers.set(target, peer);
    }
    return peer;
  }

  /** Whether a target is connected, and all messages under way and waiting. */
  loadOf(target: string): Omit<PeerCounts, "peer" | "sent"> {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.target === target);
    const loads = [this.#peers.get(target), ...lanes.map(({ peer }) => peer)].flatMap(
      (peer) => peer?.load ?? [],
    );
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
    for (const peer of [...this.#peers.values()]) peer.close();
  }

  #onLane(target: string, key: string): Peer {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { target, peer: this.#options.open(target, () => this.#lanes.delete(key)), isUsed: true };
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
