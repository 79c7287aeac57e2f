import { CircuitError } from "../../../core/error.js";
import type { WorkStream } from "../../work-queue.js";
import { TryAgain } from "../try-again.js";
import type { JetStreamApi, StreamFacts } from "./api.js";
import { covers } from "./patterns.js";

/** What a queue may have waiting, in bytes: as much as the stream of events; more is for whoever knows why. */
const USUAL_BYTES = 268_435_456;

/**
 * Finds the stream of work queues, or makes it, and lets more servers keep it where that is asked for.
 *
 * @throws {CircuitError} `EVENT_UNKEPT` where one of its name is something else.
 */
export async function ensureWorkStream(
  api: JetStreamApi,
  { name, pattern, keeping = {} }: WorkStream,
): Promise<StreamFacts> {
  const { maxBytes = USUAL_BYTES, replicas = 1 } = keeping;
  let found = await api.findStream(name);
  if (found === undefined) {
    await api.putWorkQueue(name, [pattern], { maxBytes, replicas, maxAgeMs: 0 });
    found = await api.findStream(name);
    if (found === undefined) throw new TryAgain(`the stream ${name} is not there yet`);
  }
  if (!found.isWorkQueue || !found.subjects.some((subject) => covers(subject, pattern)))
    throw new CircuitError(
      "EVENT_UNKEPT",
      `Cannot keep items of ${pattern}: the stream ${name} is there, and is no work queue of them`,
      { hint: `Name the flow otherwise, or delete ${name} with a tool of NATS where nobody needs it.` },
    );
  if (found.keeping.replicas < replicas) await api.putReplicas(name, replicas);
  return found;
}
