/** Something that reacts, as long as its circuit runs. */
export interface Observer {
  readonly pattern: string;

  /** Resolves when it hears nothing more and its last handler has ended: after `count` events, or when it was closed. */
  readonly done: Promise<void>;

  /** Hears nothing any more. Handlers that run go on to their end; events that wait for one are dropped. Idempotent. */
  close(): void;
}

/** An observer as whoever runs it sees it. */
export interface RunningObserver extends Observer {
  /** Resolves when it listens; a durable one rejects when it cannot. What keeps a live one from it later is told by notice. */
  readonly ready: Promise<void>;

  /** Closes it, gives what runs some time, then stops that and tells of it. Resolves when all is done. Idempotent. */
  finish(graceMs: number): Promise<void>;
}
