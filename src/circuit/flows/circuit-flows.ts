import type { Board } from "../../board/board.js";
import type { CircuitDefinition, FlowEntry } from "../../config/define.js";
import type { Clock } from "../../core/clock.js";
import type { Random } from "../../core/random.js";
import type { Flow } from "../../flow/flow.js";
import type { ManagerStatus } from "../../flow/supervisor.js";
import type { Mesh } from "../../mesh/mesh.js";
import { namingUnwired } from "../unwired.js";
import type { FlowDefinition } from "./flow-file.js";
import { LazyMesh } from "./lazy-mesh.js";
import type { RunningFlow } from "./running-flow.js";

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

/** The flows of a circuit. What runs them is loaded where there are any: most circuits have none. */
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
    for (const [name, entry] of Object.entries(flows)) {
      const { loadFlow } = await import("./load-flow.js");
      this.#loaded.push([name, entry, loaded[name] ?? (await loadFlow(entry.file))]);
    }
  }

  /**
   * Makes their managers and starts them. Those whose board is not there stand still.
   *
   * @returns Those that have begun.
   * @throws {CircuitError} What `makeManagers()` throws, `USAGE` for a manager that a flow does not have, `CONFIG_INVALID`
   *   for a pipeline that cannot be.
   */
  async start(mesh: Mesh, random: Random): Promise<StartedFlow[]> {
    if (this.isEmpty) return [];
    const [{ circuitCluster }, { RunningFlow }] = await Promise.all([
      import("./flow-cluster.js"),
      import("./running-flow.js"),
    ]);
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
