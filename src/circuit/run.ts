import type { ByteLink } from "../board/link/link.js";
import type { Relink } from "../board/session/search.js";
import type { CircuitDefinition } from "../config/define.js";
import { checkCircuit } from "../config/schema.js";
import { CIRCUIT_SETTINGS } from "../config/settings.js";
import { unlessAborted } from "../core/abort.js";
import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { type Random, seededRandom } from "../core/random.js";
import type { Observers } from "../events/observers.js";
import type { Flow } from "../flow/flow.js";
import { sumEvents } from "../mesh/event-tally.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";
import type { Mesh, ServeOptions } from "../mesh/mesh.js";
import type { Pages } from "../mesh/ws/pages.js";
import type { Sketch } from "../sketch/sketch.js";
import { loadWiring, type OpenBoard } from "./boards.js";
import { CircuitBoards } from "./circuit-boards.js";
import { CircuitFlows } from "./flows/circuit-flows.js";
import type { FlowDefinition } from "./flows/flow-file.js";
import { flowsMesh, hasFlowsOnly } from "./flows/flows-mesh.js";
import { makeMesh, type RunDiscovery } from "./mesh.js";
import { CircuitNode } from "./node.js";
import { keepingOf, startObserving } from "./observing.js";
import { makePages } from "./pages.js";
import { boardsOfPins } from "./pins.js";
import type { CircuitEvent, Summary } from "./progress.js";
import { makeSketch } from "./sketches.js";
import { summarize } from "./summary.js";

export interface RunOptions {
  /** Stops the circuit; `runCircuit()` then rejects with the signal's own reason, after all was closed. */
  readonly signal?: AbortSignal;
  /** Takes what happens, as it happens; once the circuit has begun, the summary comes last, also after a failure. */
  readonly onEvent?: (event: CircuitEvent) => void;
  readonly clock?: Clock;
  /**
   * Links in place of what the boards' addresses say, by the boards' names; or what makes one each time that the board is
   * looked for, and rejects where it is nowhere.
   */
  readonly links?: Readonly<Record<string, ByteLink | Relink>>;
  /** Carries the messages in place of a mesh of the circuit's own; it is closed at the end. */
  readonly mesh?: Mesh;
  /** How nodes find others and are found; left out, they know their own process and the grid. */
  readonly discovery?: RunDiscovery;
  /** Flows that were loaded already, in place of their files, by their names. */
  readonly flows?: Readonly<Record<string, FlowDefinition>>;
  /** Takes each flow when it begins: what it counts may be read at any time. */
  readonly onFlow?: (flow: Flow) => void;
  /** Where this user's files are, and what credentials to take. The process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a circuit: opens its boards, sets its sketches up, lets them talk, and stops when those that act by
 * themselves have ended. A circuit in which none does runs until the signal aborts.
 *
 * When it ends, however it ends, nodes are closed, pins are left as declared (low where nothing was declared),
 * and boards are closed.
 *
 * @throws {CircuitError} When the definition has mistakes, a board cannot be opened or is lost, or a sketch fails.
 */
export async function runCircuit(definition: CircuitDefinition, options: RunOptions = {}): Promise<Summary> {
  const circuit = new Circuit(checkCircuit(definition, "this circuit"), options);
  return circuit.run(options.signal ?? new AbortController().signal);
}

class Circuit {
  readonly #definition: CircuitDefinition;
  readonly #options: RunOptions;
  readonly #clock: Clock;
  readonly #boards: CircuitBoards;
  readonly #flows: CircuitFlows;
  readonly #nodes: CircuitNode[] = [];
  /** Aborts when the circuit is to stop, for whatever reason. */
  readonly #stopping = new AbortController();
  #mesh: Mesh | undefined;
  /** What reacts without a sketch. */
  #observers: Observers | undefined;
  /** All is open and set up, and messages may flow. */
  #begun = false;

  constructor(definition: CircuitDefinition, options: RunOptions) {
    this.#definition = definition;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#boards = new CircuitBoards({
      definition,
      clock: this.#clock,
      links: options.links,
      signal: this.#stopping.signal,
      opened: (board) => this.#opened(board),
      notice: (text) => this.#tell({ type: "notice", text }),
    });
    this.#flows = new CircuitFlows({
      definition,
      loaded: options.flows,
      clock: this.#clock,
      signal: this.#stopping.signal,
      openBoard: async (flow, name) => (await this.#boards.need(`flows.${flow}`, name)).session.board,
      started: (flow) => options.onFlow?.(flow),
      notice: (text) => this.#tell({ type: "notice", text }),
    });
  }

  async run(signal: AbortSignal): Promise<Summary> {
    signal.throwIfAborted();
    const stop = () => this.#stopping.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    let summary: Summary | undefined;
    try {
      await this.#start();
      this.#begun = true;
      await this.#untilDone();
    } finally {
      this.#stopping.abort(new CircuitError("LINK_CLOSED", "Cannot go on: the circuit has stopped"));
      signal.removeEventListener("abort", stop);
      summary = await this.#close();
      if (this.#begun) this.#tell({ type: "summary", ...summary });
    }
    return summary;
  }

  async #start(): Promise<void> {
    const { nodes = {}, wiring, seed } = this.#definition;
    const sketches = new Map(Object.entries(nodes).map(([name, node]) => [name, makeSketch(name, node)]));
    await this.#flows.load();
    const wired = wiring === undefined ? undefined : await loadWiring(wiring);
    await this.#boards.open(sketches, wired);
    const mesh = await this.#makeMesh();
    this.#mesh = mesh;
    const random = seed === undefined ? Math.random : seededRandom(seed);
    for (const [name, sketch] of sketches) this.#nodes.push(this.#makeNode(name, sketch, { mesh, random }));
    for (const node of this.#nodes) await this.#unlessStopped(node.setUp());
    await this.#unlessStopped(this.#observe(mesh));
    for (const node of this.#nodes) await this.#serve(node);
    await this.#unlessStopped(this.#flows.start(mesh, random));
  }

  async #observe(mesh: Mesh): Promise<void> {
    this.#observers = startObserving({
      mesh,
      definition: this.#definition,
      clock: this.#clock,
      boards: this.#boards.byName,
      signal: this.#stopping.signal,
      notice: (text) => this.#tell({ type: "notice", text }),
    });
    await this.#observers.ready();
  }

  #opened({ name, session, readyMs }: OpenBoard): void {
    session.lost.addEventListener("abort", () => this.#stopping.abort(session.lost.reason), { once: true });
    this.#tell({ type: "board", board: name, address: session.address, firmware: session.firmware, readyMs });
  }

  #makeNode(
    name: string,
    sketch: Sketch,
    shared: { readonly mesh: Mesh; readonly random: Random },
  ): CircuitNode {
    const definition = this.#definition.nodes?.[name];
    const timeoutSeconds = this.#definition.timeoutSeconds ?? CIRCUIT_SETTINGS.timeoutSeconds.default ?? 0;
    return new CircuitNode({
      ...shared,
      name,
      sketch,
      session: this.#boards.of(name)?.session,
      clock: this.#clock,
      signal: this.#stopping.signal,
      confirms: definition?.confirm ?? true,
      ackTimeoutMs: timeoutSeconds * 1_000,
      keeping: keepingOf(this.#definition),
      out: (text) => this.#tell({ type: "out", node: name, text }),
      notice: (text) => this.#tell({ type: "notice", text }),
    });
  }

  async #serve(node: CircuitNode): Promise<void> {
    const { listen, concurrency = 1 } = this.#definition.nodes?.[node.node] ?? {};
    const reached = listen === undefined ? {} : parseListen(listen);
    const served = await node.serve({ ...reached, concurrency, about: this.#describeNode(node.node) });
    if (served.addresses.length > 0) {
      this.#tell({ type: "listening", node: node.node, addresses: served.addresses });
    }
  }

  #describeNode(name: string): NonNullable<ServeOptions["about"]> {
    const node = this.#nodes.find((candidate) => candidate.node === name);
    const sketch = this.#definition.nodes?.[name]?.sketch;
    return {
      sketch: typeof sketch === "string" ? sketch : (node?.sketchName ?? ""),
      ...(node?.boardAddress !== undefined && { board: node.boardAddress }),
    };
  }

  async #makeMesh(): Promise<Mesh> {
    const { mesh, discovery, env = process.env } = this.#options;
    const definition = this.#definition;
    const notice = (text: string) => this.#tell({ type: "notice", text });
    const failed = (reason: unknown) => this.#stopping.abort(reason);
    const pages = this.#makePages();
    const make = () =>
      makeMesh(definition, {
        clock: this.#clock,
        discovery,
        env,
        signal: this.#stopping.signal,
        notice,
        pages,
      });
    if (mesh !== undefined || !hasFlowsOnly(definition)) return mesh ?? make();
    return flowsMesh({ definition, make, seeks: discovery !== undefined, env, failed, notice });
  }

  #makePages(): Pages {
    return makePages({
      boards: this.#boards.byName,
      counts: () => this.#mesh?.counts() ?? { nodes: [], peers: [], events: sumEvents([]) },
      boardOf: (name) => this.#boards.nameOf(name),
      observed: () => [
        ...this.#nodes.flatMap((node) => node.observed()),
        ...(this.#observers?.counts() ?? []),
      ],
    });
  }

  async #untilDone(): Promise<void> {
    const running = this.#nodes.map((node) => node.run()).filter((run) => run !== undefined);
    if (!this.#flows.isEmpty) running.push(this.#flows.done());
    const observers =
      running.length === 0 && this.#nodes.length === 0 && boardsOfPins(this.#definition).length === 0;
    if (observers && this.#observers) running.push(this.#observers.done());
    await this.#unlessStopped(running.length > 0 ? Promise.all(running) : new Promise<never>(() => {}));
  }

  /** Waits for what a sketch does, which may never end, but not longer than the circuit goes on. */
  async #unlessStopped(work: Promise<unknown>): Promise<void> {
    await unlessAborted(work, this.#stopping.signal);
  }

  async #close(): Promise<Summary> {
    // They may need observers, the mesh and boards until all is handled.
    await this.#flows.stop();
    const flows = this.#flows.status();
    const summary = summarize(this.#nodes, [...this.#boards.byName.values()]);
    const { closeMs } = DEFAULT_LIMITS;
    const observing = this.#nodes.map((node) => node.finishObservers(closeMs));
    await Promise.all([...observing, this.#observers?.finish(closeMs)]);
    await this.#mesh?.close();
    await this.#boards.close();
    return { ...summary, ...(flows && { flows }) };
  }

  #tell(event: CircuitEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** `8765`, `localhost:8765` or `[::1]:8765`, as the schema admits them. */
function parseListen(listen: number | string): ServeOptions {
  if (typeof listen === "number") return { port: listen };
  const colon = listen.lastIndexOf(":");
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(listen.slice(colon + 1)) };
}
