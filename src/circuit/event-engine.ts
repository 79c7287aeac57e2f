import { unlessAborted } from "../core/abort.js";
import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { DurableEvents } from "../mesh/durable.js";
import type { Mesh, PeerNotice } from "../mesh/mesh.js";

export interface OpenEventEngineOptions {
  /** NATS server; without one, the nodes that can be found carry the events. */
  readonly url: string | undefined;
  /** Whether nodes of the local network are found too, by mDNS. */
  readonly lan?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who this process is to nodes: what it proves by credentials, and what its rules for publishing name. */
  readonly name: string;
  /**
   * Whether others who know no node either are to find this process, and at which address: it then serves a node of its
   * name that takes no messages.
   */
  readonly serves?: { readonly host: string } | undefined;
  /** How long the server is waited for, in milliseconds; without it, the first try counts. */
  readonly waitMs?: number | undefined;
  /** Whether the command goes on while a server is away, so that it is told of. */
  readonly goesOn: boolean;
  readonly signal: AbortSignal;
  /** Takes what a person should know. */
  readonly notice: (text: string) => void;
  readonly clock?: Clock;
}

/** What carries the events of one command. */
export interface EventEngine {
  readonly kind: "nats" | "ws";
  /** In words, for messages. */
  readonly where: string;
  readonly mesh: Mesh;
  /** Nodes of others that were found, where they can be. */
  nodes(): readonly string[];
  readonly clock: Clock;
  /** How often the server has gone away. What was published shortly before that may be lost. */
  readonly losses: number;
  /** What a node or the server does not let us do, or why the server is away; `undefined` while all is well. */
  readonly problem: CircuitError | undefined;
  /** Aborts when the server refuses us, by now or from the beginning; the reason is the `CircuitError`. */
  readonly refused: AbortSignal;
  /** Sends what is queued, then closes. Idempotent. */
  close(): Promise<void>;
}

/** What carries no messages of its own: a node that is there for events only. */
export const EVENTS_ONLY = "events";

/** Time that a server which went away has to return where nobody said, in milliseconds: it restarts in less. */
const AWAY_MS = 5_000;

/**
 * Opens what carries events, and joins it: whoever is there now has been met.
 *
 * @throws {CircuitError} `PEER_MISSING`, `ACCESS_DENIED`, `ADDRESS_INVALID`, `CONFIG_INVALID`, `FILE_FAILED`; the
 *   signal's own reason.
 */
export async function openEventEngine(options: OpenEventEngineOptions): Promise<EventEngine> {
  const { url, signal, clock = systemClock } = options;
  signal.throwIfAborted();
  const word = new Word(url !== undefined, options.notice);
  const { mesh, nodes } =
    url === undefined
      ? await openWs(options, clock, word)
      : { mesh: await openNats(url, options, word), nodes: () => [] };
  const close = () => mesh.close();
  try {
    await unlessAborted(mesh.join(), signal);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    kind: url === undefined ? "ws" : "nats",
    where: url ?? (options.lan ? "the nodes of the local network" : "the nodes of this machine"),
    mesh,
    nodes,
    clock,
    refused: word.refused.signal,
    get losses() {
      return word.losses;
    },
    get problem() {
      return word.problem;
    },
    close,
  };
}

/**
 * The events that an engine keeps.
 *
 * @throws {CircuitError} `EVENT_UNKEPT` where it keeps none.
 */
export function durableOf({ mesh, kind, where }: EventEngine, what: string): DurableEvents {
  if (mesh.durable) return mesh.durable;
  throw new CircuitError(
    "EVENT_UNKEPT",
    `Cannot ${what}: ${where} ${kind === "ws" ? "keep" : "keeps"} no events`,
    {
      hint: "Give a NATS server with JetStream (`nats-server -js`), for example --mesh nats://127.0.0.1:4222.",
    },
  );
}

/** Time for a server that is there to answer a question, in milliseconds: one that restarts is back in less. */
export const ANSWER_MS = 10_000;

/**
 * What a server answers, but not later than in 10 s, and only while it does not refuse us.
 *
 * @throws {CircuitError} `TIMEOUT`, or why the server is away; `ACCESS_DENIED`; what it answers with; the signal's reason.
 */
export async function answerOf<Answer>(
  engine: EventEngine,
  what: string,
  asked: Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const late = new AbortController();
  const stopWaiting = engine.clock.after(ANSWER_MS, () => {
    late.abort(
      engine.problem ??
        new CircuitError("TIMEOUT", `Cannot ${what}: no word within ${ANSWER_MS} ms`, {
          hint: "See that the server is there and has JetStream (`nats-server -js`).",
        }),
    );
  });
  try {
    return await unlessAborted(asked, AbortSignal.any([signal, engine.refused, late.signal]));
  } finally {
    stopWaiting();
  }
}

/** What the mesh says of its server, or of its peers, as far as it matters here. */
class Word {
  losses = 0;
  problem: CircuitError | undefined;
  /** Aborts at the first problem of a server. */
  readonly failed = new AbortController();
  /** Aborts when a server refuses us: it is not tried again. */
  readonly refused = new AbortController();
  /** Whether absence, or a node's refusal, is told: not where it is an error. */
  tellsAbsence = true;
  readonly #isServer: boolean;
  readonly #tell: (text: string) => void;

  constructor(isServer: boolean, tell: (text: string) => void) {
    this.#isServer = isServer;
    this.#tell = tell;
  }

  readonly notice: PeerNotice = ({ peer, address, problem }) => {
    if (this.#isServer) this.#ofServer(problem, `${peer} is there (${address})`);
    // Nodes come and go without a word; who refuses us has to be known.
    else if (problem?.code === "ACCESS_DENIED") {
      this.problem = problem;
      if (this.tellsAbsence) this.#tell(problem.message);
    }
  };

  #ofServer(problem: CircuitError | undefined, isBack: string): void {
    this.problem = problem;
    if (problem === undefined) {
      this.#tell(isBack);
      return;
    }
    this.failed.abort(problem);
    if (problem.code === "ACCESS_DENIED") {
      this.refused.abort(problem);
      return;
    }
    this.losses++;
    if (this.tellsAbsence) this.#tell(`${problem.message}; trying again`);
  }
}

async function openNats(url: string, options: OpenEventEngineOptions, word: Word): Promise<Mesh> {
  const { waitMs, clock = systemClock } = options;
  const { openNatsMesh } = await import("./nats.js");
  const isPatient = waitMs !== undefined;
  word.tellsAbsence = isPatient;
  const signal = isPatient ? options.signal : AbortSignal.any([options.signal, word.failed.signal]);
  const mesh = await openNatsMesh({
    ...{ url, clock, signal, env: options.env, notice: word.notice, patienceMs: waitMs ?? AWAY_MS },
  });
  word.tellsAbsence = options.goesOn;
  return mesh;
}

async function openWs(
  options: OpenEventEngineOptions,
  clock: Clock,
  word: Word,
): Promise<Pick<EventEngine, "mesh" | "nodes">> {
  const { env, lan = false, name, serves, notice, signal } = options;
  const { makeDiscovery } = await import("./discovery.js");
  const { makeSafety } = await import("./safety.js");
  const { WsMesh } = await import("../mesh/ws/ws-mesh.js");
  const safety = await makeSafety({}, { env, clock, notice });
  const { trust, tls } = safety;
  const announce = serves !== undefined;
  const discovery = await makeDiscovery({ announce, lan, env, clock, trust, tls, notice });
  word.tellsAbsence = options.goesOn;
  const mesh = new WsMesh({ clock, discovery, safety, notice: word.notice });
  try {
    // Without a port it is nobody's but ours, and yet the name by which nodes know us.
    const reached = serves && { host: serves.host, port: 0 };
    await mesh.serve(name, takesNothing, { ...reached, about: { engine: EVENTS_ONLY } });
    await discovery.start();
    if (lan) {
      const { FIRST_ANSWERS_MS } = await import("../mesh/discovery/mdns.js");
      await clock.sleep(FIRST_ANSWERS_MS, signal);
    }
    const found = () =>
      discovery.table.nodes.flatMap((node) => (node.engine === EVENTS_ONLY ? [] : [node.name]));
    return { mesh, nodes: () => [...new Set(found())] };
  } catch (error) {
    await mesh.close();
    throw error;
  }
}

/** What a node that is there for events only does with a message. */
export function takesNothing(): never {
  throw new CircuitError("PEER_REFUSED", "Cannot take a message: this node listens to events only");
}
