import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";
import type { Random } from "../core/random.js";
import type { FlowQueues } from "./cluster/durable-queue.js";
import type { FlowLeases } from "./cluster/lease-bucket.js";
import type { GivenUp, PartFailure } from "./failure.js";
import type { Manager } from "./manager.js";
import { Reports, type ReportsOptions } from "./reports.js";
import { type ManagerStatus, Supervisor } from "./supervisor.js";

export interface FlowOptions extends ReportsOptions {
  readonly name: string;
  readonly managers: readonly Manager[];
  readonly clock?: Clock;
  /** For jitter. */
  readonly random?: Random;
  /** Where items wait on durable connections: for all processes of the flow the same. */
  readonly queues?: FlowQueues;
  /** Where the processes of the flow agree on who runs a singleton source. */
  readonly leases?: FlowLeases;
  /** Gets each item that is given up: where items may not be lost, the place to keep them. */
  readonly onGivenUp?: (item: GivenUp & { readonly manager: string }) => unknown;
}

/** Runs managers, each supervised on its own, and reports. */
export class Flow {
  readonly name: string;
  readonly #options: FlowOptions;
  readonly #reports: Reports;
  #supervisors: readonly Supervisor[] = [];
  #done: Promise<readonly ManagerStatus[]> | undefined;

  /** @throws {CircuitError} `CONFIG_INVALID` where two managers have one name. */
  constructor(options: FlowOptions) {
    this.name = options.name;
    this.#options = options;
    this.#reports = new Reports(options);
    const names = options.managers.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new CircuitError(
        "CONFIG_INVALID",
        `Cannot make the flow ${this.name}: two managers are called ${twice}`,
      );
  }

  /**
   * Builds and checks the pipelines of these names, or all, and runs them.
   *
   * @throws {CircuitError} `CONFIG_INVALID` where a pipeline is wrong: nothing runs then. `USAGE` for an unknown name, and
   * when it was started before.
   */
  start(names?: readonly string[]): void {
    if (this.#done !== undefined) throw this.#refuse("it was started before");
    const { managers, clock = systemClock, random = Math.random, queues, leases } = this.#options;
    const unknown = names?.find((name) => !managers.some((manager) => manager.name === name));
    if (unknown !== undefined)
      throw this.#refuse(`it has no ${unknown}, only ${managers.map(({ name }) => name).join(", ")}`);
    const wanted = managers.filter(({ name }) => names?.includes(name) ?? true);
    const supervisors = wanted.map(
      (manager) =>
        new Supervisor(manager, {
          ...{ flow: this.name, clock, random, queues, leases },
          reports: this.#reports,
          givenUp: this.#givenUp,
        }),
    );
    try {
      for (const supervisor of supervisors) supervisor.prepare();
    } catch (wrong) {
      for (const supervisor of supervisors) supervisor.release();
      throw wrong;
    }
    this.#supervisors = supervisors;
    this.#done = this.#run();
    // Whoever waits for it hears of it; it was reported already.
    this.#done.catch(() => {});
  }

  /**
   * How its pipelines ended, when all of them have.
   *
   * @throws {CircuitError} `FLOW_FAILED` where a failure escalated, after the others were drained.
   */
  get done(): Promise<readonly ManagerStatus[]> {
    return this.#done ?? Promise.resolve([]);
  }

  get status(): readonly ManagerStatus[] {
    return this.#supervisors.map(({ status }) => status);
  }

  /** Drains all pipelines, each within its grace time. Resolves as `done` does, and never rejects. Idempotent. */
  async stop(): Promise<readonly ManagerStatus[]> {
    for (const supervisor of this.#supervisors) supervisor.stop();
    return this.done.catch(() => this.status);
  }

  async #run(): Promise<readonly ManagerStatus[]> {
    let first: PartFailure | undefined;
    await Promise.all(
      this.#supervisors.map(async (supervisor) => {
        const failure = await supervisor.run();
        if (failure === undefined) return;
        first ??= failure;
        for (const other of this.#supervisors) other.stop();
      }),
    );
    if (first === undefined) return this.status;
    const { part, cause } = first;
    throw new CircuitError(
      "FLOW_FAILED",
      `Cannot go on with ${this.name}: ${part} has failed: ${messageOf(cause)}`,
      {
        hint: "Mend what fails, or say another onError than escalate.",
        cause,
      },
    );
  }

  readonly #givenUp = (item: GivenUp & { readonly manager: string }): void => {
    const what = `hand on an item that ${this.name}/${item.manager} gives up`;
    this.#reports.attempt(what, () => this.#options.onGivenUp?.(item));
  };

  #refuse(problem: string): CircuitError {
    return new CircuitError("USAGE", `Cannot start the flow ${this.name}: ${problem}`);
  }
}
