import { messageOf } from "../core/error.js";
import type { MeshEvent, PublishOptions, Subscription } from "./event.js";
import type { Payload } from "./payload.js";

/** Where an event is kept. */
export interface StoredAt {
  readonly stream: string;
  /** Its number in the stream, from 1. */
  readonly sequence: number;
  /** The stream had one with the same id already, perhaps from an earlier try of this call, and keeps that. */
  readonly isDuplicate: boolean;
}

/** An event that was kept until somebody could take it. Its `at` is when the engine took it, on the mesh's clock, in milliseconds. */
export interface DurableEvent extends MeshEvent {
  /** What its publisher called it; `<stream>:<sequence>` where it did not. The same for every delivery. */
  readonly id: string;
  readonly stream: string;
  readonly sequence: number;
  /** When the stream took it, by its server's clock, in milliseconds of the Unix epoch. */
  readonly storedAt: number;
  /** 1, or more where it was handed out before and not acknowledged. */
  readonly deliveryCount: number;
}

/** An event that a durable listener gave up. */
export interface DeadEvent {
  /** Its number among the dead, from 1: what `again()` takes. */
  readonly number: number;
  readonly event: DurableEvent;
  /** Name of the listener that gave it up. */
  readonly consumer: string;
  readonly cause: string;
  /** When it was given up, in milliseconds of the Unix epoch. */
  readonly diedAt: number;
}

/**
 * What a stream keeps at most; the oldest goes first. The first who asks is given what it asks for; who asks for more makes
 * it more for all, and who asks for less is told to `onError` that it stays (`CONFIG_INVALID`).
 */
export interface Keeping {
  /** One week by default. */
  readonly maxAgeMs?: number;
  /** 256 MiB by default. */
  readonly maxBytes?: number;
  /** Servers of a cluster that keep each event; 1 by default. */
  readonly replicas?: number;
}

export interface DurablePublishOptions extends PublishOptions {
  /**
   * The same id within two minutes is kept once; later it is kept again, and listeners that live since then only
   * acknowledge it. A random one by default.
   */
  readonly id?: string;
  readonly signal?: AbortSignal;
}

/** What a durable handler throws of an event that nobody can handle: it is given up at once, whatever tries it has left. */
export class GiveUp extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = "GiveUp";
  }
}

/**
 * What a durable handler throws of an event that it does not take, for example because it stops: it is handed back,
 * and never given up for that.
 */
export class HandBack extends Error {
  /** @param cause Why, where there is something to say. */
  constructor(cause?: unknown) {
    super("Cannot handle it here and now", { cause });
    this.name = "HandBack";
  }
}

export interface ConsumeOptions {
  /** 1 to 64 letters, digits, `-` and `_`: who listens, to one pattern. What nobody of this name has acknowledged is delivered to the next. */
  readonly name: string;
  /** Events whose handlers run at the same time in this process. 1 by default: in order, but for those that are tried again. */
  readonly concurrency?: number;
  /**
   * Deliveries of an event after which a failure is the last, and it is given up. 5 by default. One that was handed back, or
   * whose process died, has been delivered as well; but it is tried at least once, unless it has been delivered ten times
   * more: then one that comes first is taken for what kills processes.
   */
  readonly deliveries?: number;
  /** Time that the handler may take, in milliseconds, before its signal aborts and it counts as failed. 30 000 by default. */
  readonly handlerMs?: number;
  /** Asks for no more events than it has handlers free for: for who will not take many. They come more slowly. */
  readonly exact?: boolean;
  readonly keeping?: Keeping;
  readonly signal?: AbortSignal;
  /** Takes what concerns the listening itself, for example `ACCESS_DENIED` or a server without storage. */
  readonly onError?: (error: unknown) => void;
  /** An event is given up: it has been stored among the dead. The cause is what the handler threw, also a `GiveUp`. */
  readonly onDead?: (event: DurableEvent, cause: unknown) => void;
}

/** A listener whose place is kept. */
export interface Consumer extends Subscription {
  readonly counts: {
    /** Events that came again, or another of the same id, while or after they were handled here; they were only acknowledged. */
    readonly duplicates: number;
  };
  /**
   * Hears nothing new, and resolves when what runs has been handled and acknowledged, or the grace is over: then what is
   * left is handed back. With a grace of 0, and by `close()`, that is done before it returns. Idempotent.
   */
  drain(graceMs?: number): Promise<void>;
}

/** What is kept, and how far those who listen are. */
export interface StreamReport {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly events: number;
  readonly bytes: number;
  readonly consumers: readonly {
    readonly name: string;
    readonly pattern: string;
    /** Events that it has not been handed yet. */
    readonly lag: number;
    /** Handed out, and not acknowledged yet. */
    readonly unacknowledged: number;
    /** Handed out more than once. */
    readonly redelivered: number;
  }[];
}

/** Events that are kept until they have been handled: each at least once, also after its listener was away. */
export interface DurableEvents {
  /**
   * Publishes, and resolves when the engine has stored the event; tries anew while the server is away, with the same id.
   *
   * @throws {CircuitError} `EVENT_UNKEPT` where no stream takes the subject, the signal's own reason, and what
   *   `Mesh.publish()` throws.
   */
  publish(subject: string, data: Payload, options?: DurablePublishOptions): Promise<StoredAt>;

  /**
   * Hands each event of a pattern out until the handler's Promise resolves; one that rejects is tried again after a while,
   * and after the last try stored among the dead. One that rejects with `GiveUp` is so at once; `HandBack`, closing and
   * aborting hand it back without a try. A stream that takes the pattern is made where there is
   * none, and what was published before that is not in it; what an existing one has is handed to a new name from its
   * beginning.
   *
   * @throws {CircuitError} `MESSAGE_INVALID` for a name, or a pattern, that cannot be, or a name that listens to another
   *   pattern; `EVENT_UNKEPT` where there is no storage, no room, or another stream has a part of the pattern;
   *   `ACCESS_DENIED`; `PEER_MISSING`; the signal's own reason.
   */
  consume(
    pattern: string,
    handler: (event: DurableEvent, signal: AbortSignal) => unknown,
    options: ConsumeOptions,
  ): Promise<Consumer>;

  /**
   * Forgets a listener and its place. One that listens by that name makes itself anew, and hears what its stream has from the
   * beginning, but for what it knows to have handled: end it first.
   *
   * @returns Whether there was one.
   */
  forget(name: string): Promise<boolean>;

  /**
   * The dead, oldest first; with `follow`, also those that come, until the signal aborts. What somebody else has put among
   * them is left out.
   *
   * @throws {CircuitError} `PEER_LOST` when the mesh is closed meanwhile, `PEER_MISSING`, `ACCESS_DENIED`; the signal's own
   *   reason.
   */
  dead(options?: { readonly follow?: boolean; readonly signal?: AbortSignal }): AsyncIterable<DeadEvent>;

  /**
   * Hands a dead event to the listener that gave it up, and to no other of ours, and takes it from the dead.
   *
   * @returns Whether there was one.
   * @throws {CircuitError} `EVENT_UNKEPT` where that listener would not hear it: it is forgotten, or listens to something
   *   else by now; or where its data was too long to be kept whole among the dead.
   */
  again(number: number): Promise<boolean>;

  /** Every stream of ours and those who listen to it. */
  report(): Promise<readonly StreamReport[]>;
}
