import type { ServeOptions } from "../mesh.js";
import { openSubject, QUEUE_GROUP, requestSubjects } from "./subjects.js";

/**
 * NATS service discovery, ADR-32: what a node says of itself, so that `nats micro ls` shows it.
 * https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md
 */
const TYPE = {
  PING: "io.nats.micro.v1.ping_response",
  INFO: "io.nats.micro.v1.info_response",
  STATS: "io.nats.micro.v1.stats_response",
} as const;

export type ServiceVerb = keyof typeof TYPE;

export const SERVICE_VERBS: readonly ServiceVerb[] = ["PING", "INFO", "STATS"];

/** What an endpoint has done so far. */
export class EndpointStats {
  #requests = 0;
  #errors = 0;
  #lastError = "";
  #processingMs = 0;

  /** A request was answered, or failed. */
  handled(tookMs: number, problem?: string): void {
    this.#requests++;
    this.#processingMs += tookMs;
    if (problem !== undefined) this.#failed(problem);
  }

  /** A request was not even looked at. */
  refused(problem: string): void {
    this.#requests++;
    this.#failed(problem);
  }

  #failed(problem: string): void {
    this.#errors++;
    this.#lastError = problem;
  }

  /** As ADR-32 has it: times in whole nanoseconds. */
  toJSON(): Readonly<Record<string, string | number>> {
    const processingNs = Math.round(this.#processingMs * 1e6);
    return {
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: processingNs,
      average_processing_time: this.#requests === 0 ? 0 : Math.floor(processingNs / this.#requests),
    };
  }
}

export interface ServiceOptions {
  readonly node: string;
  readonly member: string;
  readonly version: string;
  readonly started: Date;
  readonly about?: ServeOptions["about"];
  readonly requests: EndpointStats;
  readonly links: EndpointStats;
}

/** The subjects on which a member answers a verb: asked of all, of the name, and of itself. */
export function serviceSubjects(verb: ServiceVerb, node: string, member: string): readonly string[] {
  const name = serviceName(node);
  return [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${member}`];
}

/** What a member answers. */
export function describeService(
  verb: ServiceVerb,
  options: ServiceOptions,
): Readonly<Record<string, unknown>> {
  const { node, member, version, started, about, requests, links } = options;
  const standard = {
    type: TYPE[verb],
    name: serviceName(node),
    id: member,
    version,
    metadata: { node, protocol: "circuit.1", ...about },
  };
  if (verb === "PING") return standard;
  const [empty, others] = requestSubjects(node);
  const endpoints = [
    {
      name: "request",
      subject: others,
      queue_group: QUEUE_GROUP,
      stats: requests,
      about: `a channel; ${empty} is the empty one`,
    },
    {
      name: "open",
      subject: openSubject({ node, member: undefined }),
      queue_group: QUEUE_GROUP,
      stats: links,
      about: "opens a link",
    },
  ];
  if (verb === "INFO") {
    return {
      ...standard,
      description: `The node ${node} of a circuit`,
      endpoints: endpoints.map(({ stats, about, ...endpoint }) => ({ ...endpoint, metadata: { about } })),
    };
  }
  return {
    ...standard,
    started: started.toISOString(),
    endpoints: endpoints.map(({ stats, about, ...endpoint }) => ({ ...endpoint, ...stats.toJSON() })),
  };
}

/** A node's name with the characters that ADR-32 allows; its own name is in the metadata. */
function serviceName(node: string): string {
  return node.replace(/[^\w-]/gu, "_") || "_";
}
