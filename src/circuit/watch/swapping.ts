import type { CircuitDefinition, NodeDefinition } from "../../config/define.js";
import type { Reread } from "../../config/watched-config.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError, describeThrown } from "../../core/error.js";
import type { Sketch } from "../../sketch/sketch.js";
import { makeSketch } from "../sketches.js";
import { differencesOf, makesTheSame } from "./differences.js";
import { SwappableSketch } from "./swappable-sketch.js";

/** What a running circuit does when nodes come and go. */
export interface Settling {
  /** Has a node begin: its sketch is made, and nothing else. */
  add(name: string): Promise<void>;
  /** Ends one. */
  remove(name: string): Promise<void>;
}

export interface SwappingOptions {
  readonly definition: CircuitDefinition;
  readonly clock: Clock;
  readonly settling: Settling;
  readonly notice: (text: string) => void;
}

/** Brings a running circuit to what its configuration says now, as far as that can be done without a restart. */
export class Swapping {
  /** As it runs: its nodes are exchanged. */
  readonly definition: CircuitDefinition & { readonly nodes: Record<string, NodeDefinition> };
  readonly sketches = new Map<string, SwappableSketch>();
  readonly #options: SwappingOptions;
  /** What was told of that waits for a restart. */
  #waiting = "";

  /** @throws {CircuitError} What `makeSketch()` throws. */
  constructor(options: SwappingOptions) {
    this.#options = options;
    this.definition = { ...options.definition, nodes: { ...options.definition.nodes } };
    for (const [name, node] of Object.entries(this.definition.nodes))
      this.sketches.set(name, this.#wrap(makeSketch(name, node)));
  }

  /** Takes a configuration that was read again. Never rejects: what cannot be is told, and goes on as it was. */
  async take(reread: Reread): Promise<void> {
    const { definition, files } = reread;
    const what = files.join(", ");
    if (definition === undefined) {
      this.#tell(`${what} changed, and all goes on as it was: ${describe(reread.problem)}`);
      return;
    }
    const made = new Map<string, Sketch>();
    const isSame = (change: { name: string; from: NodeDefinition; to: NodeDefinition }) => {
      const former = this.sketches.get(change.name);
      const sketch = this.#make(change.name, change.to);
      // One that cannot be made has been told of: the one before goes on.
      if (former === undefined || sketch === undefined) return true;
      made.set(change.name, sketch);
      return makesTheSame(change, { from: former.sketch, to: sketch }, reread.mayDiffer);
    };
    const { changed, added, removed, unswappable } = differencesOf(this.definition, definition, isSame);
    const { nodes = {} } = definition;
    const done: string[] = [];
    for (const name of removed)
      if (await this.#try(name, () => this.#remove(name))) done.push(`${name} ended`);
    for (const name of changed) {
      const sketch = made.get(name) ?? this.#make(name, nodes[name]);
      if (sketch && (await this.#try(name, () => this.#swap(name, nodes[name], sketch))))
        done.push(`${name} swapped`);
    }
    for (const name of added)
      if (await this.#try(name, () => this.#add(name, nodes[name]))) done.push(`${name} begun`);
    const tookMs = Math.round(this.#options.clock.now() - reread.atMs);
    if (done.length > 0) this.#tell(`${what} changed: ${done.join(", ")} in ${tookMs} ms`);
    this.#tellWaiting(unswappable);
  }

  async #swap(name: string, node: NodeDefinition | undefined, sketch: Sketch): Promise<void> {
    const former = this.sketches.get(name);
    if (former === undefined || node === undefined) return;
    if (former.usesBoard !== sketch.usesBoard) {
      // It has its board from the start, or none.
      await this.#remove(name);
      await this.#add(name, node);
      return;
    }
    await former.swap(sketch);
    this.definition.nodes[name] = node;
  }

  async #add(name: string, node: NodeDefinition | undefined): Promise<void> {
    if (node === undefined) return;
    this.sketches.set(name, this.#wrap(makeSketch(name, node)));
    this.definition.nodes[name] = node;
    try {
      await this.#options.settling.add(name);
    } catch (error) {
      await this.#remove(name);
      throw error;
    }
  }

  async #remove(name: string): Promise<void> {
    await this.#options.settling.remove(name);
    this.sketches.delete(name);
    delete this.definition.nodes[name];
  }

  #make(name: string, node: NodeDefinition | undefined): Sketch | undefined {
    try {
      return node && makeSketch(name, node);
    } catch (error) {
      this.#tell(`${name} goes on as it was: ${describe(error)}`);
      return undefined;
    }
  }

  async #try(name: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const state = this.sketches.has(name) ? "goes on as it was" : "is not there";
      this.#tell(`${name} ${state}: ${describe(error)}`);
      return false;
    }
  }

  #tellWaiting(settings: readonly string[]): void {
    const waiting = settings.join(", ");
    if (waiting !== this.#waiting && waiting !== "")
      this.#tell(`${waiting} changed: a circuit takes that when it starts; restart it`);
    this.#waiting = waiting;
  }

  #wrap(sketch: Sketch): SwappableSketch {
    return new SwappableSketch(sketch, this.#options);
  }

  #tell(text: string): void {
    this.#options.notice(text);
  }
}

/** A mistake in a sketch is found by where it was made: what called the sketch is nothing to its author. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error) || thrown instanceof CircuitError) return describeThrown(thrown);
  const [place] = thrown.stack?.match(/^\s+at (?!.*(?:node:|file:|node_modules)).*$/m) ?? [];
  return `${thrown.name}: ${thrown.message}${place === undefined ? "" : `\n${place}`}`;
}
