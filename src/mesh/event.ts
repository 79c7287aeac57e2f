import type { Payload } from "./payload.js";

/** Words beside the data of an event. */
export type EventHeaders = Readonly<Record<string, string>>;

/** Something that happened, as those who listen to its subject hear of it. */
export interface MeshEvent {
  readonly subject: string;
  readonly data: Payload;
  readonly headers: EventHeaders;
  /**
   * Node that published it, where nodes prove their names. Elsewhere the node at the other end of the link that it came
   * on, where that is known: its process has published it.
   */
  readonly from: string | undefined;
  /** When it arrived here, on the mesh's clock, in milliseconds. */
  readonly at: number;
}

/** Takes an event. The next one does not wait for what it returns. */
export type EventHandler = (event: MeshEvent) => unknown;

export interface PublishOptions {
  /**
   * Name of the node that publishes: who it is to those who listen, and to the rules of `publish`. By default the node
   * that the process has served longest.
   */
  readonly from?: string;
  /** Names of letters, digits, `-` and `_`, and texts without line breaks; 8 KiB together. */
  readonly headers?: EventHeaders;
}

export interface SubscribeOptions {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Letters, digits, `-` and `_`. Of those who listen to a subject in the name of one queue, one hears each event. */
  readonly queue?: string;
  /**
   * First hears the last event of each subject that was published before. Not in a queue. Over WebSockets and in memory
   * each process keeps what it has published itself, for as long as it lives; on NATS a stream of JetStream keeps them from
   * the first who asks on, no longer than all else in it, and the pattern begins with a word (`MESSAGE_INVALID` to `onError`,
   * and `EVENT_UNKEPT` where there is no JetStream).
   */
  readonly last?: boolean;
  /**
   * Takes what the handler threw, or rejected with; by default the process is warned of it. On NATS it also hears, as
   * `ACCESS_DENIED`, that the server does not let us listen.
   */
  readonly onError?: (error: unknown, event: MeshEvent | undefined) => void;
}

export interface Subscription {
  readonly pattern: string;
  /** Hears nothing any more. Idempotent. */
  close(): void;
}
