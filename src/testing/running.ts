import type { ByteLink } from "../board/link/link.js";
import { makeLink } from "../circuit/links.js";
import type { CircuitEvent, Summary } from "../circuit/progress.js";
import { runCircuit } from "../circuit/run.js";
import { readVersion } from "../circuit/version.js";
import { Life } from "../circuit/watch/life.js";
import { type CircuitDefinition, DEFAULT_BOARD, DEFAULT_BOARDS } from "../config/define.js";
import { systemClock } from "../core/clock.js";
import { CircuitError, describeThrown } from "../core/error.js";
import { PacedUno } from "../emulator/paced-uno.js";
import { VirtualTime } from "../emulator/virtual-time.js";
import { Recorder } from "../record/recorder.js";
import type { Replay } from "../record/replay.js";
import type { Wiring } from "../wiring/wiring.js";
import { type Mover, VirtualMover } from "./mover.js";
import { type BoardPlug, Plug } from "./plug.js";
import { RealMover } from "./real-mover.js";
import type { RealParts } from "./real-parts.js";
import { RealPlug } from "./real-plug.js";
import { type PlugWires, RigBoard } from "./rig-board.js";
import { RigMesh } from "./rig-mesh.js";
import { Watch } from "./watch.js";

export interface RigOptions {
  readonly definition: CircuitDefinition;
  readonly wiring: Wiring | undefined;
  readonly firmware: string | Uint8Array | undefined;
  /** Boards that are recorded ones, by name. */
  readonly replays: ReadonlyMap<string, Replay>;
  readonly seed: number;
  /** Path of the file that it is recorded to. */
  readonly record: string | undefined;
  readonly real: RealParts | undefined;
}

/** Time for boards to be ready and sketches to be set up, in milliseconds: StandardFirmata takes 2.2 s to begin. */
const START_MS = 30_000;

/** What `setup()` has written is on the pins then. */
const SETTLE_MS = 50;

/** Time for a circuit to close, at most: its session waits 30 s for a board that is unplugged. */
const CLOSE_MS = 60_000;

/** The circuit of a rig, from its start to its end. */
export class RunningCircuit {
  readonly told: CircuitEvent[] = [];
  readonly mover: Mover;
  readonly mesh: RigMesh;
  readonly watch: Watch;
  readonly boards: ReadonlyMap<string, RigBoard>;
  /** None where something is real. */
  readonly #time: VirtualTime | undefined;
  /** Ends what sketches' timers there are in real time, as virtual time forgets its own. */
  readonly #life: Life | undefined;
  readonly #definition: CircuitDefinition;
  readonly #replays: ReadonlyMap<string, Replay>;
  readonly #stopping = new AbortController();
  /** Its files are read and its modules loaded: it asks for a board or a node. */
  readonly #touched = new Moment();
  readonly #failed = new Moment();
  /** Names of the boards that the circuit uses. */
  readonly #sought = new Set<string>();
  #failure: unknown;
  #summary: Summary | undefined;
  #run: Promise<void> | undefined;
  readonly #record: string | undefined;
  #recorder: Recorder | undefined;
  #recordedFromMs = 0;
  #isClosed = false;

  constructor({ seed, ...options }: RigOptions) {
    const { definition, replays, record, real } = options;
    this.#record = record;
    this.#replays = replays;
    this.#definition = { ...definition, seed };
    const time = real ? undefined : new VirtualTime();
    this.#time = time;
    this.#life = time ? undefined : new Life();
    const mover = time ? new VirtualMover(time) : new RealMover();
    this.mover = mover;
    this.mesh = new RigMesh({
      touched: () => this.#touched.reach(),
      nowMs: () => mover.nowMs,
      inner: real?.mesh,
    });
    const watch = new Watch(mover, this.#failed.promise, () => this.check());
    this.watch = watch;
    const names = Object.keys(definition.boards ?? DEFAULT_BOARDS).filter((name) => !replays.has(name));
    this.boards = new Map(
      names.map((name, index) => [
        name,
        new RigBoard({
          ...{ name, watch, wiring: options.wiring, seed: seed + index },
          plug: (wires) => this.#plug(wires, options),
          edge: ({ atMs, ...edge }) =>
            this.#recorder?.add({ kind: "edge", board: name, ...edge, atMs: atMs - this.#recordedFromMs }),
        }),
      ]),
    );
  }

  /** Resolves when all boards are ready and all nodes are served. Rejects with why they are not. */
  async start(): Promise<void> {
    this.#recorder = await this.#beginRecording();
    this.#time?.install();
    const links = Object.fromEntries([
      ...[...this.boards].map(([name, { plug }]) => [name, plug.relink]),
      ...[...this.#replays].map(([name, replay]) => [name, () => this.#relink(name, replay)]),
    ]);
    const { mesh } = this;
    const onEvent = (event: CircuitEvent) => this.#tell(event);
    const onFlow = () => this.#touched.reach();
    const running = this.within(() =>
      runCircuit(this.#definition, {
        ...{ links, mesh, onEvent, onFlow, env: {}, signal: this.#stopping.signal },
        ...(this.#recorder && { record: this.#recorder }),
      }),
    );
    this.#run = running.then(
      (summary) => {
        this.#summary = summary;
      },
      (error: unknown) => {
        this.#failure = error;
        this.#failed.reach();
      },
    );
    // No virtual time passes while files are read, however long that takes.
    await Promise.race([this.#touched.promise, this.#run]);
    const hasEnded = () => this.#summary !== undefined;
    const hasBegun = await this.watch.until(() => this.#isReady || hasEnded(), {
      limitMs: START_MS,
      pollMs: 1,
    });
    if (!hasBegun)
      throw new CircuitError("TIMEOUT", `Cannot begin: the circuit is not ready after ${START_MS / 1_000} s`);
    if (!hasEnded()) await this.watch.advance(SETTLE_MS);
  }

  /** Does something that sketches may set timers for. */
  within<Result>(work: () => Result): Result {
    return this.#life ? this.#life.enter(work) : work();
  }

  /** @throws What the circuit has failed with; `USAGE` once it is closed. */
  check(): void {
    if (this.#isClosed) throw new CircuitError("USAGE", "Cannot use the rig: it is closed");
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for a circuit that ends by itself. @throws {CircuitError} `TIMEOUT`. */
  async done(limitMs: number): Promise<Summary> {
    if (this.#run) await this.mover.settles(this.#run, limitMs);
    this.check();
    if (this.#summary) return this.#summary;
    throw new CircuitError("TIMEOUT", `Cannot wait for the circuit's end: it goes on after ${limitMs} ms`);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopping.abort(new CircuitError("LINK_CLOSED", "Cannot go on: the rig was closed"));
    try {
      if (this.#run) await this.mover.settles(this.#run, CLOSE_MS);
    } finally {
      this.#time?.uninstall();
      this.#life?.end(this.#stopping.signal.reason);
      await this.#recorder?.close();
    }
  }

  /** In virtual time the same run gives the same bytes, whenever it is. */
  async #beginRecording(): Promise<Recorder | undefined> {
    if (this.#record === undefined) return undefined;
    const { boards = DEFAULT_BOARDS, seed } = this.#definition;
    // What is written goes by the disk's time, and needs no timer: all is in the file when the rig is closed.
    const clock = { now: () => this.mover.nowMs, after: () => () => {}, sleep: systemClock.sleep };
    const failed = (problem: CircuitError) => this.#tell({ type: "notice", text: describeThrown(problem) });
    this.#recordedFromMs = this.mover.nowMs;
    const header = { version: readVersion(), boards, ...(seed !== undefined && { seed }) };
    return Recorder.begin(this.#record, header, { clock, failed, replaces: true });
  }

  get #isReady(): boolean {
    const nodes = Object.keys(this.#definition.nodes ?? {});
    const opened = this.told.flatMap((event) => (event.type === "board" ? [event.board] : []));
    const isServed = nodes.every((node) => this.mesh.names.includes(node));
    return isServed && [...this.#sought].every((board) => opened.includes(board));
  }

  /** An emulated board's, or a real one's. */
  #plug(wires: PlugWires, { firmware, real }: Pick<RigOptions, "firmware" | "real">): BoardPlug {
    const { name, attachments } = wires;
    const sought = () => this.#seek(name);
    if (this.#time) return new Plug({ ...wires, time: this.#time, firmware, sought });
    const address = real?.boards[name] ?? DEFAULT_BOARD;
    const image = firmware !== undefined && { firmware };
    const make = async () =>
      address === DEFAULT_BOARD
        ? { link: new PacedUno({ address, attachments, ...image }) }
        : makeLink(address, { attachments });
    return new RealPlug({
      ...{ ...wires, address, make, sought },
      ...{ hand: real?.hand, nowMs: () => this.mover.nowMs },
    });
  }

  #relink(name: string, replay: Replay): Promise<ByteLink> {
    this.#seek(name);
    return replay.relink();
  }

  /** The circuit looks for a board. */
  #seek(name: string): void {
    this.#sought.add(name);
    this.#touched.reach();
  }

  #tell(event: CircuitEvent): void {
    this.told.push(event);
    this.#touched.reach();
    // What sketches set up is what a test may expect first.
    if (event.type === "board") this.watch.mark();
  }
}

/** Something that comes once. */
class Moment {
  reach = () => {};
  readonly promise = new Promise<void>((resolve) => {
    this.reach = resolve;
  });
}
