import assert from "node:assert/strict";
import type { MeshLimits } from "../../../src/mesh/limits.js";
import { Child, type CleanUp } from "../child.js";

const MIB = 1_048_576;

/** A node and a well-behaved peer of it, each in a process of its own. */
export class Scene {
  readonly address: string;
  readonly port: number;
  readonly #node: Child;
  readonly #bystander: Child;
  readonly #quietBytes: number;

  private constructor(address: string, node: Child, bystander: Child, quietBytes: number) {
    this.address = address;
    this.port = Number(new URL(address).port);
    this.#node = node;
    this.#bystander = bystander;
    this.#quietBytes = quietBytes;
  }

  static async open(context: CleanUp, limits: Partial<MeshLimits> = {}): Promise<Scene> {
    const node = new Child(context, new URL("./node-end.js", import.meta.url), {
      nodeArgs: ["--expose-gc"],
    });
    const bystander = new Child(context, new URL("./bystander-end.js", import.meta.url));
    const address = await node.ask<string>("serve", limits);
    await bystander.ask("start", address);
    await bystander.ask("look", 50);
    return new Scene(address, node, bystander, await node.ask<number>("usedBytes"));
  }

  /** Median time of the bystander's messages from now on, in milliseconds. Rejects if one of them failed. */
  async latencyMs(messages = 30): Promise<number> {
    await this.#bystander.ask("look", 0);
    const { medianMs } = await this.#bystander.ask<{ medianMs: number }>("look", messages);
    return medianMs;
  }

  /** Asserts that every message of the bystander has been acknowledged, some of them since the last time. */
  async othersGoOn(): Promise<void> {
    await this.#bystander.ask("look", 3);
  }

  /** MiB that the node uses more than when the bystander was alone with it. */
  async grownMib(): Promise<number> {
    return ((await this.#node.ask<number>("usedBytes")) - this.#quietBytes) / MIB;
  }

  async assertGrownAtMost(mostMib: number): Promise<void> {
    const grownMib = await this.grownMib();
    assert.ok(grownMib <= mostMib, `the node has grown by ${grownMib.toFixed(1)} MiB`);
  }

  /** Messages that the node has handled. */
  handled(): Promise<number> {
    return this.#node.ask<number>("handled");
  }
}
