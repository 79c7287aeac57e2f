import type { CircuitDefinition } from "../config/define.js";
import { checkCircuit } from "../config/schema.js";
import { unlessAborted } from "../core/abort.js";
import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { seededRandom } from "../core/random.js";
import { sumEvents } from "../mesh/event-tally.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Pages } from "../mesh/ws/pages.js";
import type { Sketch } from "../sketch/sketch.js";
import { Acting } from "./acting.js";
import { loadWiring, type OpenBoard } from "./boards.js";
import { CircuitBoards } from "./circuit-boards.js";
import { circuitMesh } from "./circuit-mesh.js";
import { CircuitNodes } from "./circuit-nodes.js";
import { CircuitFlows, type StartedFlow } from "./flows/circuit-flows.js";
import type { CircuitNode } from "./node.js";
import { Observing } from "./observing.js";
import { makePages } from "./pages.js";
import { boardsOfPins } from "./pins.js";
import type { CircuitEvent, Summary } from "./progress.js";
import { type RecordedOptions, recordRun } from "./record-run.js";
import { Replays } from "./replays.js";
import type { RunOptions } from "./run-options.js";
import type { RunningCircuit } from "./running-circuit.js";
import { lookingAt } from "./seen/looking.js";
import { makeSketch } from "./sketches.js";
import { notWhole, toldOf } from "./standstill.js";
import { summarize } from "./summary.js";
import { presentOf } from "./watch/swappable-sketch.js";
import { Swapping } from "./watch/swapping.js";

/**
 * Runs a circuit: opens its boards, sets its sketches up, lets them talk, and stops when those that act by
 * themselves have ended. A circuit in which none does runs until the signal aborts.
 *
 * Of several boards one that is not there, or is lost for good, stops what needs it and nothing else; one on a port or a
 * network is looked for. Where such a one is missing at the end, the promise rejects with that, after the summary.
 *
 * Where boards are recorded ones, it ends when their recordings are over; where it did to them something else than then, the
 * promise rejects with `REPLAY_DIFFERED`, after the summary.
 *
 * When it ends, however it ends, nodes are closed, pins are left as declared (low where nothing was declared),
 * and boards are closed.
 *
 * @throws {CircuitError} When the definition has mistakes, a board cannot be opened or is lost, or a sketch fails.
 */
export async function runCircuit(definition: CircuitDefinition, options: RunOptions = {}): Promise<Summary> {
  const checked = checkCircuit(definition, "this circuit");
  const { signal = new AbortController().signal } = options;
  signal.throwIfAborted();
  return recordRun(checked, options, (recorded) => new Circuit(checked, recorded).run(signal));
}

/** A sketch that uses none. */
const NO_BOARD = { usesBoard: false };

class Circuit {
  readonly #definition: CircuitDefinition;
  readonly #options: RecordedOptions;
  readonly #clock: Clock;
  readonly #boards: CircuitBoards;
  readonly #flows: CircuitFlows;
  readonly #acting: Acting;
  readonly #replays: Replays;
  /** Aborts when the circuit is to stop, for whatever reason. */
  readonly #stopping = new AbortController();
  readonly #notice = (text: string) => this.#tell({ type: "notice", text });
  #mesh: Mesh | undefined;
  #nodes: CircuitNodes | undefined;
  /** What reacts without a sketch. */
  #observing: Observing | undefined;
  #sketches: ReadonlyMap<string, Sketch> = new Map();
  /** Where the definition may change. */
  readonly #swapping: Swapping | undefined;
  /** All is open and set up, and messages may flow. */
  #begun = false;

  constructor(definition: CircuitDefinition, options: RecordedOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    if (options.watched) this.#swapping = this.#makeSwapping(definition);
    this.#definition = this.#swapping?.definition ?? definition;
    this.#boards = new CircuitBoards({
      definition: this.#definition,
      clock: this.#clock,
      links: options.links,
      journal: options.journal,
      signal: this.#stopping.signal,
      opened: (board) => this.#opened(board),
      lost: (board, cause) => this.#lost(board, cause),
      notice: this.#notice,
    });
    this.#replays = new Replays(this.#notice);
    this.#acting = new Acting({
      standstills: () => this.#boards.standstills,
      isReacting: () => this.#isReacting(),
      signal: this.#stopping.signal,
      notice: this.#notice,
    });
    this.#flows = new CircuitFlows({
      definition,
      loaded: options.flows,
      clock: this.#clock,
      signal: this.#stopping.signal,
      openBoard: async (flow, name) => (await this.#boards.need(flow, name)).session.board,
      isAbsence: (error) => this.#boards.isAbsent(error),
      started: (flow) => options.onFlow?.(flow),
      notice: this.#notice,
    });
  }

  async run(signal: AbortSignal): Promise<Summary> {
    const stop = () => this.#stopping.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    let summary: Summary | undefined;
    try {
      await this.#start();
      this.#begun = true;
      await this.#untilDone();
    } catch (error) {
      this.#replays.stop();
      throw error;
    } finally {
      this.#stopping.abort(new CircuitError("LINK_CLOSED", "Cannot go on: the circuit has stopped"));
      signal.removeEventListener("abort", stop);
      summary = await this.#close();
      if (this.#begun) this.#tell({ type: "summary", ...summary });
    }
    const [standstill] = this.#boards.standstills;
    if (standstill) throw notWhole(standstill);
    this.#replays.check();
    return summary;
  }

  async #start(): Promise<void> {
    const { nodes: definitions = {}, wiring, seed } = this.#definition;
    const sketches =
      this.#swapping?.sketches ??
      new Map(Object.entries(definitions).map(([name, node]) => [name, makeSketch(name, node)]));
    this.#sketches = sketches;
    await this.#flows.load();
    const wired = wiring === undefined ? undefined : await loadWiring(wiring);
    await this.#boards.open(sketches, wired);
    if (this.#flows.isEmpty) this.#boards.check();
    const failed = (reason: unknown) => this.#stopping.abort(reason);
    const mesh = await circuitMesh(this.#definition, {
      ...this.#options,
      ...{ clock: this.#clock, signal: this.#stopping.signal, pages: this.#makePages() },
      ...{ failed, notice: this.#notice },
    });
    this.#mesh = mesh;
    const random = seed === undefined ? Math.random : seededRandom(seed);
    const [definition, clock, boards, signal] = [
      this.#definition,
      this.#clock,
      this.#boards,
      this.#stopping.signal,
    ];
    const tell = (event: CircuitEvent) => this.#tell(event);
    const looking = lookingAt(() => this.#running(mesh), wired);
    const nodes = new CircuitNodes({
      ...{ definition, sketches, boards, mesh, random, clock, signal, tell, looking },
    });
    this.#nodes = nodes;
    const here = nodes.make();
    await nodes.setUp(here);
    const observed = { mesh, definition, clock, boards: boards.byName, signal, notice: this.#notice };
    this.#observing = new Observing(observed);
    await this.#unlessStopped(this.#observing.start());
    await nodes.serve(here);
    const flows = await this.#unlessStopped(this.#flows.start(mesh, random));
    boards.check();
    for (const standstill of boards.standstills) this.#tell({ type: "standstill", ...toldOf(standstill) });
    this.#act(here, flows);
    boards.seek((board) => void this.#join(board).catch((error: unknown) => this.#stopping.abort(error)));
    const swapping = this.#swapping;
    if (swapping) this.#options.watched?.start((reread) => swapping.take(reread));
    this.#options.onBegun?.(this.#running(mesh));
  }

  #makeSwapping(definition: CircuitDefinition): Swapping {
    const add = async (name: string) => {
      await this.#boards.use(name, this.#sketches.get(name) ?? NO_BOARD);
      await this.#begin();
    };
    const remove = async (name: string) => {
      await this.#nodes?.remove(
        name,
        new CircuitError("NOT_RUN", `Cannot go on: ${name} is not in its circuit`),
      );
      this.#boards.free(name);
    };
    return new Swapping({ definition, clock: this.#clock, settling: { add, remove }, notice: this.#notice });
  }

  #running(mesh: Mesh): RunningCircuit {
    const boards = () =>
      [...this.#boards.byName].map(([name, { session }]) => [name, session.board] as const);
    return {
      boards: () => Object.fromEntries(boards()),
      nodes: () => Object.fromEntries([...this.#sketches].map(([name, sketch]) => [name, presentOf(sketch)])),
      mesh,
      openBoards: () => [...this.#boards.byName.values()],
      standstills: () => this.#boards.standstills,
      flows: () => this.#flows.status(),
      boardOf: (node) => this.#boards.nameOf(node),
      send: (target, message, channel = "") => mesh.send(target, message, { channel }),
      publish: (subject, data) => mesh.publish(subject, data),
    };
  }

  /** A board was not there, and is now: what stood still begins. */
  async #join({ name }: OpenBoard): Promise<void> {
    await this.#begin(() => this.#observing?.startPins(name));
    this.#act([], await this.#unlessStopped(this.#flows.startLate()));
  }

  /** Lets those nodes begin that have not, and can. */
  async #begin(before: () => Promise<void> | undefined = () => undefined): Promise<void> {
    const nodes = this.#nodes?.make() ?? [];
    await this.#nodes?.setUp(nodes);
    await this.#unlessStopped(before() ?? Promise.resolve());
    await this.#nodes?.serve(nodes);
    this.#act(nodes, []);
  }

  #opened({ name, session, link, readyMs }: OpenBoard): void {
    this.#replays.add(link);
    this.#tell({ type: "board", board: name, address: session.address, firmware: session.firmware, readyMs });
  }

  #lost({ name }: OpenBoard, cause: unknown): void {
    const standstill = this.#boards.standstills.find(({ board }) => board === name);
    if (standstill === undefined) {
      this.#stopping.abort(cause);
      return;
    }
    // Before it has begun, all that stands still is told at the end of that.
    if (this.#begun) this.#tell({ type: "standstill", ...toldOf(standstill) });
    void this.#nodes?.standStill(name, cause);
  }

  /** Lets those act that do so by themselves. */
  #act(nodes: readonly CircuitNode[], flows: readonly StartedFlow[]): void {
    for (const node of nodes) {
      const run = node.isStill ? undefined : node.run();
      // Of a sketch that may be swapped, whoever swaps it hears.
      if (run && this.#swapping) run.catch(() => {});
      else if (run) this.#acting.add(node.node, run);
    }
    for (const flow of flows) this.#acting.add(`The flow ${flow.name}`, flow.done());
  }

  /** Whether something is left that others, or its pins, may have something to do. */
  #isReacting(): boolean {
    const isReached = this.#nodes?.all.some((node) => node.isReached) === true;
    const { observers = [] } = this.#definition;
    const still = new Set(this.#boards.standstills.map(({ board }) => board));
    const hasPins = boardsOfPins(this.#definition).some((board) => !still.has(board));
    return isReached || hasPins || observers.length > 0;
  }

  #makePages(): Pages {
    return makePages({
      boards: this.#boards.byName,
      absent: () => this.#boards.standstills.filter(({ board }) => !this.#boards.byName.has(board)),
      counts: () => this.#mesh?.counts() ?? { nodes: [], peers: [], events: sumEvents([]) },
      boardOf: (name) => this.#boards.nameOf(name),
      observed: () => [
        ...(this.#nodes?.all ?? []).flatMap((node) => node.observed()),
        ...(this.#observing?.observers.counts() ?? []),
      ],
    });
  }

  async #untilDone(): Promise<void> {
    const { nodes = {} } = this.#definition;
    const hasObserversOnly =
      this.#flows.isEmpty && Object.keys(nodes).length === 0 && boardsOfPins(this.#definition).length === 0;
    if (hasObserversOnly && this.#observing) this.#acting.add("observers", this.#observing.observers.done());
    const { onBegun, watched } = this.#options;
    // Where somebody is there for whom there is more to do, it goes on.
    const acted = this.#acting.done().then(() => ((onBegun ?? watched) ? new Promise(() => {}) : undefined));
    await this.#unlessStopped(Promise.race([acted, this.#replays.over]));
  }

  /** Waits for what a sketch does, which may never end, but not longer than the circuit goes on. */
  #unlessStopped<Value>(work: Promise<Value>): Promise<Value> {
    return unlessAborted(work, this.#stopping.signal);
  }

  async #close(): Promise<Summary> {
    this.#options.watched?.close();
    // They may need observers, the mesh and boards until all is handled.
    await this.#flows.stop();
    const flows = this.#flows.status();
    const nodes = this.#nodes?.all ?? [];
    const summary = summarize(nodes, [...this.#boards.byName.values()], this.#boards.standstills);
    const { closeMs } = DEFAULT_LIMITS;
    const observing = nodes.map((node) => node.finishObservers(closeMs));
    await Promise.all([...observing, this.#observing?.observers.finish(closeMs)]);
    await this.#mesh?.close();
    await this.#boards.close();
    return { ...summary, ...(flows && { flows }) };
  }

  #tell(event: CircuitEvent): void {
    this.#options.onEvent?.(event);
  }
}
