import { CircuitError } from "../../../core/error.js";
import type { Keeping } from "../../durable.js";
import { isReserved } from "../../subject.js";
import type { JetStreamApi, StreamFacts } from "./api.js";
import { addPattern, covers } from "./patterns.js";
import { TryAgain } from "./problem.js";

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
 * Finds the stream that takes a pattern: one of the user's as it is, or ours, which learns the pattern where it does not
 * have it. JetStream has no compare-and-set for that, so it is read back until it is there; a listener does so again
 * later, see `DurableConsumer`.
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

async function addToOurs(api: JetStreamApi, pattern: string, keeping: Keeping): Promise<void> {
  const ours = await api.findStream(STREAM);
  const subjects = addPattern(ours?.subjects ?? [], pattern);
  await api.putStream(STREAM, subjects, { ...(ours?.keeping ?? USUAL), ...defined(keeping) }, !ours);
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

function isKept(kept: Required<Keeping>, wanted: Keeping): boolean {
  return Object.entries(defined(wanted)).every(([name, value]) => kept[name as keyof Keeping] === value);
}

function defined(keeping: Keeping): Keeping {
  return Object.fromEntries(Object.entries(keeping).filter(([, value]) => value !== undefined));
}
