import { backoff } from "../../../src/core/backoff.js";
import { CircuitError } from "../../../src/core/error.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import type { Advert } from "../../../src/mesh/discovery/advert.js";
import { Discovery } from "../../../src/mesh/discovery/discovery.js";
import { Pursuit } from "../../../src/mesh/discovery/pursuit.js";
import type { Sightings, Source } from "../../../src/mesh/discovery/source.js";
import type { Dialing } from "../../../src/mesh/framed/dialing.js";
import type { FrameLink } from "../../../src/mesh/framed/frame-link.js";
import { DEFAULT_LIMITS } from "../../../src/mesh/limits.js";
import { openMemoryLink } from "../../../src/mesh/memory/memory-link.js";
import { Node } from "../../../src/mesh/node.js";
import { Sender } from "../../../src/mesh/sender.js";
import { LinkCutter } from "../../contract/link-cutter.js";

/** Nodes that one process serves, and that one table is for. */
const NODES_PER_PROCESS = 25;

/** How long word of a node takes to every process, in milliseconds. */
const WORD_MS = 10;

/** What has been done so far, all nodes together. */
export interface Work {
  /** Timers set, and those that came due. */
  timers: number;
  calls: number;
  /** Words of nodes that reached a process, and changes of tables. */
  sightings: number;
  changes: number;
  dials: number;
  frames: number;
  bytes: number;
}

class CountingClock extends ManualClock {
  readonly #work: Work;

  constructor(work: Work) {
    super();
    this.#work = work;
  }

  override after(delayMs: number, callback: () => void): () => void {
    this.#work.timers++;
    return super.after(delayMs, () => {
      this.#work.calls++;
      callback();
    });
  }
}

interface SimulatedProcess {
  readonly discovery: Discovery;
  readonly source: SimulatedSource;
}

interface SimulatedNode {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly sender: Sender;
  readonly cutter: LinkCutter;
  node: Node;
  withdraw: () => Promise<void>;
}

/** Many nodes in one process and in virtual time, that find each other and of which each talks to the next. */
export class Simulation {
  readonly work: Work = { timers: 0, calls: 0, sightings: 0, changes: 0, dials: 0, frames: 0, bytes: 0 };
  readonly clock = new CountingClock(this.work);
  readonly processes: SimulatedProcess[] = [];
  readonly #nodes: SimulatedNode[] = [];
  /** What listens where. */
  readonly #network = new Map<string, Node>();
  #addresses = 0;

  /** Starts so many nodes. Resolves when their word is on its way. */
  async start(count: number): Promise<void> {
    for (let index = 0; index < count / NODES_PER_PROCESS; index++) {
      const source = new SimulatedSource(this);
      const identify = async () => ({ kind: "silent" }) as const;
      const discovery = new Discovery({ sources: [source], identify });
      this.processes.push({ discovery, source });
      await discovery.start();
      discovery.table.watch(() => this.work.changes++);
    }
    for (let index = 0; index < count; index++) await this.#add(`node${index}`, index);
  }

  /** Each sends a message to the next, over a link that it keeps. */
  async talk(): Promise<void> {
    const sent = this.#nodes.map(({ sender }, index) =>
      sender.send(this.#nodes[(index + 1) % this.#nodes.length]?.name ?? "", index),
    );
    await this.#finish(Promise.all(sent));
  }

  /** Cuts the link of a node to the next; the next message needs another. */
  async cut(index: number): Promise<void> {
    this.#nodes[index]?.cutter.cutAll();
    await this.#say(index);
  }

  /** Ends a node, and starts its successor at another address; the one before it sends it a message. */
  async replace(index: number): Promise<void> {
    const old = this.#nodes[index];
    if (old === undefined) return;
    await old.withdraw();
    await this.#finish(old.node.close());
    this.#nodes[index] = { ...old, ...(await this.#serve(old.name, old.process)) };
    await this.#say(index - 1);
  }

  /** Lets time pass, and what follows from it happen. */
  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += WORD_MS) {
      this.clock.advance(WORD_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  close(): void {
    for (const { sender } of this.#nodes) sender.close();
  }

  /** What a source tells of a node reaches every process, some time later. */
  tell(advert: Advert, isThere: boolean): void {
    this.clock.after(WORD_MS, () => {
      for (const { source } of this.processes) source.hear(advert, isThere);
    });
  }

  async #say(index: number): Promise<void> {
    const next = this.#nodes[(index + 1) % this.#nodes.length]?.name ?? "";
    await this.#finish(this.#nodes[index]?.sender.send(next, "again"));
  }

  /** Lets time pass until something is done. */
  async #finish(work: Promise<unknown> | undefined): Promise<void> {
    let isDone = false;
    void work?.finally(() => {
      isDone = true;
    });
    for (let waits = 0; !isDone; waits++) {
      if (waits > 1_000) throw new Error("Cannot go on: it has taken 10 s");
      await this.pass(WORD_MS);
    }
    await work;
  }

  async #add(name: string, index: number): Promise<void> {
    const process = this.processes[index % this.processes.length];
    if (process === undefined) return;
    const { clock } = this;
    const limits = DEFAULT_LIMITS;
    const cutter = new LinkCutter((target, dialing, waitMs) => {
      const pursuit = new Pursuit({
        target,
        discovery: process.discovery,
        fallback: undefined,
        avoided: new Set(),
        dialing,
        waitMs,
        dial: (address, toFound, firstWaitMs) => this.#dial(address, toFound, firstWaitMs),
      });
      void pursuit.start();
      return () => pursuit.cancel();
    });
    const sender = new Sender({
      dial: cutter.dial,
      clock,
      limits,
      patienceMs: Number.POSITIVE_INFINITY,
      notice: undefined,
      schedule: queueMicrotask,
    });
    this.#nodes.push({ name, process, sender, cutter, ...(await this.#serve(name, process)) });
  }

  async #serve(name: string, { discovery }: SimulatedProcess) {
    const { clock } = this;
    const handler = () => "";
    const node = new Node({ name, handler, clock, limits: DEFAULT_LIMITS, schedule: queueMicrotask });
    const address = `ws://192.0.2.1:${++this.#addresses}`;
    this.#network.set(address, node);
    const withdraw = await discovery.announce({ boot: node.boot, name, addresses: [address], engine: "ws" });
    return {
      node,
      withdraw: async () => {
        this.#network.delete(address);
        await withdraw();
      },
    };
  }

  #dial(address: () => string, dialing: Dialing, waitMs: number): () => void {
    const waits = backoff();
    let stop = () => {};
    const attempt = () => {
      this.work.dials++;
      const found = address();
      const node = this.#network.get(found);
      if (node) {
        stop = openMemoryLink(node, { opened: (link) => dialing.opened(this.#counting(link)) });
        return;
      }
      dialing.missing(found, new CircuitError("PEER_MISSING", "Cannot reach it: nobody listens there"));
      stop = this.clock.after(waits.next().value, attempt);
    };
    stop = this.clock.after(waitMs, attempt);
    return () => stop();
  }

  #counting(link: FrameLink): FrameLink {
    return {
      isFull: false,
      isLocal: true,
      headBytes: link.headBytes,
      close: () => link.close(),
      send: (frame) => {
        this.work.frames++;
        this.work.bytes += frame.length;
        link.send(frame);
      },
    };
  }
}

/** How nodes learn of each other here. */
class SimulatedSource implements Source {
  readonly name = "lan";
  readonly #simulation: Simulation;
  #sightings: Sightings | undefined;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  async start(sightings: Sightings): Promise<void> {
    this.#sightings = sightings;
  }

  async publish(advert: Advert): Promise<() => Promise<void>> {
    this.#simulation.tell(advert, true);
    return async () => this.#simulation.tell(advert, false);
  }

  hear(advert: Advert, isThere: boolean): void {
    this.#simulation.work.sightings++;
    if (isThere) this.#sightings?.announce(advert);
    else this.#sightings?.forget(advert.boot);
  }

  async close(): Promise<void> {}
}
