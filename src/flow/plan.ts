import type { CircuitError } from "../core/error.js";
import { badPlan } from "./bad-plan.js";
import { checkPlan } from "./check-plan.js";
import type { BatchedConnectionOptions } from "./connection.js";
import { Part } from "./part.js";
import type { Pipeline, ProcessorPart, SourcePart } from "./pipeline.js";
import { processorOf, type RunnableProcessor, type RunnableSource, source } from "./processor.js";

/** How items go through a pipeline. */
export type Protocol =
  /** An item is handled to the end of the pipeline before its source goes on. */
  | "sync"
  /** Each processor has its own pace, and items wait for it on connections that have a limit. */
  | "async";

export interface PlannedConnection {
  readonly output: string;
  readonly to: PlannedProcessor;
  readonly options: Partial<BatchedConnectionOptions>;
}

interface Planned {
  /** The only one of that name in its pipeline. */
  readonly name: string;
  readonly connections: PlannedConnection[];
}

export interface PlannedSource extends Planned {
  readonly part: RunnableSource;
}

export interface PlannedProcessor extends Planned {
  readonly part: RunnableProcessor;
}

/** A pipeline that was checked, either way it was given. */
export interface Plan {
  readonly sources: readonly PlannedSource[];
  /** Each after one that it gets items from. */
  readonly processors: readonly PlannedProcessor[];
}

/**
 * What to run: a pipeline as data, or what was connected to these sources with `on()`.
 *
 * @throws {CircuitError} `CONFIG_INVALID` where something is wrong with it.
 */
export function planOf(manager: string, given: Pipeline | readonly Part[], protocol: Protocol): Plan {
  const plan = isPipeline(given) ? planNamed(manager, given) : planConnected(manager, given);
  checkPlan(manager, plan, protocol);
  return plan;
}

function isPipeline(given: Pipeline | readonly Part[]): given is Pipeline {
  return !Array.isArray(given);
}

/** Follows what was connected. */
function planConnected(manager: string, parts: readonly Part[]): Plan {
  const names = new Set<string>();
  const processors = new Map<Part, PlannedProcessor>();
  const sources = [...new Set(parts)].map((part): PlannedSource => {
    if (!isSource(part)) throw badPlan(manager, `${nameOf(part)} is no source`);
    return { name: uniqueName(nameOf(part), names), part, connections: [] };
  });
  const open: Planned[] = [...sources];
  const partOf = new Map<Planned, Part>(sources.map((planned) => [planned, planned.part]));
  // Those that are found are added to it meanwhile.
  for (const planned of open) {
    for (const { output, to, options } of partOf.get(planned)?.connections ?? []) {
      let target = processors.get(to);
      if (target === undefined) {
        target = { name: uniqueName(nameOf(to), names), part: to, connections: [] };
        processors.set(to, target);
        partOf.set(target, to);
        open.push(target);
      }
      planned.connections.push({ output, to: target, options });
    }
  }
  return { sources, processors: [...processors.values()] };
}

function isSource(part: Part): part is RunnableSource {
  return "start" in part && typeof part.start === "function";
}

function nameOf(part: Part): string {
  return part.options.name ?? part.constructor.name;
}

/** The second of a name gets a number, so that counts say which is which. */
function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name}-${number}`;
  taken.add(unique);
  return unique;
}

function planNamed(manager: string, { sources, processors, connections }: Pipeline): Plan {
  const planned = new Map<string, PlannedSource | PlannedProcessor>();
  const plannedProcessors = new Map<string, PlannedProcessor>();
  for (const [name, part] of Object.entries(processors)) {
    if (name in sources) throw badPlan(manager, `${name} is the name of a source and of a processor`);
    plannedProcessors.set(name, { name, part: runnableProcessor(part), connections: [] });
  }
  const plannedSources = Object.entries(sources).map(
    ([name, part]): PlannedSource => ({ name, part: runnableSource(manager, name, part), connections: [] }),
  );
  for (const each of [...plannedSources, ...plannedProcessors.values()]) planned.set(each.name, each);
  for (const { from, output = "data", to, ...options } of connections) {
    const source = planned.get(from);
    if (source === undefined) throw unknownName(manager, from, [...planned.keys()]);
    const target = plannedProcessors.get(to);
    if (target === undefined) throw unknownName(manager, to, [...plannedProcessors.keys()]);
    source.connections.push({ output, to: target, options });
  }
  return { sources: plannedSources, processors: [...plannedProcessors.values()] };
}

function runnableSource(manager: string, name: string, given: SourcePart): RunnableSource {
  const part: Part = given instanceof Part ? given : source(given);
  if (!isSource(part)) throw badPlan(manager, `${name} is no source`);
  return part;
}

function runnableProcessor(given: ProcessorPart): RunnableProcessor {
  return processorOf(typeof given === "function" ? given : given.handle);
}

function unknownName(manager: string, name: string, known: readonly string[]): CircuitError {
  return badPlan(
    manager,
    `a connection names ${name}, and there is only ${known.join(", ") || "nothing"}`,
    "Look for a slip in its spelling, or add it.",
  );
}
