import type { Clock } from "../core/clock.js";
import type { ServedNode } from "../mesh/mesh.js";

export interface BridgedNodeOptions {
  readonly clock: Clock;
  serve(): Promise<ServedNode>;
  joined(addresses: readonly string[]): void;
  left(): void;
  /** It could not be served. @returns Whether to try again while the node is there. */
  failed?(error: unknown): boolean;
}

/**
 * How long a node may be away before its place on the other mesh is given up, in milliseconds: a process that is started
 * anew is back sooner, and what waits for it has not been refused.
 */
const AWAY_MS = 5_000;

/** Wait before a node that could not be served is tried again, in milliseconds. */
const RETRY_MS = 5_000;

/** A node's place on the other mesh: served while the node is there. */
export class BridgedNode {
  readonly #options: BridgedNodeOptions;
  #isWanted = false;
  #served: ServedNode | undefined;
  /** What is being done to bring the one to the other. */
  #settling: Promise<void> | undefined;
  /** Calls off that it counts as gone, and that it is tried again. */
  #stopWaiting: (() => void) | undefined;
  #stopRetry: () => void = () => {};
  #isClosed = false;

  constructor(options: BridgedNodeOptions) {
    this.#options = options;
  }

  /** Serves it for good. @throws What `serve()` throws. */
  async open(): Promise<void> {
    this.#isWanted = true;
    const joined = this.#join();
    // Whoever closes it meanwhile waits for that, and then undoes it.
    this.#settling = joined.then(ignore, ignore).then(() => {
      this.#settling = undefined;
      this.#want(this.#isWanted && this.#served !== undefined);
    });
    await joined;
  }

  /** The node has come, or has gone. */
  setThere(isThere: boolean): void {
    if (this.#isClosed) return;
    if (isThere) {
      this.#stopWaiting?.();
      this.#stopWaiting = undefined;
      this.#want(true);
    } else {
      this.#stopRetry();
      this.#stopWaiting ??= this.#options.clock.after(AWAY_MS, () => {
        this.#stopWaiting = undefined;
        this.#want(false);
      });
    }
  }

  /** Lets what is under way finish, and serves it no more. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWaiting?.();
    this.#stopRetry();
    this.#want(false);
    while (this.#settling !== undefined) await this.#settling;
  }

  #want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (this.#isAsWanted || this.#settling !== undefined) return;
    this.#settling = this.#settle();
  }

  get #isAsWanted(): boolean {
    return this.#isWanted === (this.#served !== undefined);
  }

  async #settle(): Promise<void> {
    try {
      while (!this.#isAsWanted) {
        if (this.#isWanted) await this.#join();
        else await this.#leave();
      }
    } catch (error) {
      if (this.#options.failed?.(error)) this.#retryLater();
    } finally {
      this.#settling = undefined; // in the turn of the last look, so that no wish is lost
    }
  }

  async #join(): Promise<void> {
    this.#served = await this.#options.serve();
    this.#options.joined(this.#served.addresses);
  }

  async #leave(): Promise<void> {
    await this.#served?.close();
    this.#served = undefined;
    this.#options.left();
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    this.#stopRetry();
    this.#stopRetry = this.#options.clock.after(RETRY_MS, () => this.#want(this.#isWanted));
  }
}

function ignore(): void {}
