import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { AckStream } from "./ack-stream.js";
import { checkChannel } from "./channel.js";
import type { MessageContext } from "./framed/out-channel.js";
import type { MeshLimits } from "./limits.js";
import type { Connect } from "./link.js";
import type { Messages, PeerNotice, StreamOptions } from "./mesh.js";
import { Outlets } from "./outlets.js";
import { checkPayload, type Payload } from "./payload.js";
import { type DialPeer, Peer } from "./peer.js";
import type { Trust } from "./safety/trust.js";
import { Sent, watchSent } from "./sent.js";
import type { Outbox } from "./waiter.js";

/** Time that a mesh goes on looking for a peer, in milliseconds: enough to start a process by hand. */
export const DEFAULT_PATIENCE_MS = 10_000;

export interface SenderOptions {
  /** Connects by the framed protocol. */
  readonly dial: DialPeer;
  /** Connects by the plain protocol, where there is one. */
  readonly connect?: Connect;
  readonly clock: Clock;
  readonly patienceMs: number;
  readonly limits: MeshLimits;
  readonly notice: PeerNotice | undefined;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  /** By what receivers are trusted, and trust the senders of this process. */
  readonly trust?: Trust | undefined;
}

/** The sending half of a mesh, the same for every kind of link. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #outlets: Outlets | undefined;
  readonly #peers = new Map<string, Peer>();
  /** The same for each sending node, where receivers tell them apart. */
  readonly #peersOf = new Map<string, Map<string, Peer>>();
  /** Address of each target that is known to be missing. */
  readonly #missing = new Map<string, string>();
  readonly #isByName: boolean;
  #isClosed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#isByName = options.trust?.isByName === true;
    this.#outlets = options.connect && new Outlets({ ...options, connect: options.connect });
  }

  /** See `Mesh.send()`. */
  send(target: string, message: Payload, options: StreamOptions = {}): Promise<Payload> {
    return new Promise((resolve, reject) => {
      const { channel = "", signal } = options;
      checkPayload(message, this.#options.limits);
      if (channel !== "") checkChannel(channel, this.#options.limits);
      signal?.throwIfAborted();
      const outbox = this.#find(target, channel, options);
      const deadlineAtMs = options.cause?.deadlineAtMs;
      if (signal === undefined && deadlineAtMs === undefined) {
        outbox.post(message, new Sent(resolve, reject));
        return;
      }
      const late =
        deadlineAtMs === undefined ? undefined : { atMs: deadlineAtMs, clock: this.#options.clock, target };
      outbox.post(message, watchSent({ resolve, reject, outbox, signal, late }));
    });
  }

  /** See `Mesh.stream()`. */
  stream(target: string, messages: Messages, options: StreamOptions = {}): AckStream {
    const { limits } = this.#options;
    const { channel = "", signal } = options;
    return new AckStream({
      messages,
      signal,
      limits,
      check: () => checkChannel(channel, limits),
      findOutbox: () => this.#find(target, channel, options),
    });
  }

  /** Rejects what waits, and all that comes. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const peers of [this.#peers, ...this.#peersOf.values()])
      for (const peer of [...peers.values()]) peer.close();
    this.#outlets?.close();
  }

  #find(target: string, channel: string, { cause, retry, from }: StreamOptions): Outbox {
    if (this.#isClosed) throw meshClosed(`reach ${target}`);
    const peers = this.#isByName ? this.#findPeersOf(from ?? "") : this.#peers;
    const peer = peers.get(target) ?? this.#open(target, from, peers);
    if (cause === undefined && retry !== "repeat") return peer.outbox(channel);
    const context: MessageContext = {
      ...(cause && { deadlineAtMs: cause.deadlineAtMs, chain: cause.chain }),
      repeats: retry === "repeat",
    };
    return peer.outbox(channel, context);
  }

  #findPeersOf(from: string): Map<string, Peer> {
    let peers = this.#peersOf.get(from);
    if (peers === undefined) {
      peers = new Map();
      this.#peersOf.set(from, peers);
    }
    return peers;
  }

  #open(target: string, from: string | undefined, peers: Map<string, Peer>): Peer {
    const { dial, clock, patienceMs, limits, schedule, notice, trust } = this.#options;
    const peer = new Peer({
      target,
      from,
      trust,
      dial,
      outlets: this.#outlets,
      clock,
      patienceMs,
      limits,
      schedule,
      missing: (address, problem) => {
        if (this.#missing.has(target)) return;
        this.#missing.set(target, address);
        notice?.({ peer: target, address, problem });
      },
      opened: (found) => {
        const address = this.#missing.get(target);
        if (address === undefined) return;
        this.#missing.delete(target);
        notice?.({ peer: target, address: found ?? address, problem: undefined });
      },
      ended: () => peers.delete(target),
    });
    peers.set(target, peer);
    return peer;
  }
}

/** What a mesh says after `close()`. */
export function meshClosed(what: string): CircuitError {
  return new CircuitError("PEER_LOST", `Cannot ${what}: this mesh is closed`);
}
