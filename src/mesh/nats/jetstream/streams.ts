import { backoff } from "../../../core/backoff.js";
import { type Clock, systemClock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { Keeping } from "../../durable.js";
import { isReserved } from "../../subject.js";
import { TryAgain } from "../try-again.js";
import type { JetStreamApi, StreamFacts } from "./api.js";
import { addPattern, covers } from "./patterns.js";

/** Keeps what somebody wants to have kept, and no stream of the user's does. */
export const STREAM = "CIRCUIT";

/** Keeps what was given up. */
export const DEAD_STREAM = "CIRCUIT_DEAD";
export const DEAD_ROOT = "circuit.dead";

export const OWN_STREAMS: ReadonlySet<string> = new Set([STREAM, DEAD_STREAM]);

/** A weekend and the days around it; a disk that anybody has. */
const USUAL: Required<Keeping> = { maxAgeMs: 7 * 86_400_000, maxBytes: 268_435_456, replicas: 1 };

/** The dead wait for somebody to look at them, who may be on holiday. */
const USUAL_DEAD: Required<Keeping> = { ...USUAL, maxAgeMs: 30 * 86_400_000 };

/** The mesh's own subjects that may be kept. */
const ERRORS = "circuit.errors.";

/** Rounds of reading and writing before it counts as the server's failure: each loses only against another writer. */
const MOST_ROUNDS = 20;

/**
 * Writers that come at the same moment spread over so long, in milliseconds: nats-server 2.9 that is given two sets of
 * subjects at once may list one and not listen to it.
 */
const SPREAD_MS = 150;

/** When the stream is looked at again and again: another process that added a pattern may have written over ours. */
const LOOKS = { firstMs: 1_000, longestMs: 60_000 };

export interface HoldingOptions {
  readonly clock: Clock;
  readonly pattern: string;
  readonly keeping?: Keeping | undefined;
  /** Ends it. */
  readonly life: AbortSignal;
  /** The stream does not take the pattern any more. */
  readonly lost: (why: unknown) => void;
}

/**
 * Finds the stream that takes a pattern, as `ensureStream()` does, for somebody who listens to it, and looks at it again a
 * moment later, and then ever more rarely.
 */
export async function holdStream(api: JetStreamApi, options: HoldingOptions): Promise<StreamFacts> {
  const { clock, pattern, keeping, life, lost } = options;
  const found = await ensureStream(api, pattern, keeping);
  life.throwIfAborted();
  const waits = backoff(LOOKS);
  let stopWaiting = () => {};
  const look = async () => {
    try {
      await ensureStream(api, pattern, keeping);
    } catch (why) {
      if (!life.aborted) lost(why);
      return;
    }
    if (!life.aborted) lookLater();
  };
  const lookLater = () => {
    // Two who wrote at the same moment must not do so again.
    stopWaiting = clock.after(waits.next().value * (0.5 + Math.random() / 2), () => void look());
  };
  lookLater();
  life.addEventListener("abort", () => stopWaiting(), { once: true });
  return found;
}

/**
 * Finds the stream that takes a pattern: one of the user's as it is, or ours, which learns the pattern where it does not
 * have it, and keeps more than before where that is asked for. JetStream has no compare-and-set for that, so it is read
 * back until it is there.
 *
 * @throws {CircuitError} `EVENT_UNKEPT` where another stream takes a part of the pattern, `MESSAGE_INVALID` for a
 *   pattern that no stream may have.
 */
export async function ensureStream(
  api: JetStreamApi,
  pattern: string,
  keeping: Keeping = {},
): Promise<StreamFacts> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const others = await api.streamsWith(pattern);
    const found = others.find(({ subjects }) => subjects.some((subject) => covers(subject, pattern)));
    if (found && (found.name !== STREAM || isKept(found.keeping, keeping))) return found;
    if (found === undefined) checkKeepable(pattern, others);
    try {
      await addToOurs(api, pattern, keeping);
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
    }
  }
  throw new TryAgain(`the stream ${STREAM} does not take ${pattern} after ${MOST_ROUNDS} tries`);
}

/** Makes the stream of the dead where there is none. */
export async function ensureDeadStream(api: JetStreamApi, keeping: Keeping = {}): Promise<void> {
  if (await api.findStream(DEAD_STREAM)) return;
  const { replicas = 1 } = keeping;
  await api.putStream(DEAD_STREAM, [`${DEAD_ROOT}.>`], { ...USUAL_DEAD, replicas }, true);
}

/**
 * That our stream keeps more than somebody asks for, because others have asked for it: it is only ever widened.
 * `undefined` where it does not.
 */
export function findWider({ name, keeping: kept }: StreamFacts, asked: Keeping): CircuitError | undefined {
  if (name !== STREAM) return undefined;
  const wider = LIMITS.filter(
    (limit) => roomOf(kept[limit]) > roomOf(asked[limit] ?? Number.POSITIVE_INFINITY),
  );
  if (wider.length === 0) return undefined;
  const told = wider.map((limit) => `${limit} ${kept[limit]} and not ${asked[limit]}`);
  return new CircuitError(
    "CONFIG_INVALID",
    `Cannot keep less in ${STREAM}: it has ${told.join(", ")}, which others may have asked for`,
    { hint: `Ask for as much, or make ${STREAM} smaller with a tool of NATS, where nobody needs it.` },
  );
}

async function addToOurs(api: JetStreamApi, pattern: string, asked: Keeping): Promise<void> {
  if (await api.findStream(STREAM)) await systemClock.sleep(Math.random() * SPREAD_MS);
  const ours = await api.findStream(STREAM);
  const subjects = addPattern(ours?.subjects ?? [], pattern);
  const keeping = ours ? widest(ours.keeping, asked) : { ...USUAL, ...defined(asked) };
  await api.putStream(STREAM, subjects, keeping, !ours);
}

function checkKeepable(pattern: string, others: readonly StreamFacts[]): void {
  if (/^[*>]/.test(pattern) || (isReserved(pattern) && !pattern.startsWith(ERRORS))) {
    throw new CircuitError(
      "MESSAGE_INVALID",
      `Cannot keep events of ${pattern}: the stream would also take what belongs to the mesh and to NATS`,
      { hint: "Name the first word, for example sensor.>." },
    );
  }
  const foreign = others.find(({ name }) => name !== STREAM);
  if (foreign === undefined) return;
  throw new CircuitError(
    "EVENT_UNKEPT",
    `Cannot keep events of ${pattern}: the stream ${foreign.name} keeps a part of them, ${foreign.subjects.join(", ")}`,
    { hint: `Listen to what ${foreign.name} keeps, or let it take all of ${pattern}.` },
  );
}

const LIMITS = ["maxAgeMs", "maxBytes", "replicas"] as const;

function widest(kept: Required<Keeping>, asked: Keeping): Required<Keeping> {
  const of = (limit: keyof Keeping) => {
    const wanted = asked[limit] ?? kept[limit];
    return roomOf(wanted) > roomOf(kept[limit]) ? wanted : kept[limit];
  };
  return { maxAgeMs: of("maxAgeMs"), maxBytes: of("maxBytes"), replicas: of("replicas") };
}

function isKept(kept: Required<Keeping>, asked: Keeping): boolean {
  return LIMITS.every((limit) => roomOf(asked[limit] ?? kept[limit]) <= roomOf(kept[limit]));
}

/** NATS says 0 and -1 for what has no limit. */
function roomOf(limit: number): number {
  return limit > 0 ? limit : Number.POSITIVE_INFINITY;
}

function defined(keeping: Keeping): Keeping {
  return Object.fromEntries(Object.entries(keeping).filter(([, value]) => value !== undefined));
}
