import type { CircuitError } from "../core/error.js";
import type { MeshCounts } from "./counts.js";
import type { DurableEvents } from "./durable.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "./event.js";
import type { Payload } from "./payload.js";
import type { TraceContext } from "./trace.js";
import type { BucketOptions, KeptKeys, WorkQueues } from "./work-queue.js";

/** One message on its way to a node. */
export interface Delivery {
  /** The channel that its sender chose; empty where the sender chose none. */
  readonly channel: string;
  readonly message: Payload;
  /** What its sender calls itself, proven only where `isProven`; missing where it did not say, as over the plain protocol. */
  readonly from?: string;
  /** Aborts when the node is closed or the sender has gone away. */
  readonly signal: AbortSignal;
  /** When its sender stops waiting, on the mesh's clock, in milliseconds; 30 s from its arrival where it did not say. */
  readonly deadlineAtMs: number;
  /** Whether its sender said when it stops waiting. */
  readonly hasDeadline: boolean;
  /** Nodes and channels whose handlers wait for this message, outermost first, this one last. */
  readonly chain: readonly string[];
  /** 1, or more where it may have been delivered before to a receiver that has died. */
  readonly deliveryCount: number;
  /** The same for every delivery of this message, and of no other. */
  readonly idempotencyKey: string;
  /** Names the session with its sender; single requests and plain connections have none. */
  readonly session: string | undefined;
  /**
   * Whether its sender has proved who it is, by a credential or the secret of this user's machine. Nobody has over the plain
   * protocol, with a token, over NATS, or within a process.
   */
  readonly isProven: boolean;
  /** Where it belongs in a trace: what its sender said, or the span that handles it. */
  readonly trace: TraceContext | undefined;
}

/** What a message inherits from the delivery in whose handler it is sent. */
export interface Cause {
  /** When whoever waits for it stops waiting, on the mesh's clock, in milliseconds; without it, nobody said. */
  readonly deadlineAtMs?: number;
  readonly chain: readonly string[];
  readonly trace?: TraceContext | undefined;
}

/**
 * Answers a message. What it returns is the ack: a text, bytes or a JSON value as they are, `undefined`, `null` or an
 * empty text as `n/a`. Over the plain protocol everything is sent as its text.
 *
 * What it throws rejects the message; over the plain protocol it closes the sender's connection.
 */
export type Handler = (delivery: Delivery) => unknown;

/** Messages to be sent, there already or as they come. A text, or bytes, are one message and no messages. */
export type Messages = Iterable<Payload> | AsyncIterable<Payload>;

export interface StreamOptions {
  /** Name of the node that sends: who it is to its receivers, to whom it may have to prove it. */
  readonly from?: string;
  /** Messages go to this channel of the target. Empty by default. */
  readonly channel?: string;
  /**
   * Ends it at both ends; what waits rejects with the signal's own reason. A receiver of the plain protocol is told by
   * the end of the connection, so it goes on while somebody else in this process waits for acks of the same channel.
   */
  readonly signal?: AbortSignal;
  /** When its sender stops waiting, on the mesh's clock, in milliseconds: what waits then rejects with `TIMEOUT`. */
  readonly deadlineAtMs?: number;
  /** The delivery in whose handler this is sent: its deadline, chain of calls and trace are inherited. */
  readonly cause?: Cause;
  /**
   * Names a session of its own with the target: messages of different lanes do not wait for each other. One that is
   * not used for a minute is closed.
   */
  readonly lane?: string | undefined;
  /** The message that this one passes on: its receiver sees the same key, and one delivery more. */
  readonly passesOn?: Pick<Delivery, "deliveryCount" | "idempotencyKey">;
  /**
   * What becomes of a message whose receiver died before it was acknowledged: rejected with `DELIVERY_UNKNOWN` (by
   * default), or sent again to the receiver's successor, which may then be the second to run it.
   */
  readonly retry?: "never" | "repeat";
  /**
   * What its receiver sees as the message's idempotency key, in place of one of the mesh's own: give the same to messages
   * that are to have one effect, whoever sends them. A stream's have their place behind it: `key/1`, `key/2` … At most
   * 255 bytes of UTF-8. The plain protocol has no keys.
   */
  readonly idempotencyKey?: string;
}

/** A node that is being served. */
export interface ServedNode {
  readonly name: string;
  /** Where other processes reach it, for example `ws://127.0.0.1:8766`; empty where they cannot. */
  readonly addresses: readonly string[];

  /** Has others learn something else of the node than `about` said, where the way they find nodes can tell them. */
  tellAbout?(about: NonNullable<ServeOptions["about"]>): Promise<void>;

  /**
   * Leaves without losing anything: is not found any more, refuses what has not begun and what comes, and closes when the
   * handlers that run have answered, after so many milliseconds at the latest; 30 000 by default. Senders of the framed
   * protocol turn to a successor with the rest. Idempotent.
   */
  drain(graceMs?: number): Promise<void>;

  /** The same within a second, by default; also for a node that is being drained. Idempotent. */
  close(): Promise<void>;
}

/** Nodes talking to nodes, whatever carries their messages. */
export interface Mesh {
  /**
   * Serves a node. Messages of one sender on one channel reach the handler one at a time, in order, each after
   * the answer to the one before it; different connections run concurrently.
   *
   * @throws {CircuitError} `ADDRESS_BUSY` or `ADDRESS_INVALID`.
   */
  serve(name: string, handler: Handler, options?: ServeOptions): Promise<ServedNode>;

  /**
   * Sends one message and resolves with its ack.
   *
   * A target that is not there yet is tried again until the signal aborts or the mesh's patience ends
   * (`PEER_MISSING`; `PEER_UNKNOWN` where no address is known). A message whose handler threw rejects with
   * `PEER_REFUSED`.
   *
   * Over the framed protocol a link that breaks is replaced, for up to 60 s, and each message runs once within the
   * life of its receiver. What was sent to a receiver that died rejects with `DELIVERY_UNKNOWN`, unless `retry` says to
   * repeat it; one that leaves answers what it runs, and its successor gets the rest. What would wait for itself rejects
   * with `CALL_CYCLE`, what has no time left with `TIMEOUT`.
   *
   * Over the plain protocol nothing is sent twice: a target that goes away rejects what was waiting with `PEER_LOST`,
   * and a handler that throws the later messages of the connection with `NOT_RUN`; the next message connects anew.
   *
   * @throws {CircuitError} `MESSAGE_INVALID` for what no text frame or channel can carry.
   */
  send(target: string, message: Payload, options?: StreamOptions): Promise<Payload>;

  /**
   * Sends each message and yields each ack, in order. It starts at once, and sends later messages before
   * earlier acks arrive: `messages` is read ahead by as many as may be outstanding, acks that were not taken
   * included, and no further. Rejects as `send()` does, after the acks that came before; ending the iteration
   * early stops reading `messages` and is otherwise as an abort.
   */
  stream(target: string, messages: Messages, options?: StreamOptions): AsyncIterableIterator<Payload>;

  /**
   * Tells all who listen to a subject that something happened, and returns at once. Each hears of it at most once, and
   * of what one process publishes in order. Nothing is kept for those who are not connected, or who take more slowly
   * than is published. A process over WebSockets connects to the nodes that it knows when it publishes first: `join()`
   * waits for that.
   *
   * @returns How many were known to listen, subscriptions of this process and other processes; `undefined` where the
   *   engine knows and does not tell, and 0 where it is away.
   * @throws {CircuitError} `MESSAGE_INVALID` for a subject or data that cannot be, `PEER_LOST` after `close()`,
   *   `ACCESS_DENIED` where this process's own rules do not let the node publish there.
   */
  publish(subject: string, data: Payload, options?: PublishOptions): number | undefined;

  /** Publishes to a subject of the mesh's own, `circuit.errors.>`: for whoever runs sketches, not for them. */
  publishOwn(subject: string, data: Payload, options?: PublishOptions): void;

  /**
   * Listens to a subject, or with `*` and `>` to many, here and in every process that can be reached, for as long as it
   * is not closed. Others are told soon; `join()` waits until they have been.
   *
   * @throws {CircuitError} `MESSAGE_INVALID` for what is no pattern, or one too many; `PEER_LOST` after `close()`; the
   *   signal's own reason where it is aborted.
   */
  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription;

  /**
   * Resolves when every node that is known has been told what is listened to here, and has told the same, or has not
   * answered in time. Between two processes, events then reach whoever has subscribed before.
   *
   * @returns Processes that listened, and may not have heard what was published to them before: they have not answered, or
   *   went away without a word since this was asked last. A process with several links to one of them counts each. 0 on
   *   NATS, which does not tell.
   */
  join(): Promise<number>;

  /** Events that are kept; `undefined` where the engine has nowhere to keep them. */
  readonly durable: DurableEvents | undefined;

  /** Work queues; the NATS engine alone has them. */
  readonly queues?: WorkQueues;

  /** A bucket of keys that know their revisions, which does nothing yet; of the NATS engine alone. */
  bucket?(name: string, options?: BucketOptions): KeptKeys;

  /** What it has done so far, and what is under way. The figures go on counting. */
  counts(): MeshCounts;

  /** Closes every node and connection; what was waiting rejects with `PEER_LOST`. Idempotent. */
  close(): Promise<void>;
}

export interface ServeOptions {
  /** What others learn of the node besides its name, where nodes can be found. */
  readonly about?: {
    readonly sketch?: string;
    readonly board?: string;
    /** What carries its messages beyond this mesh, where it is bridged: `nats`; `events` where it takes none. */
    readonly engine?: string;
  };
  /** Messages of one channel that run at the same time. 1 by default: in order. */
  readonly concurrency?: number;
  /** Name or address to listen on. `localhost` listens on 127.0.0.1 and ::1. */
  readonly host?: string;
  /** Port to listen on; 0 lets the system choose. Without it the node is reached within the process only. */
  readonly port?: number;
}

/** Told once when a peer is not there yet, and once when it is back. */
export type PeerNotice = (notice: {
  readonly peer: string;
  readonly address: string;
  /** Why it is missing; `undefined` when it is back. */
  readonly problem: CircuitError | undefined;
}) => void;
