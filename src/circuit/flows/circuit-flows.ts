import type { Board } from "../../board/board.js";
import type { CircuitDefinition, FlowEntry } from "../../config/define.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError, describeThrown, messageOf } from "../../core/error.js";
import type { Random } from "../../core/random.js";
import { Flow } from "../../flow/flow.js";
import type { FlowFailure } from "../../flow/reports.js";
import type { ManagerStatus } from "../../flow/supervisor.js";
import type { Mesh } from "../../mesh/mesh.js";
import { namingUnwired } from "../unwired.js";
import { circuitCluster, type FlowCluster } from "./flow-cluster.js";
import type { FlowDefinition, FlowHost } from "./flow-file.js";
import { pinsOf } from "./host-pins.js";
import { LazyMesh } from "./lazy-mesh.js";
import { checkManagerNames, loadFlow, makeManagers } from "./load-flow.js";
import { FailurePublisher } from "./publish-failures.js";

export interface CircuitFlowsOptions {
  readonly definition: CircuitDefinition;
  /** Those of them that were loaded already, by their names. */
  readonly loaded: Readonly<Record<string, FlowDefinition>> | undefined;
  readonly clock: Clock;
  /** Opens the board of that name, or the only one, unless it is open. */
  readonly openBoard: (wanting: string, board: string | undefined) => Promise<Board>;
  /** Ends what is being made; what runs is stopped. */
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
  /** Whether an error is that of a board that is not there, without which the others go on. */
  readonly isAbsence: (error: unknown) => boolean;
  /** A flow runs from now on. */
  readonly started: (flow: Flow) => void;
}

/** The flows of a circuit. */
export class CircuitFlows {
  readonly #options: CircuitFlowsOptions;
  readonly #running: RunningFlow[] = [];
  #making: ((flow: LoadedFlow) => RunningFlow) | undefined;
  /** Those whose board is not there. */
  #still: LoadedFlow[] = [];
  readonly #loaded: LoadedFlow[] = [];

  constructor(options: CircuitFlowsOptions) {
    this.#options = options;
  }

  /**
   * Loads their files, before anything is opened for them.
   *
   * @throws {CircuitError} What `loadFlow()` throws.
   */
  async load(): Promise<void> {
    const { definition, loaded = {} } = this.#options;
    const { flows = {} } = definition;
    for (const [name, entry] of Object.entries(flows))
      this.#loaded.push([name, entry, loaded[name] ?? (await loadFlow(entry.file))]);
  }

  /**
   * Makes their managers and starts them. Those whose board is not there stand still.
   *
   * @returns Those that have begun.
   * @throws {CircuitError} What `makeManagers()` throws, `USAGE` for a manager that a flow does not have, `CONFIG_INVALID`
   *   for a pipeline that cannot be.
   */
  async start(mesh: Mesh, random: Random): Promise<StartedFlow[]> {
    const { definition } = this.#options;
    const opened = async () => (mesh instanceof LazyMesh ? mesh.opened() : mesh);
    const cluster = circuitCluster(definition, opened);
    this.#making = ([name, entry, file]) =>
      new RunningFlow(name, { ...this.#options, mesh, random, cluster, entry, file });
    return this.#start(this.#loaded);
  }

  /** Starts those that stand still, as far as their boards are there now. @returns As `start()`. @throws As `start()`. */
  async startLate(): Promise<StartedFlow[]> {
    return this.#start(this.#still);
  }

  async #start(loaded: readonly LoadedFlow[]): Promise<StartedFlow[]> {
    this.#still = [];
    const started: StartedFlow[] = [];
    for (const flow of loaded) {
      const running = this.#making?.(flow);
      if (!running) continue;
      try {
        this.#running.push(running);
        this.#options.started(await running.start());
        started.push({ name: running.name, done: () => running.done() });
      } catch (error) {
        if (!this.#options.isAbsence(error)) throw namingUnwired(`flows.${running.name}`, error);
        await running.stop();
        this.#running.splice(this.#running.indexOf(running), 1);
        this.#still.push(flow);
      }
    }
    return started;
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#loaded.length === 0;
  }

  /** Drains them, each pipeline within its grace time. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.map((running) => running.stop()));
  }

  /** How their pipelines are, by flow; `undefined` where there are no flows. */
  status(): Readonly<Record<string, readonly ManagerStatus[]>> | undefined {
    if (this.#running.length === 0) return undefined;
    return Object.fromEntries(this.#running.map(({ name, status }) => [name, status]));
  }
}

/** A flow that runs. */
export interface StartedFlow {
  readonly name: string;
  /** Resolves when all its pipelines have finished; rejects with `FLOW_FAILED` where one has failed. */
  done(): Promise<void>;
}

type LoadedFlow = readonly [name: string, entry: FlowEntry, definition: FlowDefinition];

interface RunningFlowOptions extends CircuitFlowsOptions {
  readonly mesh: Mesh;
  readonly random: Random;
  readonly entry: FlowEntry;
  readonly file: FlowDefinition;
  readonly cluster: FlowCluster | undefined;
}

class RunningFlow {
  readonly name: string;
  readonly #options: RunningFlowOptions;
  readonly #ended = new AbortController();
  readonly #publisher: FailurePublisher;
  /** The last failure of each manager. */
  readonly #failures = new Map<string, unknown>();
  #flow: Flow | undefined;

  constructor(name: string, options: RunningFlowOptions) {
    this.name = name;
    this.#options = options;
    this.#publisher = new FailurePublisher(options.mesh, options.clock);
  }

  get status(): readonly ManagerStatus[] {
    return this.#flow?.status ?? [];
  }

  async start(): Promise<Flow> {
    const { signal, file, entry, clock, random, notice, cluster } = this.#options;
    const end = () => this.#ended.abort(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    const managers = await makeManagers(file, this.#host());
    signal.removeEventListener("abort", end);
    signal.throwIfAborted();
    checkManagerNames(this.name, managers, entry.managers);
    const { reporter, onGivenUp } = file;
    const flow = new Flow({
      ...cluster,
      ...{ name: this.name, managers, clock, random, log: notice },
      ...(reporter && { reporter }),
      ...(onGivenUp && { onGivenUp }),
      publishError: (failure) => this.#failed(failure),
    });
    flow.start(entry.managers);
    this.#flow = flow;
    return flow;
  }

  async done(): Promise<void> {
    const statuses = (await this.#flow?.done) ?? [];
    const failed = statuses.filter(({ state }) => state === "failed").map(({ name }) => name);
    if (failed.length === 0) return;
    const cause = this.#failures.get(failed[0] ?? "");
    throw new CircuitError(
      "FLOW_FAILED",
      `Cannot go on with ${this.name}: ${failed.join(" and ")} failed: ${messageOf(cause)}`,
      { hint: "Mend what fails; what was told above says where.", cause },
    );
  }

  async stop(): Promise<void> {
    await this.#flow?.stop();
    this.#ended.abort(new CircuitError("LINK_CLOSED", `Cannot go on: the flow ${this.name} has ended`));
  }

  #failed(failure: FlowFailure): void {
    this.#failures.set(failure.manager, failure.cause);
    this.#publisher.publish(failure);
  }

  #host(): FlowHost {
    const { mesh, clock, notice, entry, openBoard } = this.#options;
    const { name } = this;
    return {
      ...{ name, clock, settings: entry.settings ?? {}, signal: this.#ended.signal },
      log: (text) => notice(`${name}: ${text}`),
      publish: (subject, data, options) => mesh.publish(subject, data, options),
      subscribe: (pattern, handler, options) =>
        // By default an engine warns the process: here somebody watches.
        mesh.subscribe(pattern, handler, {
          onError: (problem) => notice(`${name}: ${describeThrown(problem)}`),
          ...options,
        }),
      send: (target, message, options) => mesh.send(target, message, options),
      serve: (node, handler, options) => mesh.serve(node, handler, options),
      ...pinsOf((board) => openBoard(name, board)),
    };
  }
}
