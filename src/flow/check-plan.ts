import { badPlan } from "./bad-plan.js";
import { isDurable } from "./cluster/is-durable.js";
import { ERROR_POLICIES } from "./part.js";
import type { Plan, PlannedProcessor, PlannedSource, Protocol } from "./plan.js";

/** Items that wait on a connection: more is no buffer but a leak. */
const MOST_LIMIT = 1_000_000;

/** What a link of the mesh may have outstanding: more at the same time helps nobody. */
const MOST_PARALLEL = 1_024;

/** What a process holds of a queue: as much as a listener of JetStream may have out for all of them. */
const MOST_DURABLE_LIMIT = 4_096;

/** A day: what takes longer is no item. */
const MOST_WAIT_MS = 86_400_000;

type PlannedPart = PlannedSource | PlannedProcessor;

/** @throws {CircuitError} `CONFIG_INVALID`, about the first thing that is wrong. */
export function checkPlan(manager: string, plan: Plan, protocol: Protocol): void {
  const check = new PlanCheck(manager, protocol, isDurable(plan));
  if (plan.sources.length === 0) check.refuse("it has no source", "Give build() a source to return.");
  for (const source of plan.sources) {
    if (source.connections.length === 0)
      check.refuse(`nobody takes what ${source.name} emits`, "Connect its output to a processor.");
  }
  for (const part of [...plan.sources, ...plan.processors]) {
    check.part(part);
    check.connections(part);
  }
  for (const source of plan.sources) check.source(source);
  for (const processor of plan.processors) check.processor(processor);
  check.reach(plan);
  check.cycles(plan);
}

class PlanCheck {
  readonly #manager: string;
  readonly #isSync: boolean;
  /** Some of its connections are durable. */
  readonly #isDurable: boolean;
  readonly #queues = new Set<string>();

  constructor(manager: string, protocol: Protocol, isDurable: boolean) {
    this.#manager = manager;
    this.#isSync = protocol === "sync";
    this.#isDurable = isDurable;
  }

  refuse(problem: string, hint?: string): never {
    throw badPlan(this.#manager, problem, hint);
  }

  part({ name, part, connections }: PlannedPart): void {
    const { outputs, onError } = part.options;
    if (onError !== undefined && !ERROR_POLICIES.includes(onError))
      this.refuse(`${name} knows no onError ${onError}, only ${ERROR_POLICIES.join(", ")}`);
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
    for (const { output, to, options } of connections) {
      const { overflow = "block", limit, batch } = options;
      const between = `the connection from ${output === "data" ? "" : `${output} of `}${name} to ${to.name}`;
      if (!["block", "drop-oldest", "drop-newest", "latest"].includes(overflow))
        this.refuse(`${between} knows no overflow ${overflow}`);
      const isPlain = overflow === "block" && limit === undefined && batch === undefined;
      if (options.durable) this.#durable(between, overflow, limit ?? batch?.count);
      else if (!isPlain && this.#isDurable)
        this.refuse(
          `${between} has options, and beside durable connections no item waits on others`,
          "Say durable of it as well, or leave out overflow, limit and batch.",
        );
      else if (!isPlain && this.#isSync)
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

  /** A connection that is a queue; two between the same would be one. */
  #durable(between: string, overflow: string, limit: number | undefined): void {
    if (this.#queues.has(between)) this.refuse(`there are two of ${between} that are durable`);
    this.#queues.add(between);
    if (overflow !== "block")
      this.refuse(`${between} is durable, and to drop items is not`, "Leave out overflow, or durable.");
    this.#whole(limit, 1, MOST_DURABLE_LIMIT, `the limit, or the batch, of ${between}`);
  }

  source({ name, part: { options }, connections }: PlannedSource): void {
    if (!options.resumes) return;
    const direct = connections.find(({ options: { durable } }) => !durable);
    if (direct !== undefined)
      this.refuse(
        `${name} resumes, and nobody knows how far it is: its connection to ${direct.to.name} is not durable`,
        "Say durable of it, or leave out resumes.",
      );
  }

  processor({ name, part }: PlannedProcessor): void {
    const { parallel, timeoutMs } = part.options;
    if (this.#isSync && !this.#isDurable && parallel !== undefined && parallel !== 1)
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
        const { overflow = "block", durable = false } = options;
        if (overflow === "block" && !durable) walk(to);
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
