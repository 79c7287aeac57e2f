import { type Msg, type NatsConnection, nuid, type Subscription } from "@nats-io/transport-node";
import type { Clock } from "../../core/clock.js";
import type { CircuitError } from "../../core/error.js";
import type { NodeCounts } from "../counts.js";
import { FRAMED_PROTOCOL } from "../framed/records.js";
import type { MeshLimits } from "../limits.js";
import type { ServeOptions } from "../mesh.js";
import type { Node } from "../node.js";
import type { FrameTap } from "../tap.js";
import type { Connection } from "./connection.js";
import type { OpenAnswer } from "./dial.js";
import { NatsFrameLink } from "./nats-frame-link.js";
import { ERROR_CODE, Requests, respond, respondError } from "./requests.js";
import { describeService, EndpointStats, SERVICE_VERBS, serviceSubjects } from "./service.js";
import { isInbox, linkSubject, openSubject, QUEUE_GROUP, requestSubjects } from "./subjects.js";

/**
 * Sessions without a link are counted by peer, and NATS does not tell whose a message is: by what senders say of
 * themselves they fall into so many groups, which bounds them all.
 */
const PEER_GROUPS = 16;

export interface NatsNodeOptions {
  readonly node: Node;
  readonly connection: Connection;
  readonly concurrency: number;
  readonly tap?: FrameTap | undefined;
  /** Version of the program, for service discovery. */
  readonly version: string;
  readonly about?: ServeOptions["about"];
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** The server does not let us listen where we must. */
  denied(problem: CircuitError | Error): void;
}

/** A node as a member of its queue group: it takes requests, opens links, and says what it is. */
export class NatsNode {
  readonly #options: NatsNodeOptions;
  readonly #links = new Set<NatsFrameLink>();
  readonly #requestStats = new EndpointStats();
  readonly #linkStats = new EndpointStats();
  readonly #started = new Date();
  readonly #requests: Requests;
  /** What other members may do as well, and what only this one can. */
  #shared: Subscription[] = [];
  #own: Subscription[] = [];
  #stopListening = () => {};
  #closed: Promise<void> | undefined;

  constructor(options: NatsNodeOptions) {
    this.#options = options;
    this.#requests = new Requests({ ...options, stats: this.#requestStats });
  }

  counts(): NodeCounts {
    return this.#options.node.counts();
  }

  /** Begins to take messages, on every client that the connection has from now on. */
  start(): void {
    const { connection } = this.#options;
    this.#stopListening = connection.listen({
      up: (client, isNew) => {
        if (isNew) this.#subscribe(client);
      },
    });
    if (connection.client) this.#subscribe(connection.client);
  }

  /** Leaves the queue group, lets running handlers finish, then ends every link. Idempotent. See `Node.drain()`. */
  drain(graceMs?: number): Promise<void> {
    return this.#leave(this.#options.node.drain(graceMs));
  }

  /** See `Node.close()`. */
  close(): Promise<void> {
    return this.#leave(this.#options.node.close());
  }

  #leave(left: Promise<void>): Promise<void> {
    this.#closed ??= this.#close(left);
    return this.#closed;
  }

  async #close(left: Promise<void>): Promise<void> {
    const { connection } = this.#options;
    this.#stopListening();
    const { client } = connection;
    if (client) {
      this.#requests.leave(client);
      // What the server has handed over already still arrives, and is refused.
      await connection.within(Promise.all(this.#shared.map((subscription) => subscription.drain())));
    }
    await left;
    for (const subscription of this.#own) subscription.unsubscribe();
    for (const link of this.#links) link.close();
    if (connection.client) await connection.within(connection.client.flush());
  }

  #subscribe(client: NatsConnection): void {
    const { node } = this.#options;
    const member = node.boot;
    const listen = (subject: string, take: (message: Msg) => void, queue?: string) =>
      client.subscribe(subject, {
        ...(queue !== undefined && { queue }),
        callback: (error, message) => {
          if (error) this.#options.denied(error);
          else take(message);
        },
      });
    const open = (message: Msg) => this.#openLink(client, message);
    // The server takes all subscriptions of a queue group for one: a subject of its own for `_open` would only share
    // its messages with the wildcard's.
    const anyOpen = openSubject({ node: node.name, member: undefined });
    const take = (message: Msg) => {
      if (message.subject === anyOpen) open(message);
      else this.#requests.take(client, message);
    };
    this.#shared = requestSubjects(node.name).map((subject) => listen(subject, take, QUEUE_GROUP));
    this.#own = [
      listen(openSubject({ node: node.name, member }), open),
      ...SERVICE_VERBS.flatMap((verb) =>
        serviceSubjects(verb, node.name, member).map((subject) =>
          listen(subject, (message) => respond(client, message, JSON.stringify(this.#describe(verb)))),
        ),
      ),
    ];
  }

  #describe(verb: (typeof SERVICE_VERBS)[number]): Readonly<Record<string, unknown>> {
    return describeService(verb, {
      node: this.#options.node.name,
      member: this.#options.node.boot,
      version: this.#options.version,
      about: this.#options.about,
      started: this.#started,
      requests: this.#requestStats,
      links: this.#linkStats,
    });
  }

  #openLink(client: NatsConnection, message: Msg): void {
    const { node, connection, limits, tap } = this.#options;
    const request = parseRequest(message.data);
    if (request === undefined) {
      this.#linkStats.refused("not a request for a link");
      respondError(
        client,
        message,
        ERROR_CODE.badRequest,
        `this is no request for a link of ${FRAMED_PROTOCOL}`,
      );
      return;
    }
    if (this.#links.size >= limits.connections) {
      this.#linkStats.refused("too many links");
      respondError(
        client,
        message,
        ERROR_CODE.busy,
        `${node.name} has ${this.#links.size} links, as many as it may`,
      );
      return;
    }
    const here = linkSubject(node.name, nuid.next());
    const { inbox: there, client: peer } = request;
    const link = new NatsFrameLink({ connection, limits, tap, peer, here, there });
    this.#links.add(link);
    link.whenOver = () => this.#links.delete(link);
    link.open();
    link.listen(node.accept(link, `nats:${groupOf(request.client)}`));
    const answer: OpenAnswer = { link: here, member: node.boot };
    respond(client, message, JSON.stringify(answer));
    this.#linkStats.handled(0);
  }
}

function parseRequest(data: Uint8Array): { readonly inbox: string; readonly client: string } | undefined {
  if (data.length > MOST_REQUEST_BYTES) return undefined;
  try {
    const { protocol, inbox, client } = Object(JSON.parse(Buffer.from(data).toString())) as Record<
      string,
      unknown
    >;
    if (protocol !== FRAMED_PROTOCOL || typeof inbox !== "string" || !isInbox(inbox)) return undefined;
    return { inbox, client: String(client) };
  } catch {
    return undefined;
  }
}

/** Longest request for a link, in bytes: an inbox, an id, and the words between. */
const MOST_REQUEST_BYTES = 1_024;

function groupOf(client: string): number {
  let sum = 0;
  for (let index = 0; index < client.length; index++) sum = (sum * 31 + client.charCodeAt(index)) % 65_521;
  return sum % PEER_GROUPS;
}
