import { createHash } from "node:crypto";
import type {
  DurableQueue,
  FlowQueues,
  NewItem,
  Origin,
  Outcome,
  QueuePlace,
  TakenItem,
  TakeOptions,
  Taking,
} from "../flow/cluster/durable-queue.js";
import type { FlowLeases } from "../flow/cluster/lease-bucket.js";
import { type DurableEvent, GiveUp, HandBack, type Keeping } from "../mesh/durable.js";
import type { NatsMesh } from "../mesh/nats/nats-mesh.js";
import { decodeToken, encodeToken } from "../mesh/nats/subjects.js";
import type { Payload } from "../mesh/payload.js";
import type { WorkInlet, WorkQueues, WorkStream } from "../mesh/work-queue.js";

/** How long a lease is there after its last renewal, in milliseconds: with a look each quarter of a second, another has it within three. */
const LEASE_MS = 2_000;

export const LEASES_BUCKET = "circuit_leases";
export const PROGRESS_BUCKET = "circuit_progress";

/** Says where an item began: flow, manager, source, tick, revision, and its number in its first queue, or `-`. */
export const ITEM_HEADER = "Flow-Item";

/** Longest name that is a word of a subject as it is. */
const MOST_WORD = 40;

export type FlowKeeping = Pick<Keeping, "maxBytes" | "replicas">;

/** What durable connections and singleton sources of flows need, over a NATS server: for `new Flow({ ...flowCluster(mesh) })`. */
export function flowCluster(
  mesh: Pick<NatsMesh, "queues" | "bucket" | "open">,
  keeping: FlowKeeping = {},
): { readonly queues: FlowQueues; readonly leases: FlowLeases } {
  const { replicas = 1 } = keeping;
  return {
    queues: { queue: (place) => new JetStreamQueue(mesh.queues, place, keeping) },
    leases: {
      leases: mesh.bucket(LEASES_BUCKET, { ttlMs: LEASE_MS, replicas }),
      progress: mesh.bucket(PROGRESS_BUCKET, { replicas }),
    },
  };
}

/** A durable connection of a flow, in the flow's stream. */
class JetStreamQueue implements DurableQueue {
  readonly #queues: WorkQueues;
  readonly #place: QueuePlace;
  readonly #stream: WorkStream;
  readonly #subject: string;
  readonly #inlet: WorkInlet;

  constructor(queues: WorkQueues, place: QueuePlace, keeping: FlowKeeping) {
    this.#queues = queues;
    this.#place = place;
    this.#stream = streamOf(place.flow, keeping);
    this.#subject = subjectOf(place);
    this.#inlet = queues.inlet(this.#stream);
  }

  open(): Promise<void> {
    return this.#queues.open(this.#stream);
  }

  put({ id, data, origin }: NewItem): Promise<void> {
    const headers = { [ITEM_HEADER]: headerOf(origin) };
    // The cast: the inlet checks what it is given.
    return this.#inlet.put({ subject: this.#subject, id, headers, data: data as Payload });
  }

  async take(
    handle: (item: TakenItem) => Promise<Outcome>,
    { limit, onError, onDead }: TakeOptions,
  ): Promise<Taking> {
    const handler = async (event: DurableEvent) => throwUnlessHandled(await handle(itemOf(event)));
    return this.#queues.take(this.#stream, this.#subject, handler, {
      name: listenerOf(this.#place),
      concurrency: limit,
      onError,
      onDead: (event, cause) => onDead(itemOf(event), cause instanceof GiveUp ? cause.cause : cause),
    });
  }

  async close(): Promise<void> {
    this.#inlet.close();
  }
}

/** What says of an outcome to whoever hands out what has become of it. */
function throwUnlessHandled(outcome: Outcome): void {
  if (outcome === "handled") return;
  if (outcome === "handed back") throw new HandBack();
  if ("giveUp" in outcome) throw new GiveUp(outcome.giveUp);
  throw outcome.retry;
}

function itemOf({ id, data, headers, sequence, deliveryCount }: DurableEvent): TakenItem {
  return { id, data, sequence, deliveryCount, origin: originOf(headers[ITEM_HEADER] ?? "") };
}

export function headerOf(origin: Origin): string {
  const { flow, manager, source, tick, revision, sequence } = origin;
  return `${WORDS.of(flow)} ${WORDS.of(manager)} ${WORDS.of(source)} ${tick} ${revision} ${sequence ?? "-"}`;
}

/** What a header says; `undefined` where it is not ours. */
export function originOf(header: string): Origin | undefined {
  const words = header.split(" ");
  if (words.length !== 6) return undefined;
  const [flow, manager, source] = words.slice(0, 3).map((word) => NAMES.of(word));
  const [tick, revision, sequence] = words.slice(3).map(numberOf);
  if (flow === undefined || manager === undefined || source === undefined) return undefined;
  if (tick === undefined || revision === undefined) return undefined;
  if (sequence === undefined && words[5] !== "-") return undefined;
  return { flow, manager, source, tick, revision, sequence };
}

function numberOf(word: string): number | undefined {
  return /^\d{1,15}$/.test(word) ? Number(word) : undefined;
}

/** Remembers what a few texts come to: a flow has few names, and many items. */
class Memo<Result> {
  readonly #known = new Map<string, Result>();
  readonly #make: (text: string) => Result;

  constructor(make: (text: string) => Result) {
    this.#make = make;
  }

  of(text: string): Result {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const made = this.#make(text);
    this.#known.set(text, made);
    return made;
  }
}

/** Names of a process's flows; foreign items may have others. */
const MOST_KNOWN = 256;

const WORDS = new Memo(encodeToken);
const NAMES = new Memo(decodeToken);

/** Of each flow a stream of its own: one that is full, or deleted, is no other's affair. */
function streamOf(flow: string, keeping: FlowKeeping): WorkStream {
  const word = wordOf(flow);
  return { name: `CIRCUIT_FLOW_${word}`, pattern: `circuit.flow.${word}.>`, keeping };
}

function subjectOf({ flow, manager, from, output, to }: QueuePlace): string {
  return `circuit.flow.${[flow, manager, from, output, to].map(wordOf).join(".")}`;
}

function wordOf(name: string): string {
  const token = encodeToken(name);
  return token.length <= MOST_WORD ? token : `=${hashOf(name)}`;
}

/** Its words for whoever looks at listeners, and a hash, as there are only 64 characters. */
function listenerOf({ manager, from, output, to }: QueuePlace): string {
  const words = [manager, from, output, to]
    .join("-")
    .replace(/[^\w-]/g, "_")
    .slice(0, 48);
  return `${words}-${hashOf(JSON.stringify([manager, from, output, to])).slice(0, 12)}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}
