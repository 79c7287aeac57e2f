import type { FlowEntry } from "../../config/define.js";
import { CircuitError, describeThrown, messageOf } from "../../core/error.js";
import type { Random } from "../../core/random.js";
import { Flow } from "../../flow/flow.js";
import type { FlowFailure } from "../../flow/reports.js";
import type { ManagerStatus } from "../../flow/supervisor.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { CircuitFlowsOptions } from "./circuit-flows.js";
import type { FlowCluster } from "./flow-cluster.js";
import type { FlowDefinition, FlowHost } from "./flow-file.js";
import { pinsOf } from "./host-pins.js";
import { checkManagerNames, makeManagers } from "./load-flow.js";
import { FailurePublisher } from "./publish-failures.js";

export interface RunningFlowOptions extends CircuitFlowsOptions {
  readonly mesh: Mesh;
  readonly random: Random;
  readonly entry: FlowEntry;
  readonly file: FlowDefinition;
  readonly cluster: FlowCluster | undefined;
}

/** A flow of a circuit while it runs: its managers, what they are given, and where their failures go. */
export class RunningFlow {
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
