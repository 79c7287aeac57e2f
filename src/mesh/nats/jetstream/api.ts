import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import type { Keeping, StoredAt, StreamReport } from "../../durable.js";
import { TryAgain } from "../try-again.js";
import { problemOf, UNSTORED } from "./problem.js";

/** Time that the server may take for an answer, in milliseconds; a cluster chooses a leader in a few seconds. */
const ANSWER_MS = 3_000;

/** Tells our durable listeners from others. */
const OURS = "A durable listener of circuit";

/** Nanoseconds in a millisecond: JetStream's unit. */
const NS = 1e6;

/** How long a work queue knows ids again, in milliseconds: the server's own default. */
const ID_MEMORY_MS = 120_000;

/** What is known of a stream. */
export interface StreamFacts {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Tells it from one of the same name that was there before. */
  readonly created: string;
  readonly lastSequence: number;
  /** Name of the server of a cluster that leads it; empty where there is no cluster, `undefined` while none leads. */
  readonly leader: string | undefined;
  /** Whether its messages go when they are acknowledged. */
  readonly isWorkQueue: boolean;
  readonly keeping: Required<Keeping>;
}

export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs;
  /** Milliseconds of the Unix epoch. */
  readonly takenAt: number;
}

export interface ListenerConfig {
  readonly name: string;
  readonly pattern: string;
  /** Time until what is neither acknowledged nor being worked on is handed out again. */
  readonly ackWaitMs: number;
  readonly mostUnacknowledged: number;
}

export interface ReaderConfig {
  /** Where the messages go. */
  readonly inbox: string;
  readonly pattern: string;
  /** Number of the first message; without it, the last one of each subject and what follows. */
  readonly from: number | undefined;
  readonly heartbeatMs: number;
}

/** What we ask of JetStream. The one file that knows its client. Everything rejects with what `problemOf()` makes of it. */
export class JetStreamApi {
  readonly #manager: JetStreamManager;
  readonly #publisher: JetStreamClient;
  readonly #client: NatsConnection;

  private constructor(client: NatsConnection, manager: JetStreamManager, publisher: JetStreamClient) {
    this.#client = client;
    this.#manager = manager;
    this.#publisher = publisher;
  }

  static async of(client: NatsConnection): Promise<JetStreamApi> {
    const options = { timeout: ANSWER_MS };
    const manager = await jetstreamManager(client, { ...options, checkAPI: false });
    return new JetStreamApi(client, manager, jetstream(client, options));
  }

  /** Streams that have subjects of this pattern. */
  streamsWith(pattern: string): Promise<readonly StreamFacts[]> {
    return asking(`look for streams of ${pattern}`, async () => {
      const found: StreamFacts[] = [];
      for await (const info of this.#manager.streams.list(pattern)) found.push(factsOf(info));
      return found;
    });
  }

  findStream(name: string): Promise<StreamFacts | undefined> {
    return asking(`look at the stream ${name}`, async () => {
      const info = await this.#manager.streams.info(name).catch(unlessMissing);
      return info && factsOf(info);
    });
  }

  /** Makes a stream, or changes one; what is left out stays, or becomes what is usual. */
  async putStream(name: string, subjects: readonly string[], keeping: Required<Keeping>, isNew: boolean) {
    const config = {
      subjects: [...subjects],
      max_age: keeping.maxAgeMs * NS,
      max_bytes: keeping.maxBytes,
      num_replicas: keeping.replicas,
    };
    const { streams } = this.#manager;
    await asking(`keep events of ${subjects.join(", ")}`, () =>
      isNew
        ? streams.add({ ...config, name, storage: StorageType.File, discard: DiscardPolicy.Old })
        : streams.update(name, config),
    );
  }

  /** Makes a stream whose messages go when they are acknowledged, and that refuses what it has no room for. */
  async putWorkQueue(name: string, subjects: readonly string[], { maxBytes, replicas }: Required<Keeping>) {
    await asking(`keep items of ${subjects.join(", ")}`, () =>
      this.#manager.streams.add({
        ...{ name, subjects: [...subjects], storage: StorageType.File },
        ...{ retention: RetentionPolicy.Workqueue, discard: DiscardPolicy.New },
        ...{ max_bytes: maxBytes, num_replicas: replicas },
        duplicate_window: ID_MEMORY_MS * NS,
      }),
    );
  }

  /** Lets more servers of a cluster keep a stream. */
  async putReplicas(name: string, replicas: number): Promise<void> {
    await asking(`keep ${name} on ${replicas} servers`, () =>
      this.#manager.streams.update(name, { num_replicas: replicas }),
    );
  }

  /** Lets the servers of a cluster choose another leader of a stream. */
  async unseat(stream: string): Promise<void> {
    await asking(`choose another leader of ${stream}`, () =>
      this.#client.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, "", { timeout: ANSWER_MS }),
    );
  }

  /** Pattern of a listener; `undefined` where there is no such listener, and empty where it hears all of its stream. */
  findListener(stream: string, name: string): Promise<string | undefined> {
    return asking(`look for the listener ${name}`, async () => {
      const info = await this.#manager.consumers.info(stream, name).catch(unlessMissing);
      return info && (info.config.filter_subject ?? "");
    });
  }

  /** Numbers in its stream up to which a listener has had everything acknowledged, and handed out; `undefined` where it is none. */
  findPlace(
    stream: string,
    name: string,
  ): Promise<{ readonly acknowledged: number; readonly delivered: number } | undefined> {
    return asking(`look for the listener ${name}`, async () => {
      const info = await this.#manager.consumers.info(stream, name).catch(unlessMissing);
      return info && { acknowledged: info.ack_floor.stream_seq, delivered: info.delivered.stream_seq };
    });
  }

  async putListener(stream: string, { name, pattern, ackWaitMs, mostUnacknowledged }: ListenerConfig) {
    const config: Partial<ConsumerConfig> = {
      durable_name: name,
      description: OURS,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      filter_subject: pattern,
      ack_wait: ackWaitMs * NS,
      max_ack_pending: mostUnacknowledged,
      max_deliver: -1, // we count ourselves: the server would only stop handing it out
    };
    await asking(`listen to ${pattern} as ${name}`, () => this.#manager.consumers.add(stream, config));
  }

  /** @returns Whether there was one. */
  deleteListener(stream: string, name: string): Promise<boolean> {
    return asking(`forget the listener ${name}`, async () => {
      const { consumers } = this.#manager;
      const isGone = await consumers.delete(stream, name).catch(async (error: unknown) => {
        // The server (2.9.10) stumbles over the files of a listener that it is just writing, and forgets it anyway.
        if ((await this.findListener(stream, name)) === undefined) return !isMissing(error);
        throw error;
      });
      return isGone;
    });
  }

  /** Lets the messages of a stream come to an inbox, in order. @returns How many are to come at once. */
  putReader(stream: string, { inbox, pattern, from, heartbeatMs }: ReaderConfig): Promise<number> {
    return asking(`listen to ${pattern}`, async () => {
      const info = await this.#manager.consumers.add(stream, {
        deliver_subject: inbox,
        ack_policy: AckPolicy.None,
        filter_subject: pattern,
        idle_heartbeat: heartbeatMs * NS,
        flow_control: true,
        mem_storage: true,
        num_replicas: 1,
        ...(from === undefined
          ? { deliver_policy: DeliverPolicy.LastPerSubject }
          : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }),
      });
      return info.num_pending;
    });
  }

  /** Publishes, and resolves when it is stored. Nobody there is `undefined`: no stream, or none that is awake. */
  async publish(subject: string, data: string | Uint8Array, id: string, headers: MsgHdrs | undefined) {
    const options = { msgID: id, timeout: ANSWER_MS, ...(headers && { headers }) };
    return asking(`publish to ${subject}`, async (): Promise<StoredAt | undefined> => {
      try {
        const { stream, seq, duplicate } = await this.#publisher.publish(subject, data, options);
        if (typeof stream !== "string") return undefined; // somebody else has answered
        if (seq === UNSTORED) throw new TryAgain("it was sent before, and is not stored yet");
        return { stream, sequence: seq, isDuplicate: duplicate };
      } catch (error) {
        if (isForeign(error) || isNobodyThere(error)) return undefined;
        throw error;
      }
    });
  }

  /** A message by its number, or the last one of a subject, or the first of a pattern from a number on. */
  findMessage(
    stream: string,
    query: { seq: number } | { last_by_subj: string } | { seq: number; next_by_subj: string },
  ): Promise<StoredMessage | undefined> {
    return asking(`read from ${stream}`, async () => {
      // A server (2.9.10) that is asked for a message of a stream while it makes it never answers anything again; asked
      // whether there is one, it answers when it is made (measured).
      if ((await this.findStream(stream)) === undefined) return undefined;
      const found = await this.#manager.streams.getMessage(stream, query).catch(unlessMissing);
      if (!found) return undefined;
      const { subject, seq, data, header, time } = found;
      return { subject, sequence: seq, data, headers: header, takenAt: time.getTime() };
    });
  }

  async deleteMessage(stream: string, sequence: number): Promise<void> {
    await asking(`delete from ${stream}`, () => this.#manager.streams.deleteMessage(stream, sequence, false));
  }

  /** Every stream, and of its listeners ours; of `own` streams all that are kept. */
  report(own: ReadonlySet<string>): Promise<readonly StreamReport[]> {
    return asking("look at the streams", async () => {
      const reports: StreamReport[] = [];
      for await (const { config, state } of this.#manager.streams.list()) {
        const { name, subjects } = config;
        const consumers: StreamReport["consumers"][number][] = [];
        for await (const listener of this.#manager.consumers.list(name)) {
          if (listener.config.durable_name === undefined) continue;
          if (!own.has(name) && listener.config.description !== OURS) continue;
          consumers.push({
            name: listener.name,
            pattern: listener.config.filter_subject ?? ">",
            lag: listener.num_pending,
            unacknowledged: listener.num_ack_pending,
            redelivered: listener.num_redelivered,
          });
        }
        if (own.has(name) || consumers.length > 0)
          reports.push({ name, subjects, events: state.messages, bytes: state.bytes, consumers });
      }
      return reports;
    });
  }
}

async function asking<T>(doing: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw problemOf(doing, error);
  }
}

function factsOf({ config, created, state, cluster }: StreamInfo): StreamFacts {
  const keeping = {
    maxAgeMs: config.max_age / NS,
    maxBytes: config.max_bytes,
    replicas: config.num_replicas,
  };
  // A mirror has no subjects.
  return {
    name: config.name,
    subjects: config.subjects ?? [],
    created,
    lastSequence: state.last_seq,
    leader: cluster === undefined ? "" : cluster.leader,
    isWorkQueue: config.retention === RetentionPolicy.Workqueue,
    keeping,
  };
}

function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function isMissing(error: unknown): boolean {
  const { status } = Object(error) as { readonly status?: unknown };
  return status === 404;
}

/** Somebody else has answered, in his own words. */
function isForeign(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && error.name === "JetStreamError");
}

/** The client takes a server that nobody answers on for one without JetStream. */
function isNobodyThere(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "JetStreamNotEnabled") return false;
  return error.cause instanceof Error && error.cause.name === "RequestError";
}
