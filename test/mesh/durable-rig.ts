import type { TestContext } from "node:test";
import type { ConsumeOptions, Consumer, DurableEvent, DurableEvents } from "../../src/mesh/durable.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { temporaryFolder } from "../temporary-folder.js";
import { keepingBelow, type NatsServer, startNats } from "./nats-server.js";
import { NatsWire } from "./nats-wire.js";

/** A server with storage, which may be killed and comes back with what it has kept, and those who use it. */
export class DurableRig {
  server: NatsServer;
  readonly #context: TestContext;
  readonly #config: string;

  private constructor(context: TestContext, config: string, server: NatsServer) {
    this.#context = context;
    this.#config = config;
    this.server = server;
  }

  static async open(context: TestContext, more = ""): Promise<DurableRig> {
    const config = keepingBelow(temporaryFolder()) + more;
    const rig = new DurableRig(context, config, await startNats({ config }));
    context.after(() => rig.server.kill());
    return rig;
  }

  mesh(): NatsMesh & { readonly durable: DurableEvents } {
    const mesh = new NatsMesh({ url: this.server.url });
    this.#context.after(() => mesh.close());
    return mesh;
  }

  async wire(): Promise<NatsWire> {
    const wire = await NatsWire.connect(this.server.port);
    this.#context.after(() => wire.close());
    return wire;
  }

  /** Kills the server, and starts it again where it was. */
  async restart(): Promise<void> {
    await this.server.kill();
    this.server = await startNats({ config: this.#config, port: this.server.port });
  }
}

/** A durable listener that keeps what it is handed. */
export class DurableEar {
  readonly events: DurableEvent[] = [];
  readonly errors: unknown[] = [];
  readonly dead: DurableEvent[] = [];
  #consumer: Consumer | undefined;
  readonly #waiting = new Set<() => void>();

  static async open(
    mesh: NatsMesh,
    pattern: string,
    options: ConsumeOptions & { readonly does?: (event: DurableEvent, signal: AbortSignal) => unknown },
  ): Promise<DurableEar> {
    const ear = new DurableEar();
    const { does, ...rest } = options;
    const handler = async (event: DurableEvent, signal: AbortSignal) => {
      ear.events.push(event);
      ear.#changed();
      try {
        await does?.(event, signal);
      } finally {
        ear.#changed();
      }
    };
    ear.#consumer = await mesh.durable.consume(pattern, handler, {
      onError: (error) => {
        ear.errors.push(error);
        ear.#changed();
      },
      onDead: (event) => {
        ear.dead.push(event);
        ear.#changed();
      },
      ...rest,
    });
    return ear;
  }

  get consumer(): Consumer {
    if (!this.#consumer) throw new Error("It does not listen yet");
    return this.#consumer;
  }

  get data(): Payload[] {
    return this.events.map(({ data }) => data);
  }

  until(count: number): Promise<void> {
    return this.when(() => this.events.length >= count);
  }

  async when(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** What is kept, by the names of streams. */
export async function streams(durable: DurableEvents) {
  return Object.fromEntries((await durable.report()).map((stream) => [stream.name, stream]));
}
