import type { Clock } from "../core/clock.js";
import { Deadlines } from "../core/deadlines.js";
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
import { Sent, WatchedSent } from "./sent.js";
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
}

/** The sending half of a mesh, the same for every kind of link. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #outlets: Outlets | undefined;
  readonly #deadlines: Deadlines;
  readonly #peers = new Map<string, Peer>();
  /** Address of each target that is known to be missing. */
  readonly #missing = new Map<string, string>();
  readonly #streams = new Set<AckStream>();
  #isClosed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock);
    this.#outlets = options.connect && new Outlets({ ...options, connect: options.connect });
  }

  /** See `Mesh.send()`. */
  send(target: string, message: Payload, options: StreamOptions = {}): Promise<Payload> {
    return new Promise((resolve, reject) => {
      const { channel = "", signal } = options;
      checkPayload(message, this.#options.limits);
      if (channel !== "") checkChannel(channel, this.#options.limits);
      signal?.throwIfAborted();
      const context = contextOf(options);
      const outbox = this.#find(target, channel, context);
      const deadlineAtMs = context?.deadlineAtMs;
      if (signal === undefined && deadlineAtMs === undefined) {
        outbox.post(message, new Sent(resolve, reject));
        return;
      }
      const deadlines = this.#deadlines;
      const watched = { resolve, reject, outbox, target, signal, deadlineAtMs, deadlines };
      outbox.post(message, new WatchedSent(watched));
    });
  }

  /** See `Mesh.stream()`. */
  stream(target: string, messages: Messages, options: StreamOptions = {}): AckStream {
    const { limits } = this.#options;
    const { channel = "", signal } = options;
    const context = contextOf(options);
    return new AckStream({
      messages,
      signal,
      limits,
      target,
      channel,
      deadlineAtMs: context?.deadlineAtMs,
      deadlines: this.#deadlines,
      streams: this.#streams,
      findOutbox: () => this.#find(target, channel, context),
    });
  }

  /** Rejects what waits, and all that comes. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const peer of [...this.#peers.values()]) peer.close();
    this.#outlets?.close();
    // Those that wait for their source only.
    for (const stream of [...this.#streams]) stream.close(meshClosed("go on with a stream"));
  }

  #find(target: string, channel: string, context: MessageContext | undefined): Outbox {
    if (this.#isClosed) throw meshClosed(`reach ${target}`);
    const peer = this.#peers.get(target) ?? this.#open(target);
    return peer.outbox(channel, context);
  }

  #open(target: string): Peer {
    const { dial, clock, patienceMs, limits, schedule, notice } = this.#options;
    const peer = new Peer({
      target,
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
      ended: () => this.#peers.delete(target),
    });
    this.#peers.set(target, peer);
    return peer;
  }
}

/** What a mesh says after `close()`. */
export function meshClosed(what: string): CircuitError {
  return new CircuitError("PEER_LOST", `Cannot ${what}: this mesh is closed`);
}

/** What a message inherits; `undefined` where it is nothing. */
function contextOf({ cause, retry, deadlineAtMs }: StreamOptions): MessageContext | undefined {
  const repeats = retry === "repeat";
  if (cause === undefined && deadlineAtMs === undefined) return repeats ? { repeats } : undefined;
  const inheritedMs = cause?.deadlineAtMs ?? Number.POSITIVE_INFINITY;
  const atMs = Math.min(deadlineAtMs ?? Number.POSITIVE_INFINITY, inheritedMs);
  return { deadlineAtMs: atMs, repeats, ...(cause && { chain: cause.chain }) };
}
