import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { MeshCounts } from "../counts.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "../event.js";
import { DEFAULT_LIMITS, type MeshLimits } from "../limits.js";
import type {
  Handler,
  Mesh,
  Messages,
  PeerNotice,
  ServedNode,
  ServeOptions,
  StreamOptions,
} from "../mesh.js";
import { Node } from "../node.js";
import type { Payload } from "../payload.js";
import { DEFAULT_PATIENCE_MS, meshClosed, Sender } from "../sender.js";
import type { FrameTap } from "../tap.js";
import type { BucketOptions, KeptKeys } from "../work-queue.js";
import { parseServers } from "./address.js";
import { Connection } from "./connection.js";
import type { NatsCredentials } from "./credentials.js";
import { Dialer } from "./dial.js";
import { NatsBucket } from "./jetstream/nats-bucket.js";
import { NatsDurable } from "./jetstream/nats-durable.js";
import { NatsQueues } from "./jetstream/nats-queues.js";
import { NatsEvents } from "./nats-events.js";
import { openPlainLink } from "./plain-link.js";
import { NatsNode } from "./serve.js";
import { tellOfServer, untilUp } from "./server.js";
import { checkNodeName, openSubject, parseTarget } from "./subjects.js";

export interface NatsMeshOptions {
  /** Server, or servers of a cluster with commas between: `nats://127.0.0.1:4222`, `tls://host:4222`. */
  readonly url: string;
  readonly credentials?: NatsCredentials | undefined;
  readonly clock?: Clock;
  /** Time to go on trying to reach the server or a peer, in milliseconds; `Infinity` for ever. */
  readonly patienceMs?: number;
  readonly notice?: PeerNotice;
  readonly limits?: Partial<MeshLimits>;
  /** Version of the program, for service discovery. */
  readonly version?: string;
  /** Told each frame that comes or goes, and each single request and its answer. */
  readonly tap?: FrameTap | undefined;
}

/** Targets whose names are kept in mind as good. */
const MOST_CHECKED = 1_024;

/**
 * Nodes that talk over a NATS server or cluster. A node is a queue group: several processes may serve one name, and a
 * target is a name or, to choose a member, `name@id`. Links of the framed protocol are pairs of private subjects; any
 * NATS client can send single requests to `circuit.⟨node⟩.⟨channel⟩`.
 *
 * While the server is away everything waits; sessions go on when it is back.
 */
export class NatsMesh implements Mesh {
  readonly #options: Required<Pick<NatsMeshOptions, "clock" | "patienceMs" | "version">> & {
    readonly limits: MeshLimits;
    readonly notice: PeerNotice | undefined;
    readonly tap: FrameTap | undefined;
  };
  readonly #connection: Connection;
  readonly #nodes = new Map<string, NatsNode>();
  readonly #sender: Sender;
  readonly #events: NatsEvents;
  readonly durable: NatsDurable;
  readonly queues: NatsQueues;
  readonly #checked = new Set<string>();
  #closed: Promise<void> | undefined;

  /** @throws {CircuitError} `ADDRESS_INVALID` for a URL that cannot be one. */
  constructor({
    url,
    credentials,
    clock = systemClock,
    patienceMs = DEFAULT_PATIENCE_MS,
    notice,
    limits: changed,
    version = "0.0.0",
    tap,
  }: NatsMeshOptions) {
    const limits = { ...DEFAULT_LIMITS, ...changed };
    this.#options = { clock, patienceMs, limits, notice, version, tap };
    this.#connection = new Connection({ servers: parseServers(url), credentials, clock, limits });
    this.#events = new NatsEvents({ connection: this.#connection, clock, limits });
    const kept = {
      connection: this.#connection,
      clock,
      limits,
      tally: this.#events.tally,
      untilUp: () => untilUp(this.#connection, this.#options),
    };
    this.durable = new NatsDurable(kept);
    this.queues = new NatsQueues(kept);
    const dialer = new Dialer({ connection: this.#connection, clock, limits, tap });
    this.#sender = new Sender({
      dial: (target, dialing, waitMs) => dialer.dial(target, dialing, waitMs),
      connect: (target, channel, events) =>
        openPlainLink({ node: parseTarget(target).node, channel }, events, {
          connection: this.#connection,
          clock,
          limits,
          tap,
        }),
      schedule: process.nextTick,
      clock,
      patienceMs,
      limits,
      notice,
    });
    tellOfServer(this.#connection, notice);
  }

  /**
   * See `Mesh.serve()`. Waits for the server; the address and port of the options are not used.
   *
   * @throws {CircuitError} `PEER_MISSING` when there is no server in time, `ACCESS_DENIED` when it refuses us.
   */
  async serve(
    name: string,
    handler: Handler,
    { concurrency = 1, about }: ServeOptions = {},
  ): Promise<ServedNode> {
    if (this.#closed !== undefined) throw meshClosed(`serve ${name}`);
    checkNodeName(name);
    if (this.#nodes.has(name)) {
      throw new CircuitError(
        "ADDRESS_BUSY",
        `Cannot serve ${name}: this process serves a node of that name`,
        {
          hint: "Give each node a name of its own; several processes may serve one name.",
        },
      );
    }
    const { clock, limits, version, tap } = this.#options;
    const schedule = process.nextTick;
    const node = new Node({ name, handler, concurrency, clock, limits, schedule });
    const served = new NatsNode({
      node,
      connection: this.#connection,
      concurrency,
      version,
      about,
      clock,
      limits,
      tap,
      denied: (error) => this.#tellDenied(name, error),
    });
    this.#nodes.set(name, served);
    const close = () => this.#closeNode(name, served);
    try {
      await this.open();
      served.start();
      // The server knows our subjects when this is answered, so that whoever is told of the node can reach it.
      await this.#connection.client?.flush().catch(() => {});
    } catch (error) {
      await close();
      throw error;
    }
    const root = openSubject({ node: name, member: undefined }).replace(/\._open$/, "");
    const drain = (graceMs?: number) => this.#closeNode(name, served, served.drain(graceMs));
    return { name, addresses: [`${this.#connection.address}/${root}`], drain, close };
  }

  /**
   * Waits for the server; `serve()` and what is sent do so by themselves.
   *
   * @throws {CircuitError} As `serve()`.
   */
  open(): Promise<void> {
    return untilUp(this.#connection, this.#options);
  }

  send(target: string, message: Payload, options?: StreamOptions): Promise<Payload> {
    const problem = this.#findProblem(target);
    return problem === undefined ? this.#sender.send(target, message, options) : Promise.reject(problem);
  }

  stream(target: string, messages: Messages, options?: StreamOptions): AsyncIterableIterator<Payload> {
    const problem = this.#findProblem(target);
    return this.#sender.stream(target, problem === undefined ? messages : failing(problem), options);
  }

  publish(subject: string, data: Payload, options?: PublishOptions): number | undefined {
    if (this.#closed) throw meshClosed(`publish to ${subject}`);
    return this.#events.publish(subject, data, options);
  }

  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    if (!this.#closed) this.#events.publishOwn(subject, data, options);
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription {
    if (this.#closed) throw meshClosed(`listen to ${pattern}`);
    return this.#events.subscribe(pattern, handler, options);
  }

  /** See `Mesh.join()`. Waits for the server, and throws as `serve()` does. */
  async join(): Promise<number> {
    await this.open();
    await this.#events.join();
    return 0;
  }

  /** See `Mesh.bucket()`. */
  bucket(bucket: string, { ttlMs = 0, replicas = 1 }: BucketOptions = {}): KeptKeys {
    const { clock } = this.#options;
    return new NatsBucket({ connection: this.#connection, clock, bucket, ttlMs, replicas });
  }

  counts(): MeshCounts {
    const nodes = [...this.#nodes.values()].map((node) => node.counts());
    return { nodes, peers: this.#sender.counts(), events: this.#events.tally };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#events.close();
    this.#sender.close();
    const drained = Promise.all([this.durable.close(), this.queues.close()]);
    await Promise.all([...this.#nodes].map(([name, node]) => this.#closeNode(name, node)));
    await drained;
    await this.#connection.close();
  }

  async #closeNode(name: string, node: NatsNode, left = node.close()): Promise<void> {
    await left;
    if (this.#nodes.get(name) === node) this.#nodes.delete(name);
  }

  /** Why a target cannot be one. Checked once for each: a message costs less than the check. */
  #findProblem(target: string): unknown {
    if (this.#checked.has(target)) return undefined;
    try {
      parseTarget(target);
    } catch (problem) {
      return problem;
    }
    if (this.#checked.size >= MOST_CHECKED) this.#checked.clear();
    this.#checked.add(target);
    return undefined;
  }

  #tellDenied(name: string, cause: Error): void {
    const problem = new CircuitError("ACCESS_DENIED", `Cannot serve ${name} on NATS: ${cause.message}`, {
      hint: "Let the server's permissions allow it, or use other credentials.",
      cause,
    });
    this.#options.notice?.({ peer: name, address: this.#connection.address, problem });
  }
}

/** Messages whose first one cannot be had. */
function failing(problem: unknown): Iterable<never> {
  return {
    [Symbol.iterator]() {
      throw problem;
    },
  };
}
