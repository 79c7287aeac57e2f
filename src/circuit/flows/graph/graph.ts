import type { BatchedConnectionOptions } from "../../../flow/connection.js";
import type { Manager } from "../../../flow/manager.js";
import type { Plan, PlannedProcessor, PlannedSource, Protocol } from "../../../flow/plan.js";

import type { ProcessorOptions } from "../../../flow/processor.js";

/** A pipeline as it is drawn. */
export interface PipelineGraph {
  readonly name: string;
  readonly protocol: Protocol;
  /** Sources first. */
  readonly parts: readonly GraphPart[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphPart {
  readonly name: string;
  /** An output is a processor that emits nothing. */
  readonly kind: "source" | "processor" | "output";
  /** What differs from the usual, in words. */
  readonly note: string;
}

export interface GraphEdge {
  /** Places of the parts in `parts`. */
  readonly from: number;
  readonly to: number;
  /** Name of the output, where it is not "data", and what becomes of items on the way, where they do not just wait. */
  readonly label: string;
  /** Whether items may be dropped on it. */
  readonly drops: boolean;
  /** Whether items outlive the process on it. */
  readonly isDurable: boolean;
}

export function graphOf({ name, protocol }: Manager, { sources, processors }: Plan): PipelineGraph {
  const all: readonly (PlannedSource | PlannedProcessor)[] = [...sources, ...processors];
  const places = new Map(all.map((planned, place) => [planned, place]));
  return {
    name,
    protocol,
    parts: [
      ...sources.map((planned) => ({ name: planned.name, kind: "source" as const, note: noteOf(planned) })),
      ...processors.map((planned) => ({
        name: planned.name,
        kind: planned.connections.length === 0 ? ("output" as const) : ("processor" as const),
        note: noteOf(planned),
      })),
    ],
    edges: all.flatMap(({ connections }, from) =>
      connections.map(({ output, to, options }) => {
        const isDurable = "durable" in options && options.durable !== false && options.durable !== undefined;
        return {
          from,
          to: places.get(to) ?? 0,
          label: [...(output === "data" ? [] : [output]), ...wordsOf(options, isDurable)].join(", "),
          drops: (options.overflow ?? "block") !== "block",
          isDurable,
        };
      }),
    ),
  };
}

function noteOf({ part }: PlannedSource | PlannedProcessor): string {
  const { parallel, ordered, onError }: ProcessorOptions = part.options;
  return [
    ...(parallel !== undefined && parallel > 1 ? [`${parallel} at a time`] : []),
    ...(ordered === false ? ["any order"] : []),
    ...(onError === undefined ? [] : [`on error ${onError}`]),
  ].join(", ");
}

function wordsOf(
  { overflow, limit, batch }: Partial<BatchedConnectionOptions>,
  isDurable: boolean,
): string[] {
  const within = batch?.withinMs === undefined ? "" : ` within ${batch.withinMs} ms`;
  return [
    ...(isDurable ? ["durable"] : []),
    ...(overflow === undefined || overflow === "block" ? [] : [overflow.replace("-", " ")]),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
    ...(batch === undefined ? [] : [`${batch.count} together${within}`]),
  ];
}
