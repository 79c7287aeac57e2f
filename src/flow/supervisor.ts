import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { Random } from "../core/random.js";
import { checkKept } from "./cluster/check-kept.js";
import type { DurableOptions } from "./cluster/durable-options.js";
import type { FlowQueues } from "./cluster/durable-queue.js";
import { Fence } from "./cluster/fence.js";
import type { FlowLeases } from "./cluster/lease-bucket.js";
import type { GivenUp, PartFailure } from "./failure.js";
import { Life, type LifeEnd } from "./life.js";
import type { Manager } from "./manager.js";
import type { Plan } from "./plan.js";
import type { FlowFailure, Reports } from "./reports.js";
import { Restarts } from "./restarts.js";
import { type ConnectionCounts, type PartCounts, Tallies } from "./tally.js";

export type ManagerState =
  /** Built, and not begun. */
  | "ready"
  | "running"
  /** It waits before it begins again. */
  | "waiting"
  /** It was told to stop, and drains. */
  | "stopping"
  /** Its sources have ended, and all is handled. */
  | "finished"
  | "stopped"
  /** A part has failed, and nothing begins again. */
  | "failed";

/** A pipeline at a moment. */
export interface ManagerStatus {
  readonly name: string;
  readonly state: ManagerState;
  /** How often it began again. */
  readonly restarts: number;
  /** Names of those parts that are sources. */
  readonly sources: readonly string[];
  readonly parts: Readonly<Record<string, PartCounts>>;
  readonly connections: readonly ConnectionCounts[];
}

export interface SupervisorOptions {
  readonly flow: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly reports: Reports;
  /** Where items wait on durable connections. */
  readonly queues: FlowQueues | undefined;
  /** Where processes agree on who runs a singleton source. */
  readonly leases: FlowLeases | undefined;
  /** An item is given up. */
  readonly givenUp: (item: GivenUp & { readonly manager: string }) => void;
}

/** Runs a pipeline, life after life, as its manager says. */
export class Supervisor {
  readonly manager: Manager;
  readonly #options: SupervisorOptions;
  readonly #tallies = new Tallies();
  readonly #durable: DurableOptions;
  readonly #restarts: Restarts;
  readonly #stopping = new AbortController();
  #state: ManagerState = "ready";
  #restarted = 0;
  #plan: Plan | undefined;
  #sources: readonly string[] = [];
  #life: Life | undefined;

  constructor(manager: Manager, options: SupervisorOptions) {
    this.manager = manager;
    this.#options = options;
    const { flow, queues, leases, random, clock } = options;
    const singleton = manager.options.singleton ?? false;
    const fence = new Fence(leases && { bucket: leases.progress, flow, clock });
    this.#durable = { flow, manager: manager.name, queues, leases, singleton, random, fence };
    this.#restarts = new Restarts(manager.options.restart ?? {}, options.clock, options.random);
  }

  get status(): ManagerStatus {
    const { parts, connections } = this.#tallies;
    return {
      name: this.manager.name,
      state: this.#state,
      restarts: this.#restarted,
      sources: this.#sources,
      parts,
      connections,
    };
  }

  /**
   * Builds the first life.
   *
   * @throws What `Manager.plan()` throws, and `CONFIG_INVALID` where nobody keeps what is to be durable.
   */
  prepare(): void {
    this.#plan ??= this.#build();
    // What is counted begins with the sources.
    for (const { name } of [...this.#plan.sources, ...this.#plan.processors]) this.#tallies.part(name);
    this.#sources = this.#plan.sources.map(({ name }) => name);
  }

  #build(): Plan {
    const plan = this.manager.plan();
    try {
      checkKept(plan, this.#durable);
    } catch (wrong) {
      this.manager.release(plan);
      throw wrong;
    }
    return plan;
  }

  /** Undoes `prepare()`: it is not run after all. */
  release(): void {
    if (this.#plan !== undefined) this.manager.release(this.#plan);
    this.#plan = undefined;
  }

  /** Runs it to its end. Never rejects; returns the failure that the flow is to end with, where it is to. */
  async run(): Promise<PartFailure | undefined> {
    for (;;) {
      const startMs = this.#options.clock.now();
      const end = await this.#live();
      const waitMs = this.#decide(end, this.#options.clock.now() - startMs);
      if (waitMs === undefined) return end.failure?.policy === "escalate" ? end.failure : undefined;
      this.#state = "waiting";
      try {
        await this.#options.clock.sleep(waitMs, this.#stopping.signal);
      } catch {
        this.#state = "stopped";
        return undefined;
      }
      this.#restarted++;
    }
  }

  /** Drains it within its grace time. Idempotent. */
  stop(): void {
    if (this.#state === "running") this.#state = "stopping";
    this.#stopping.abort();
    this.#life?.stop();
  }

  async #live(): Promise<LifeEnd> {
    let plan: Plan;
    try {
      plan = this.#plan ?? this.#build();
    } catch (cause) {
      const { onError = "restart" } = this.manager.options;
      // There is no item to skip: without its parts the pipeline is none.
      const policy = onError === "skip" ? "restart" : onError;
      const failure = { part: this.manager.name, cause, item: undefined, policy };
      this.#failed(failure);
      return { how: "failed", failure, abandoned: 0, hanging: [] };
    }
    this.#plan = undefined;
    const { clock } = this.#options;
    const life = new Life(plan, {
      clock,
      protocol: this.manager.protocol,
      onError: this.manager.options.onError ?? "restart",
      graceMs: this.manager.graceMs,
      tallies: this.#tallies,
      durable: this.#durable,
      log: (part, text) => this.#log(`${part}: ${text}`),
      failed: (failure) => this.#failed(failure),
      givenUp: (item) => this.#options.givenUp({ ...item, manager: this.manager.name }),
    });
    this.#life = life;
    this.#state = "running";
    if (this.#stopping.signal.aborted) this.stop();
    const end = await life.run();
    this.#life = undefined;
    this.manager.release(plan);
    this.#tellUndrained(end);
    return end;
  }

  /** The wait before the next life; `undefined` where there is none. */
  #decide({ how, failure }: LifeEnd, livedMs: number): number | undefined {
    if (this.#stopping.signal.aborted || how === "stopped") {
      this.#state = "stopped";
      return undefined;
    }
    if (how === "finished") {
      if (this.manager.options.runAlways) return this.#restarts.afterEnd(livedMs);
      this.#state = "finished";
      return undefined;
    }
    if (failure?.policy === "restart") {
      const waitMs = this.#restarts.afterFailure(livedMs);
      if (waitMs !== undefined) return waitMs;
      this.#giveUp(failure.cause);
    }
    this.#state = "failed";
    return undefined;
  }

  #giveUp(cause: unknown): void {
    const { most, withinMs } = this.#restarts.options;
    const error = new CircuitError(
      "FLOW_FAILED",
      `Cannot run ${this.manager.name} any more: it has failed again after ${most} restarts within ${withinMs} ms`,
      { hint: "Mend what fails, or allow more with restart: { most, withinMs }.", cause },
    );
    this.#report({ part: undefined, cause: error, item: undefined, policy: "given up" });
  }

  #failed({ part, cause, item, policy }: PartFailure): void {
    this.#report({ part, cause, item, policy });
  }

  #report(failure: Pick<FlowFailure, "part" | "cause" | "item" | "policy">): void {
    const { flow, reports } = this.#options;
    reports.failure({ flow, manager: this.manager.name, at: Date.now(), ...failure });
  }

  #tellUndrained({ abandoned, hanging }: LifeEnd): void {
    if (abandoned > 0) this.#log(`${abandoned} items were not handled to the end, and are given up`);
    for (const name of hanging)
      this.#log(`${name} went on for ${this.manager.graceMs} ms after it was told to stop`);
  }

  #log(text: string): void {
    this.#options.reports.log(`${this.#options.flow}/${this.manager.name}: ${text}`);
  }
}
