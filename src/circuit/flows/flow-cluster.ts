import type { CircuitDefinition } from "../../config/define.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { FlowQueues } from "../../flow/cluster/durable-queue.js";
import type { FlowLeases, KeyBucket, LeaseBucket } from "../../flow/cluster/lease-bucket.js";
import type { Mesh } from "../../mesh/mesh.js";
import { DEFAULT_PATIENCE_MS } from "../../mesh/sender.js";
import { keepingOf } from "../observing.js";
import { type FlowKeeping, type FlowMesh, JetStreamQueue } from "./jetstream-queue.js";

/**
 * How long a lease is there after its last renewal, in milliseconds: with a look each quarter of a second, another has it
 * within three seconds.
 */
const LEASE_MS = 2_000;

const LEASES_BUCKET = "circuit_leases";
const PROGRESS_BUCKET = "circuit_progress";

/** What durable connections and singleton sources need: `new Flow({ ...cluster, … })`. */
export interface FlowCluster {
  readonly queues: FlowQueues;
  readonly leases: FlowLeases;
}

/**
 * What the processes of a flow share, over NATS with JetStream.
 *
 * @param mesh Or what opens it, which is called when the first queue or lease is used.
 * @param keeping What streams and buckets keep; of servers of a cluster, `replicas: 3` outlives the loss of one.
 */
export function flowCluster(
  mesh: FlowMesh | (() => Promise<FlowMesh>),
  keeping: FlowKeeping = {},
): FlowCluster {
  const { replicas = 1 } = keeping;
  const open = typeof mesh === "function" ? mesh : () => Promise.resolve(mesh);
  const bucket = (name: string, ttlMs: number) =>
    lazyBucket(async () => (await open()).bucket(name, { ttlMs, replicas }), ttlMs);
  return {
    queues: { queue: (place) => new JetStreamQueue(open, place, keeping) },
    leases: { leases: bucket(LEASES_BUCKET, LEASE_MS), progress: bucket(PROGRESS_BUCKET, 0) },
  };
}

/**
 * The same for flows of a circuit: `undefined` where its mesh is not NATS.
 *
 * @param open Gives the circuit's mesh, when the first queue or lease is used.
 */
export function circuitCluster(
  definition: Pick<CircuitDefinition, "mesh" | "events">,
  open: () => Promise<Mesh>,
): FlowCluster | undefined {
  if (definition.mesh === undefined) return undefined;
  const { maxBytes, replicas } = keepingOf(definition) ?? {};
  const keeping = {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(replicas !== undefined && { replicas }),
  };
  return flowCluster(async () => {
    const mesh = await open();
    const { queues } = mesh;
    if (queues === undefined || mesh.bucket === undefined)
      throw new CircuitError("CONFIG_INVALID", "Cannot keep items of flows: the mesh is not NATS");
    return { queues, bucket: mesh.bucket.bind(mesh) };
  }, keeping);
}

export interface OpenFlowClusterOptions extends FlowKeeping {
  readonly clock?: Clock;
  /** Has the credentials, as for `circuit run`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * The same for a flow in a program: connects to NATS, `nats://host:4222` or several with commas between. Stop the flow
 * before you close it.
 *
 * @throws {CircuitError} `ADDRESS_INVALID`, `PEER_MISSING`, `ACCESS_DENIED`; the signal's own reason.
 */
export async function openFlowCluster(
  url: string,
  {
    clock = systemClock,
    env = process.env,
    signal = new AbortController().signal,
    ...keeping
  }: OpenFlowClusterOptions = {},
): Promise<FlowCluster & { close(): Promise<void> }> {
  const { openNatsMesh } = await import("../nats.js");
  const patienceMs = DEFAULT_PATIENCE_MS;
  const mesh = await openNatsMesh({ url, clock, env, signal, patienceMs, notice: () => {} });
  return { ...flowCluster(mesh, keeping), close: () => mesh.close() };
}

/** A bucket that is opened with its first use. */
function lazyBucket(open: () => Promise<KeyBucket>, ttlMs: number): LeaseBucket {
  let opening: Promise<KeyBucket> | undefined;
  const bucket = () => {
    opening ??= open();
    opening.catch(() => {
      opening = undefined;
    });
    return opening;
  };
  return {
    ttlMs,
    create: async (key, value) => (await bucket()).create(key, value),
    update: async (key, value, revision) => (await bucket()).update(key, value, revision),
    find: async (key) => (await bucket()).find(key),
    remove: async (key, revision) => (await bucket()).remove(key, revision),
  };
}
