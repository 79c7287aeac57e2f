/**
 * The records of `circuit.1`: what a frame is made of. docs/protocol.md describes each byte.
 *
 * A frame is a run of records. A record begins with its type, below 0x80; numbers are LEB128. Items, which begin at
 * 0x80, follow a `send` or an `ack` and stand for consecutive sequence numbers of its channel.
 */

/** Name of the protocol, asked for as a WebSocket subprotocol. */
export const FRAMED_PROTOCOL = "circuit.1";

/** Channels of one session: as many as a desk of sketches could use, and 4 MiB of them. */
export const MAX_CHANNELS = 16_384;

/** Length of a proof, in bytes: HMAC-SHA-256. */
export const PROOF_BYTES = 32;

/** First byte of a record. */
export const RECORD = {
  /** Sender: who it is, and what it has not been acknowledged yet. JSON. */
  hello: 0x01,
  /** Receiver: who it is, and how far it has come. JSON. */
  welcome: 0x02,
  /** Sender: the session is over. Receiver: it leaves, and what it has not answered it has not run. JSON. */
  bye: 0x03,
  /** Either asks whether the other is there. */
  ping: 0x04,
  pong: 0x05,
  /** Receiver: proves who it is, and asks the same of its sender. JSON. */
  challenge: 0x06,
  /** Sender: proves who it is. JSON. */
  proof: 0x07,
  /** Sender: a number for a channel's name. */
  open: 0x10,
  /** Sender: messages of a channel follow, from a sequence number on. */
  send: 0x11,
  /** Sender: nobody waits for a message any more. */
  cancel: 0x12,
  /** Sender: it has every ack up to a sequence number. */
  confirm: 0x13,
  /** Sender: which nodes and channels wait for the messages of a channel that follow. JSON. */
  chain: 0x14,
  /** Receiver: acks of a channel follow, from a sequence number on. */
  ack: 0x20,
  /** Receiver: it will not run messages from a sequence number on; try again after so many milliseconds. */
  refuse: 0x21,
  /** Receiver: it has messages up to a sequence number only; send again what follows. */
  resume: 0x22,
  /** Either: its process, which takes part in events, and everything that it listens to. JSON. */
  interest: 0x30,
  /** Either: something that happened. */
  event: 0x31,
  /** Either: the same, for one of those who listen in the name of a queue. */
  eventInQueue: 0x32,
  /** Either: what happened last on a subject, for who has asked for it. */
  lastEvent: 0x33,
  /** Either: how far what it has published and been asked for is on this link by now. */
  soFar: 0x34,
} as const;

/** What an item is: the low bits of its first byte. */
export const ITEM = { text: 0, bytes: 1, json: 2, failure: 3 } as const;

export type ItemKind = (typeof ITEM)[keyof typeof ITEM];

/** Set in every item's first byte, and in no record's. */
export const IS_ITEM = 0x80;
export const ITEM_KIND_MASK = 0x03;
/** The item has headers before its payload. */
export const HAS_HEADERS = 0x04;

/** Time that a sender waits when it did not say, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 30_000;

/** What a message brings along. */
export interface Headers {
  /** Time that its sender still waits, in milliseconds. Left out where it is about `DEFAULT_DEADLINE_MS`. */
  readonly deadlineMs?: number;
  /** How often it may have been delivered before; left out where it was not. */
  readonly deliveries?: number;
  /** The same for every delivery of one message. */
  readonly key?: string;
  /** Where it belongs in a trace. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What a sender says first. */
export interface Hello {
  readonly version: 1;
  /** Random, new for each session. */
  readonly sender: string;
  /** Name of the node that it wants to reach. */
  readonly target: string;
  /** Boot id of the receiver that it was connected to before. */
  readonly boot?: string;
  /** Name of the node that sends. */
  readonly from?: string;
  /** 32 random bytes in base64url: the sender proves who it is, and wants the receiver to. */
  readonly nonce?: string;
  /** The secret of `from`, from those who cannot do better, over TLS or on one machine. */
  readonly token?: string;
  /** Whoever answers is to pass messages on to the target, because the sender cannot reach it. */
  readonly via?: boolean;
  /** The sender cannot be reached, and serves a node of its name: its boot id. After the welcome the ends change places. */
  readonly serves?: string;
  /** Open channels: number, name, and first sequence number without an ack. */
  readonly channels: readonly (readonly [id: number, name: string, first: number])[];
}

/** What a receiver answers who wants its sender to prove who it is, after it has done so itself. */
export interface Challenge {
  readonly node: string;
  readonly boot: string;
  /** 32 random bytes in base64url. */
  readonly nonce: string;
  /** A proof in base64url for each secret of the node. */
  readonly proofs: readonly string[];
}

/** What a receiver answers. */
export interface Welcome {
  readonly version: 1;
  readonly node: string;
  /** Random, new for each process that receives. */
  readonly boot: string;
  /** Its process, where that may take part in events. */
  readonly process?: string;
  /** No other session's, of any receiver: the messages' idempotency keys begin with it. */
  readonly session: string;
  /** Whether it goes on with the session that the hello names. */
  readonly resumed: boolean;
  /** Last sequence number received on each channel that it goes on with. */
  readonly channels: readonly (readonly [id: number, received: number])[];
  /** Messages that may be under way, counted from a channel's first without an ack. */
  readonly window: number;
  /** Bytes of messages that it takes before it has answered some, and of acks that it keeps until they are confirmed. */
  readonly windowBytes: number;
}

/** What a process listens to. */
export interface Interest {
  readonly process: string;
  readonly patterns: readonly string[];
  /** What it listens to in the name of queues. */
  readonly queues?: readonly QueueInterest[];
  /** Whose last events it wants; left out by who does not know of them. */
  readonly last?: readonly Ask[];
}

export type QueueInterest = readonly [pattern: string, queue: string];

/** Wants the last event of each subject, where that was published after one that it heard all up to, or heard none. */
export type Ask = readonly [ask: number, pattern: string, after: number];

/** Who is to hear of an event, where not all are who listen to it: one in the name of a queue, or who has asked. */
export type EventRecipient = { readonly queue: string } | { readonly ask: number };

/** Why a message failed. */
export interface Failure {
  readonly code: FailureCode;
  readonly reason: string;
}

export const FAILURE_CODES = [
  "FAILED",
  "CALL_CYCLE",
  "DEADLINE",
  "CANCELLED",
  // Its sender may not use the channel.
  "DENIED",
  // What became of it beyond whoever passed it on.
  "UNKNOWN",
  "MISSING",
  "LOST",
  "INVALID",
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];
