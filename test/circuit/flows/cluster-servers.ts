import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { keepingBelow, type NatsServer, startNats } from "../../mesh/nats-server.js";
import { NatsWire } from "../../mesh/nats-wire.js";
import { temporaryFolder } from "../../temporary-folder.js";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Time that servers that were started may need until each has all, in milliseconds. */
const WHOLE_MS = 30_000;

/** A port that was free a moment ago: a server that comes back has to have the one that it had. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("A server has no port");
  return address.port;
}

/** Of a stream or a consumer, as the server tells of it. */
interface Cluster {
  readonly leader?: string;
  readonly replicas?: readonly { readonly current: boolean; readonly lag?: number }[];
}

/** Servers that keep what they have when they are killed, and know each other when they come back. */
export class Servers {
  readonly #configs: readonly string[];
  readonly #ports: readonly number[];
  readonly #running: (NatsServer | undefined)[] = [];

  private constructor(configs: readonly string[], ports: readonly number[]) {
    this.#configs = configs;
    this.#ports = ports;
  }

  static async open(context: TestContext, count: number): Promise<Servers> {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const clusterPorts = await Promise.all(Array.from({ length: count }, freePort));
    const routes = clusterPorts.map((port) => `nats://127.0.0.1:${port}`).join(", ");
    const configs = clusterPorts.map((port, index) => {
      const cluster = `cluster { name: circuit, host: "127.0.0.1", port: ${port}, routes: [${routes}] }`;
      return `${keepingBelow(temporaryFolder())}${count > 1 ? `server_name: s${index}\n${cluster}` : ""}`;
    });
    const servers = new Servers(configs, ports);
    context.after(() => servers.killAll());
    await Promise.all(ports.map((_, index) => servers.start(index)));
    return servers;
  }

  get urls(): string {
    return this.#ports.map((port) => `nats://127.0.0.1:${port}`).join(",");
  }

  async start(index: number): Promise<void> {
    const port = this.#ports[index] ?? 0;
    while (this.#running[index] === undefined) {
      // Somebody may have its port for a moment.
      this.#running[index] = await startNats({ config: this.#configs[index] ?? "", port }).catch(
        () => undefined,
      );
    }
  }

  /** @param how As a service manager ends it, or as a power cut does. */
  async restart(index: number, awayMs: number, how: "stop" | "kill" = "stop"): Promise<void> {
    await this.#running[index]?.[how]();
    this.#running[index] = undefined;
    await sleep(awayMs);
    await this.start(index);
  }

  async kill(index: number): Promise<void> {
    await this.#running[index]?.kill();
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#running.map((server) => server?.kill()));
  }

  /**
   * Resolves when each server has all that the others have. Before that, whoever kills another kills a majority of those who
   * have something.
   */
  async untilWhole(): Promise<void> {
    const endMs = performance.now() + WHOLE_MS;
    while (!(await this.#isWhole().catch(() => false)) && performance.now() < endMs) await sleep(100);
  }

  async #isWhole(): Promise<boolean> {
    const wire = await NatsWire.connect(this.#ports[0] ?? 0);
    const ask = async (what: string) => JSON.parse((await wire.request(`$JS.API.${what}`, "")).text);
    try {
      const clusters: Cluster[] = [];
      for (const stream of (await ask("STREAM.NAMES")).streams) {
        clusters.push((await ask(`STREAM.INFO.${stream}`)).cluster);
        for (const { cluster } of (await ask(`CONSUMER.LIST.${stream}`)).consumers ?? [])
          clusters.push(cluster);
      }
      return clusters.every(
        ({ leader, replicas }) =>
          leader && replicas?.length === 2 && replicas.every(({ current, lag = 0 }) => current && lag === 0),
      );
    } finally {
      wire.close();
    }
  }

  /** Number of the server that leads a stream. */
  async leaderOf(stream: string): Promise<number> {
    const port = this.#ports[0] ?? 0;
    const wire = await NatsWire.connect(port);
    const { text } = await wire.request(`$JS.API.STREAM.INFO.${stream}`, "");
    wire.close();
    const info = JSON.parse(text);
    return Number(/\d+$/.exec(info.cluster.leader)?.[0]);
  }
}
