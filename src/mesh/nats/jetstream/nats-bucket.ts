import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import type { KeptKeys } from "../../work-queue.js";
import type { Connection } from "../connection.js";
import { TryAgain } from "../try-again.js";
import { problemOf } from "./problem.js";

/** Time that the server may take for an answer, in milliseconds: who holds a lease has a second and a half. */
const ANSWER_MS = 1_000;

/** `err_code`s of a write that expected another revision: https://github.com/nats-io/nats-server/blob/v2.15.1/server/errors.json */
const WRONG_REVISION: ReadonlySet<unknown> = new Set([10071, 10164]);

export interface NatsBucketOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly bucket: string;
  /** Keys vanish so long after they were written, in milliseconds; never where it is 0. */
  readonly ttlMs: number;
  readonly replicas: number;
}

/**
 * A bucket of keys whose writers know the revision before. The one file that knows NATS's key-value client. Everything
 * rejects while the server is away, also after it has been done.
 */
export class NatsBucket implements KeptKeys {
  readonly #options: NatsBucketOptions;
  #client: NatsConnection | undefined;
  #opened: Promise<KV> | undefined;

  constructor(options: NatsBucketOptions) {
    this.#options = options;
  }

  create(key: string, value: string): Promise<number | undefined> {
    return this.#ask("write", async (bucket) => unlessChanged(bucket.create(key, value)));
  }

  update(key: string, value: string, revision: number): Promise<number | undefined> {
    return this.#ask("write", async (bucket) => unlessChanged(bucket.update(key, value, revision)));
  }

  find(key: string): Promise<{ readonly value: string; readonly revision: number } | undefined> {
    return this.#ask("read", async (bucket) => {
      const entry = await bucket.get(key);
      if (entry === null || entry.operation !== "PUT") return undefined;
      return { value: entry.string(), revision: entry.revision };
    });
  }

  async remove(key: string, revision: number): Promise<void> {
    await this.#ask("write", async (bucket) => {
      await unlessChanged(bucket.delete(key, { previousSeq: revision }).then(() => 0));
    });
  }

  async #ask<T>(doing: string, ask: (bucket: KV) => Promise<T>): Promise<T> {
    const { bucket: name } = this.#options;
    try {
      return await this.#inTime(this.#open().then(ask));
    } catch (error) {
      throw problemOf(`${doing} keys of ${name}`, error);
    }
  }

  #open(): Promise<KV> {
    const { connection, bucket, ttlMs, replicas } = this.#options;
    const { client } = connection;
    if (client === undefined) return Promise.reject(new TryAgain("there is no server"));
    if (this.#client === client && this.#opened !== undefined) return this.#opened;
    this.#client = client;
    // Only the leader's word counts: another may not have heard of the last write.
    const options = { history: 1, replicas, allow_direct: false, ...(ttlMs > 0 && { ttl: ttlMs }) };
    const opened = new Kvm(client).create(bucket, options);
    this.#opened = opened;
    opened.catch(() => {
      if (this.#opened === opened) this.#opened = undefined;
    });
    return opened;
  }

  #inTime<T>(asked: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = this.#options.clock.after(ANSWER_MS, () =>
        reject(new TryAgain(`no answer within ${ANSWER_MS} ms`)),
      );
      asked.then(resolve, reject).finally(stop);
    });
  }
}

/** The revision of a write; `undefined` where the key has changed before it. */
async function unlessChanged(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    const { code } = Object(error) as { readonly code?: unknown };
    if (WRONG_REVISION.has(code)) return undefined;
    throw error;
  }
}
