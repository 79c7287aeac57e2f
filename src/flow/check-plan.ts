import { badPlan } from "./bad-plan.js";
import type { Plan, PlannedProcessor, PlannedSource, Protocol } from "./plan.js";

/** Items that wait on a connection: more is no buffer but a leak. */
const MOST_LIMIT = 1_000_000;

/** What a link of the mesh may have outstanding: more at the same time helps nobody. */
const MOST_PARALLEL = 1_024;

/** A day: what takes longer is no item. */
const MOST_WAIT_MS = 86_400_000;

type PlannedPart = PlannedSource | PlannedProcessor;

/** @throws {CircuitError} `CONFIG_INVALID`, about the first thing that is wrong. */
export function checkPlan(manager: string, plan: Plan, protocol: Protocol): void {
  const check = new PlanCheck(manager, protocol);
  if (plan.sources.length === 0) check.refuse("it has no source", "Give build() a source to return.");
  for (const source of plan.sources) {
    if (source.connections.length === 0)
      check.refuse(`nobody takes what ${source.name} emits`, "Connect its output to a processor.");
  }
  for (const part of [...plan.sources, ...plan.processors]) {
    check.outputs(part);
    check.connections(part);
  }
  for (const processor of plan.processors) check.processor(processor);
  check.reach(plan);
  check.cycles(plan);
}

class PlanCheck {
  readonly #manager: string;
  readonly #isSync: boolean;

  constructor(manager: string, protocol: Protocol) {
    this.#manager = manager;
    this.#isSync = protocol === "sync";
  }

  refuse(problem: string, hint?: string): never {
    throw badPlan(this.#manager, problem, hint);
  }

  outputs({ name, part, connections }: PlannedPart): void {
    const { outputs } = part.options;
    if (outputs === undefined) return;
    const taken = new Set(connections.map(({ output }) => output));
    const unknown = [...taken].find((output) => !outputs.includes(output));
    if (unknown !== undefined)
      this.refuse(`${name} has no output ${unknown}, only ${outputs.join(", ") || "none"}`);
    const untaken = outputs.find((output) => !taken.has(output));
    if (untaken !== undefined)
      this.refuse(
        `nobody takes the output ${untaken} of ${name}`,
        "Connect it, if only to a processor that does nothing.",
      );
  }

  connections({ name, connections }: PlannedPart): void {
    for (const { to, options } of connections) {
      const { overflow = "block", limit, batch } = options;
      const between = `the connection from ${name} to ${to.name}`;
      if (!["block", "drop-oldest", "drop-newest", "latest"].includes(overflow))
        this.refuse(`${between} knows no overflow ${overflow}`);
      if (this.#isSync && (overflow !== "block" || limit !== undefined || batch !== undefined))
        this.refuse(
          `${between} has options, and with the protocol sync no item waits on it`,
          'Say protocol: "async", or leave out overflow, limit and batch.',
        );
      this.#whole(limit, 1, MOST_LIMIT, `the limit of ${between}`);
      this.#whole(batch?.count, 1, limit ?? MOST_LIMIT, `the batch of ${between}`);
      this.#whole(batch?.withinMs, 0, MOST_WAIT_MS, `withinMs of ${between}`);
      if (batch !== undefined && overflow === "latest")
        this.refuse(`${between} keeps one item and batches several`);
    }
  }

  processor({ name, part }: PlannedProcessor): void {
    const { parallel, timeoutMs } = part.options;
    if (this.#isSync && parallel !== undefined && parallel !== 1)
      this.refuse(
        `${name} handles ${parallel} items at a time, and the protocol sync has one`,
        'Say protocol: "async".',
      );
    this.#whole(parallel, 1, MOST_PARALLEL, `parallel of ${name}`);
    this.#whole(timeoutMs, 1, MOST_WAIT_MS, `timeoutMs of ${name}`);
  }

  /** A processor that no item comes to is a connection that was forgotten. */
  reach({ sources, processors }: Plan): void {
    const reached = new Set<PlannedPart>(sources);
    for (const part of reached) for (const { to } of part.connections) reached.add(to);
    const lonely = processors.find((processor) => !reached.has(processor));
    if (lonely !== undefined)
      this.refuse(`no item comes to ${lonely.name}`, "Connect an output to it, or take it out.");
  }

  /** In a cycle whose connections all block, each could wait for the next for ever. */
  cycles({ processors }: Plan): void {
    const ended = new Set<PlannedProcessor>();
    const way: PlannedProcessor[] = [];
    const walk = (part: PlannedProcessor): void => {
      if (ended.has(part)) return;
      const start = way.indexOf(part);
      if (start >= 0) this.#refuseCycle([...way.slice(start), part].map(({ name }) => name));
      way.push(part);
      for (const { to, options } of part.connections) {
        const { overflow = "block" } = options;
        if (overflow === "block") walk(to);
      }
      way.pop();
      ended.add(part);
    };
    for (const processor of processors) walk(processor);
  }

  #refuseCycle(names: readonly string[]): never {
    this.refuse(
      `${names.join(" → ")} is a cycle in which each waits for the next`,
      this.#isSync
        ? 'Say protocol: "async", and overflow: "drop-oldest" for one of its connections.'
        : 'Say overflow: "drop-oldest", "drop-newest" or "latest" for one of its connections.',
    );
  }

  #whole(value: number | undefined, least: number, most: number, what: string): void {
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
    this.refuse(`${what} is ${value}, not a whole number from ${least} to ${most}`);
  }
}
