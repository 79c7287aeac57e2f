import { createHash } from "node:crypto";
import { CircuitError } from "../../core/error.js";
import {
  type DurableQueue,
  IN_TIME,
  type ItemHandler,
  type NewItem,
  type Outcome,
  type QueuePlace,
  type TakenItem,
  type TakeOptions,
  type Taking,
} from "../../flow/cluster/durable-queue.js";
import { type DurableEvent, GiveUp, HandBack, type Keeping } from "../../mesh/durable.js";
import type { Mesh } from "../../mesh/mesh.js";
import { encodeToken } from "../../mesh/nats/subjects.js";
import type { Payload } from "../../mesh/payload.js";
import type { WorkInlet, WorkQueues, WorkStream } from "../../mesh/work-queue.js";
import { headerOf, ITEM_HEADER, originOf } from "./item-header.js";

/** Longest name that is a word of a subject as it is. */
const MOST_WORD = 40;

export type FlowKeeping = Pick<Keeping, "maxBytes" | "replicas">;

/** What flows need of a mesh: one over NATS has it. */
export type FlowMesh = Required<Pick<Mesh, "queues" | "bucket">>;

/** A durable connection of a flow, in the flow's stream. */
export class JetStreamQueue implements DurableQueue {
  readonly #mesh: () => Promise<FlowMesh>;
  readonly #place: QueuePlace;
  readonly #stream: WorkStream;
  readonly #subject: string;
  #queues: WorkQueues | undefined;
  #inlet: WorkInlet | undefined;

  constructor(mesh: () => Promise<FlowMesh>, place: QueuePlace, keeping: FlowKeeping) {
    this.#mesh = mesh;
    this.#place = place;
    this.#stream = streamOf(place.flow, keeping);
    this.#subject = subjectOf(place);
  }

  async open(): Promise<void> {
    const { queues } = await this.#mesh();
    await queues.open(this.#stream);
    this.#queues = queues;
    this.#inlet ??= queues.inlet(this.#stream);
  }

  put({ id, data, origin, isAllowed }: NewItem): Promise<void> {
    if (this.#inlet === undefined) throw this.#unopened();
    const headers = { [ITEM_HEADER]: headerOf(origin) };
    const headersAgain = () => ({
      [ITEM_HEADER]: headerOf({ ...origin, sequence: origin.sequence ?? IN_TIME }),
    });
    // The cast: the inlet checks what it is given.
    return this.#inlet.put({
      subject: this.#subject,
      id,
      headers,
      headersAgain,
      isAllowed,
      data: data as Payload,
    });
  }

  async take(handle: ItemHandler, { limit, onError, onDead }: TakeOptions): Promise<Taking> {
    if (this.#queues === undefined) throw this.#unopened();
    const handler = (event: DurableEvent) => {
      const outcome = handle(itemOf(event));
      return outcome instanceof Promise ? outcome.then(throwUnlessHandled) : throwUnlessHandled(outcome);
    };
    return this.#queues.take(this.#stream, this.#subject, handler, {
      name: listenerOf(this.#place),
      concurrency: limit,
      onError,
      onDead: (event, cause) => onDead(itemOf(event), cause instanceof GiveUp ? cause.cause : cause),
    });
  }

  async close(): Promise<void> {
    this.#inlet?.close();
  }

  #unopened(): CircuitError {
    return new CircuitError("USAGE", `Cannot use the queue ${this.#subject}: it was not opened`);
  }
}

/** What says of an outcome to whoever hands out what has become of it. */
function throwUnlessHandled(outcome: Outcome): void {
  if (outcome === "handled") return;
  if (outcome === "handed back") throw new HandBack();
  if ("giveUp" in outcome) throw new GiveUp(outcome.giveUp);
  throw outcome.retry;
}

function itemOf({ id, data, headers, sequence, storedAt, deliveryCount }: DurableEvent): TakenItem {
  return {
    id,
    data,
    sequence,
    storedAtMs: storedAt,
    deliveryCount,
    origin: originOf(headers[ITEM_HEADER] ?? ""),
  };
}

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
