import { createInbox, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { backoff } from "../../core/backoff.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { FRAMED_PROTOCOL } from "../framed/records.js";
import type { MeshLimits } from "../limits.js";
import type { PeerDialing } from "../peer.js";
import type { FrameTap } from "../tap.js";
import type { Connection } from "./connection.js";
import { describeMissing } from "./missing.js";
import { NatsFrameLink } from "./nats-frame-link.js";
import { isLinkSubject, openSubject, parseTarget, type Target } from "./subjects.js";

/**
 * How long the member that a session was with is waited for before another may take its place, in milliseconds:
 * longer than a client needs to reach the next server of a cluster. Another member knows nothing of the session, so
 * that what was sent would be unknown.
 */
const MEMBER_AWAY_MS = 5_000;

/** What a sender asks for. */
export interface OpenRequest {
  readonly protocol: typeof FRAMED_PROTOCOL;
  /** What the subjects of frames to the sender begin with. */
  readonly inbox: string;
  /** The sending process, random. */
  readonly client: string;
}

/** What a member answers. */
export interface OpenAnswer {
  /** What the subjects of frames to the member begin with. */
  readonly link: string;
  readonly member: string;
}

/** An answer, and the inbox that was named to whoever gave it. */
type Answered = OpenAnswer & { readonly inbox: string };

/** The member that a session is with. */
interface Known {
  readonly member: string;
  /** When it was missed first since it was heard, on the system's clock, in milliseconds. */
  missedAtMs: number | undefined;
  /** The session or the member closed the link: where it is gone then, it did not just lose its server. */
  isLeft: boolean;
}

export interface DialerOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tap?: FrameTap | undefined;
}

/** Opens links to nodes: by their queue group, or to the member that the session is with. */
export class Dialer {
  readonly #options: DialerOptions;
  /** By session: one target's may be with different members, and none is to disturb another. */
  readonly #known = new WeakMap<object, Known>();
  readonly #client = crypto.randomUUID();

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** See `DialPeer`. Who answers, and not as a member does, is a foreign node: it gets single requests. */
  dial(target: string, dialing: PeerDialing, waitMs: number): () => void {
    const { connection, clock } = this.#options;
    const address = `${connection.address}/${openSubject(parseTarget(target))}`;
    const waits = backoff();
    let isOver = false;
    let isTrying = false;
    let stopWaiting = () => {};
    const stopListening = connection.listen({
      up: () => attempt(),
      down: (problem) => dialing.missing(address, problem),
      denied: (subject) => {
        if (isTrying && this.#subjectOf(target, dialing) === subject)
          dialing.missing(address, denied(target, subject));
      },
    });
    const stop = () => {
      isOver = true;
      stopWaiting();
      stopListening();
    };
    const attempt = () => {
      const { client } = connection;
      if (isOver || isTrying) return;
      if (client === undefined) {
        if (connection.problem) dialing.missing(address, connection.problem);
        return; // goes on when the server is there
      }
      stopWaiting();
      isTrying = true;
      const outcome = this.#ask(client, target, dialing).finally(() => {
        isTrying = false;
      });
      outcome.then(
        (answer) => {
          if (isOver) {
            if (answer && !client.isClosed()) client.publish(`${answer.link}.close`);
            return;
          }
          if (connection.client !== client) {
            stopWaiting = clock.after(waits.next().value, attempt); // the server went as soon as the answer was here
            return;
          }
          stop();
          if (answer === undefined) dialing.plain();
          else this.#open(target, answer, dialing);
        },
        (error: unknown) => {
          if (isOver) return;
          if (connection.client) dialing.missing(address, describeMissing(target, error));
          stopWaiting = clock.after(waits.next().value, attempt);
        },
      );
    };
    connection.start();
    if (waitMs > 0) stopWaiting = clock.after(waitMs, attempt);
    else attempt();
    return stop;
  }

  /** Forgets a session's member, so that any other may take its place. */
  #missed({ session }: PeerDialing): void {
    const known = this.#known.get(session);
    if (known === undefined) return;
    known.missedAtMs ??= systemClock.now();
    if (known.isLeft || systemClock.now() - known.missedAtMs >= MEMBER_AWAY_MS) this.#known.delete(session);
  }

  #subjectOf(target: string, { session }: PeerDialing): string {
    const { node, member } = parseTarget(target);
    return openSubject({ node, member: member ?? this.#known.get(session)?.member });
  }

  async #ask(client: NatsConnection, target: string, dialing: PeerDialing): Promise<Answered | undefined> {
    const inbox = createInbox();
    const request: OpenRequest = { protocol: FRAMED_PROTOCOL, inbox, client: this.#client };
    let reply: Msg;
    try {
      reply = await client.request(this.#subjectOf(target, dialing), JSON.stringify(request), {
        timeout: this.#options.limits.handshakeMs,
      });
    } catch (error) {
      // Away or not: a server that went away itself says nothing of the member.
      if (this.#options.connection.client === client) this.#missed(dialing);
      throw error;
    }
    const refusal = reply.headers?.get("Nats-Service-Error");
    if (refusal) throw new Error(refusal);
    const answer = parseAnswer(parseTarget(target), reply.data);
    return answer && { ...answer, inbox };
  }

  #open(target: string, answer: Answered, dialing: PeerDialing): void {
    const known: Known = { member: answer.member, missedAtMs: undefined, isLeft: false };
    this.#known.set(dialing.session, known);
    const link = new NatsFrameLink({
      ...{ ...this.#options, peer: target, here: answer.inbox, there: answer.link },
    });
    link.whenOver = (isMeant) => {
      known.isLeft = isMeant;
    };
    link.open();
    link.listen(dialing.opened(link));
  }
}

/** Reads what a member answers; `undefined` where it does not know what was asked. */
function parseAnswer({ node }: Target, data: Uint8Array): OpenAnswer | undefined {
  try {
    const { link, member } = Object(JSON.parse(Buffer.from(data).toString())) as Record<string, unknown>;
    if (typeof link !== "string" || !isLinkSubject(node, link)) return undefined;
    return typeof member === "string" && /^[\w-]{1,64}$/.test(member) ? { link, member } : undefined;
  } catch {
    return undefined;
  }
}

function denied(target: string, subject: string): CircuitError {
  return new CircuitError(
    "ACCESS_DENIED",
    `Cannot reach ${target} over NATS: we may not publish to ${subject}`,
    {
      hint: "Let the server's permissions allow it, or use other credentials.",
    },
  );
}
