import {
  connect,
  type Msg,
  type NatsConnection,
  type NodeConnectionOptions,
  type Status,
} from "@nats-io/transport-node";
import { backoff } from "../../core/backoff.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import { authenticatorOf, type NatsCredentials } from "./credentials.js";

/** Silence after which the client asks whether the server is there; twice without an answer, and it is not. */
const PING_MS = 5_000;

/** Wait between tries to reach a server that went away, and how much it varies, in milliseconds. */
const RECONNECT_MS = 100;

export interface ConnectionOptions {
  /** Checked servers, `nats://host:port` or `tls://host:port`. */
  readonly servers: readonly string[];
  readonly credentials: NatsCredentials | undefined;
  readonly clock: Clock;
  readonly limits: MeshLimits;
}

/** Hears of the connection. Each call is made once per change, in the order in which listeners came. */
export interface ConnectionListener {
  /** There is a server. `isNew`: a client that knows none of the subscriptions made before. */
  up?(client: NatsConnection, isNew: boolean): void;
  /** The server is gone, or cannot be reached; it is tried again unless the problem is final. */
  down?(problem: CircuitError): void;
  /** It is being closed. */
  closed?(): void;
  /** The server does not let us publish to a subject. */
  denied?(subject: string): void;
}

/** The one connection of a mesh to a NATS server or cluster, which goes away and comes back. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #listeners = new Set<ConnectionListener>();
  readonly #closing = new AbortController();
  #client: NatsConnection | undefined;
  #isUp = false;
  #problem: CircuitError | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The client, while there is a server. */
  get client(): NatsConnection | undefined {
    return this.#isUp ? this.#client : undefined;
  }

  /** Whether there has been a server. */
  get hasBeenUp(): boolean {
    return this.#client !== undefined;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Where it is connected, or would be. */
  get address(): string {
    return this.#options.servers.join(",");
  }

  /** Why there is no server, where one was tried. */
  get problem(): CircuitError | undefined {
    return this.#problem;
  }

  /** Longest payload that the server takes, in bytes. */
  get mostPayloadBytes(): number {
    return this.#client?.info?.max_payload ?? 1_048_576;
  }

  /** Begins to connect, once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Tells a listener of every change from now on. Returns what stops it. */
  listen(listener: ConnectionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends what is queued, then closes. Idempotent. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#isUp = false;
    for (const listener of [...this.#listeners]) listener.closed?.();
    const client = this.#client;
    if (client && !client.isClosed()) {
      // A client without a server would wait for one, for ever, to send what it has queued.
      if (!this.#problem) await this.within(client.drain());
      await client.close().catch(() => {});
    }
    await this.#running;
  }

  /** Resolves when something of the server's is done, or has failed, or takes longer than closing may. */
  within(done: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const stopWaiting = systemClock.after(this.#options.limits.closeMs, resolve);
      const settle = () => {
        stopWaiting();
        resolve();
      };
      done.then(settle, settle);
    });
  }

  async #run(): Promise<void> {
    const waits = backoff();
    while (!this.#closing.signal.aborted) {
      try {
        const client = await this.#connect();
        if (this.#closing.signal.aborted) await client.close();
        else await this.#live(client);
      } catch (error) {
        this.#fell(this.#describe(error));
      }
      if (this.#problem && isFinal(this.#problem)) return;
      const { clock } = this.#options;
      await clock.sleep(waits.next().value, this.#closing.signal).catch(() => {});
    }
  }

  async #connect(): Promise<NatsConnection> {
    const { servers, credentials, limits } = this.#options;
    const wantsTls = servers.some((server) => server.startsWith("tls:"));
    const options: NodeConnectionOptions = {
      servers: [...servers],
      name: "circuit",
      timeout: limits.handshakeMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      reconnectJitter: RECONNECT_MS,
      reconnectJitterTLS: RECONNECT_MS,
      pingInterval: PING_MS,
      maxPingOut: 2,
      noAsyncTraces: true,
      ...(wantsTls && { tls: {} }),
      ...(credentials && { authenticator: await authenticatorOf(credentials) }),
    };
    return connect(options);
  }

  /** Follows a client until it is closed for good. */
  async #live(client: NatsConnection): Promise<void> {
    this.#client = client;
    this.#rose(true);
    for await (const status of client.status()) this.#heard(status);
    const reason = await client.closed();
    if (!this.#closing.signal.aborted)
      this.#fell(this.#describe(reason ?? new Error("the connection was closed")));
  }

  #heard(status: Status): void {
    if (this.#closing.signal.aborted) return;
    if (status.type === "disconnect") this.#fell(this.#describe(new Error("the connection broke")));
    else if (status.type === "reconnect") this.#rose(false);
    else if (status.type === "error" && "operation" in status.error && "subject" in status.error) {
      if (status.error.operation !== "publish") return;
      for (const listener of [...this.#listeners]) listener.denied?.(String(status.error.subject));
    }
  }

  #rose(isNew: boolean): void {
    const client = this.#client;
    if (client === undefined || this.#closing.signal.aborted) return;
    this.#isUp = true;
    this.#problem = undefined;
    for (const listener of [...this.#listeners]) listener.up?.(client, isNew);
  }

  #fell(problem: CircuitError): void {
    this.#isUp = false;
    this.#problem = problem;
    for (const listener of [...this.#listeners]) listener.down?.(problem);
  }

  #describe(thrown: unknown): CircuitError {
    if (thrown instanceof CircuitError) return thrown;
    const at = `Cannot use NATS at ${this.address}`;
    const name = thrown instanceof Error ? thrown.name : "";
    if (name === "AuthorizationError" || name === "UserAuthenticationExpiredError") {
      return new CircuitError("ACCESS_DENIED", `${at}: it refuses ${this.#whoWeAre()}`, {
        hint: "Set CIRCUIT_NATS_CREDS or CIRCUIT_NATS_NKEY to a file, or CIRCUIT_NATS_USER and CIRCUIT_NATS_PASSWORD.",
        cause: thrown,
      });
    }
    return new CircuitError("PEER_MISSING", `${at}: ${explain(thrown)}`, {
      hint: "Start the server, or correct its address.",
      cause: thrown,
    });
  }

  #whoWeAre(): string {
    const { credentials } = this.#options;
    if (credentials === undefined) return "us without credentials";
    if ("creds" in credentials) return `the credentials of ${credentials.creds}`;
    if ("nkey" in credentials) return `the nkey of ${credentials.nkey}`;
    return "token" in credentials ? "the token" : `the user ${credentials.user}`;
  }
}

/** Whether the server is not tried again after a problem. */
export function isFinal({ code }: CircuitError): boolean {
  return code === "ACCESS_DENIED" || code === "FILE_FAILED";
}

/** Whether a message is the server's word that nobody takes what was sent. */
export function isNobodyThere(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === 503;
}

function explain(thrown: unknown): string {
  const text = messageOf(thrown);
  const cause = thrown instanceof Error ? messageOf(thrown.cause ?? "") : "";
  if (/ECONNREFUSED|connection refused/.test(`${text} ${cause}`)) return "nobody listens there";
  if (/timeout/i.test(text)) return "no answer in time";
  return text === "" ? "no connection" : text;
}
