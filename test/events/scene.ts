import { ManualClock } from "../../src/core/manual-clock.js";
import type { ObserverHost } from "../../src/events/host.js";
import { Observers } from "../../src/events/observers.js";
import type { DurableEvents } from "../../src/mesh/durable.js";
import type { MeshEvent } from "../../src/mesh/event.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { turns } from "../contract/waiting.js";

/** A node's observers on a mesh of one process, in time that a test moves. */
export class Scene {
  readonly clock = new ManualClock();
  readonly mesh = new MemoryMesh({ clock: this.clock });
  readonly notices: string[] = [];
  /** What was published to `circuit.errors.>`. */
  readonly errors: MeshEvent[] = [];
  readonly observers: Observers;

  constructor({ durable, node = "desk" }: { readonly durable?: DurableEvents; readonly node?: string } = {}) {
    const { mesh, clock } = this;
    const host: ObserverHost = {
      clock,
      node,
      mesh: {
        durable,
        subscribe: (pattern, handler, options) => mesh.subscribe(pattern, handler, options),
        publishOwn: (subject, data, options) => mesh.publishOwn(subject, data, options),
      },
      publish: (subject, data, options) => mesh.publish(subject, data, options),
      notice: (text) => this.notices.push(text),
      runBecause: (_cause, work) => work(),
    };
    this.observers = new Observers(host);
    mesh.subscribe("circuit.errors.>", (event) => this.errors.push(event));
  }

  /** Publishes events of one subject and lets everything that needs no time happen. */
  async publish(subject: string, ...data: readonly (string | number)[]): Promise<void> {
    for (const each of data) this.mesh.publish(subject, each);
    await turns();
  }

  /** Lets time pass, and everything that it brings. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await turns();
  }

  /** The figures of the only pattern. */
  get counts() {
    const [tally] = this.observers.counts();
    return tally && { handled: tally.handled, failed: tally.failed, dropped: tally.dropped };
  }
}
