import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { seededRandom } from "../../../src/core/random.js";
import { NatsMesh } from "../../../src/mesh/nats/nats-mesh.js";
import { cases } from "../../long.js";
import { Child } from "../../mesh/child.js";
import { keepingBelow, type NatsServer, skipWithoutNats, startNats } from "../../mesh/nats-server.js";
import { NatsWire } from "../../mesh/nats-wire.js";
import { temporaryFolder } from "../../temporary-folder.js";
import type { Told, WorkerPlan } from "./cluster-worker.js";

const skip = skipWithoutNats;
const WORKER = new URL("cluster-worker.js", import.meta.url);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

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
class Servers {
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

  async restart(index: number, awayMs: number): Promise<void> {
    await (process.env.SIGKILL ? this.#running[index]?.kill() : this.#running[index]?.stop());
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
    const endMs = performance.now() + STUCK_MS / 2;
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

/** What workers have written, read on and on. */
class Ledger {
  readonly times = new Map<number, number>();
  readonly #folder: string;
  readonly #read = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Lines in a row of one worker since the last call, by worker. */
  read(): Map<string, number> {
    const news = new Map<string, number>();
    for (const file of existsSync(this.#folder) ? readdirSync(this.#folder) : []) {
      const text = readFileSync(join(this.#folder, file), "utf8");
      const from = this.#read.get(file) ?? 0;
      const to = text.lastIndexOf("\n") + 1;
      this.#read.set(file, to);
      const lines = text.slice(from, to).split("\n").slice(0, -1);
      for (const line of lines) {
        const n = Number(line.split(" ")[2]);
        this.times.set(n, (this.times.get(n) ?? 0) + 1);
      }
      if (lines.length > 0) news.set(file.replace(".txt", ""), lines.length);
    }
    return news;
  }
}

async function startWorker(context: TestContext, plan: WorkerPlan): Promise<Child> {
  const worker = new Child(context, WORKER);
  await worker.ask("start", plan);
  return worker;
}

/** When the source began and ceased to run on each worker, as they have told. */
class Terms {
  readonly #workers: readonly Child[];
  /** Of each worker; the last of them may not be over. */
  readonly #terms: { fromMs: number; toMs: number }[][];

  constructor(workers: readonly Child[]) {
    this.#workers = workers;
    this.#terms = workers.map(() => []);
  }

  /** Of all workers, in order. */
  get all(): readonly { readonly fromMs: number; readonly toMs: number }[] {
    return this.#terms.flat().sort((one, other) => one.fromMs - other.fromMs);
  }

  async read(): Promise<void> {
    for (const [index, worker] of this.#workers.entries()) {
      const terms = this.#terms[index] ?? [];
      for (const { text, at } of await worker.ask<Told[]>("lines").catch(() => [])) {
        const last = terms.at(-1);
        if (text.includes("runs here")) terms.push({ fromMs: at, toMs: Number.POSITIVE_INFINITY });
        else if (text.includes("its lease is over") && last) last.toMs = at;
      }
    }
  }

  /** The first worker that runs the source. */
  async holder(): Promise<number> {
    for (;;) {
      await this.read();
      const index = this.#terms.findIndex(({ length }) => length > 0);
      if (index >= 0) return index;
      await sleep(10);
    }
  }
}

/** Waits until so many more items are through, and none before them is missing. */
async function more(ledger: Ledger, count: number): Promise<void> {
  const most = () => Math.max(-1, ...ledger.times.keys());
  ledger.read();
  const before = most();
  while (most() < before + count || ledger.times.size < most() + 1) {
    await sleep(50);
    ledger.read();
  }
}

function twiceIn({ times }: Ledger): string[] {
  return [...times].filter(([, count]) => count > 1).map(([n, count]) => `${n}×${count}`);
}

/** When nothing has come for so long nothing will, in milliseconds. */
const STUCK_MS = 60_000;

const ENDLESS = { count: 1_000_000, rate: 1 };

test("the source of a worker that is killed runs on another within 3 s, and goes on where it was", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const servers = await Servers.open(context, 1);
  const plan = { ...ENDLESS, urls: servers.urls, replicas: 1, folder: temporaryFolder() };
  const workers = await Promise.all([startWorker(context, plan), startWorker(context, plan)]);
  const terms = new Terms(workers);
  const holder = await terms.holder();
  await sleep(1_000);
  await workers[holder]?.kill();
  const killedAtMs = performance.now();
  await new Terms(workers.filter((_, index) => index !== holder)).holder();
  const tookMs = performance.now() - killedAtMs;
  context.diagnostic(`taken over after ${Math.round(tookMs)} ms`);
  assert.ok(tookMs <= 3_000, `${tookMs} ms`);
  const ledger = new Ledger(plan.folder);
  await more(ledger, 100);
  // What was handled and not acknowledged when it was killed.
  assert.ok(twiceIn(ledger).length <= 256, `${twiceIn(ledger).length} twice`);
});

test("a worker that stood still for longer than its lease sends nothing of its source when it goes on", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const servers = await Servers.open(context, 1);
  const plan = { ...ENDLESS, urls: servers.urls, replicas: 1, folder: temporaryFolder() };
  const workers = await Promise.all([startWorker(context, plan), startWorker(context, plan)]);
  const terms = new Terms(workers);
  const holder = await terms.holder();
  await sleep(500);
  const pid = (await workers[holder]?.ask<number>("pid")) ?? 0;
  process.kill(pid, "SIGSTOP");
  const others = workers.filter((_, index) => index !== holder);
  const next = new Terms(others);
  await next.holder();
  await sleep(1_000);
  process.kill(pid, "SIGCONT");
  const ledger = new Ledger(plan.folder);
  await more(ledger, 300);
  await terms.read();
  const [first] = terms.all;
  assert.ok(Number.isFinite(first?.toMs), "it has paused");
  context.diagnostic(`${ledger.times.size} items, twice: ${twiceIn(ledger).join(" ")}`);
  assert.ok(twiceIn(ledger).length <= 256, `${twiceIn(ledger).length} twice`);
});

test("where the leader of the leases is lost, sources pause, at most 10 s, and never run twice", {
  skip,
  timeout: 120_000,
}, async (context) => {
  const servers = await Servers.open(context, 3);
  const plan = { ...ENDLESS, urls: servers.urls, replicas: 3, folder: temporaryFolder() };
  const workers = await Promise.all([startWorker(context, plan), startWorker(context, plan)]);
  const terms = new Terms(workers);
  await terms.holder();
  const ledger = new Ledger(plan.folder);
  await more(ledger, 100);
  await servers.kill(await servers.leaderOf("KV_circuit_leases"));
  while (terms.all.length < 2) {
    await sleep(100);
    await terms.read();
  }
  await more(ledger, 100);
  await terms.read();
  for (const [index, { toMs }] of terms.all.entries()) {
    const { fromMs } = terms.all[index + 1] ?? { fromMs: Number.POSITIVE_INFINITY };
    if (fromMs === Number.POSITIVE_INFINITY) continue;
    context.diagnostic(`paused for ${fromMs - toMs} ms`);
    assert.ok(fromMs >= toMs, "one at a time");
    assert.ok(fromMs - toMs <= 10_000, `${fromMs - toMs} ms`);
  }
  context.diagnostic(`${ledger.times.size} items, twice: ${twiceIn(ledger).join(" ")}`);
});

/** Runs all items through a cluster of three servers and three workers that are ended at random. */
async function endAtRandom(context: TestContext, endsServers: boolean) {
  const seed = Number(process.env.CIRCUIT_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  context.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const count = cases(2_000, 100_000);
  const servers = await Servers.open(context, 3);
  const folder = temporaryFolder();
  const plan = { urls: servers.urls, replicas: 3, folder, count, rate: cases(4, 25) };
  const workers = await Promise.all([0, 1, 2].map(() => startWorker(context, plan)));
  const ledger = new Ledger(folder);
  const kills = { workers: 0, servers: 0 };
  let restarting = Promise.resolve();
  let isServerAway = false;
  // The first kill is of what runs: a cluster needs some seconds to find itself.
  while (ledger.read().size === 0) await sleep(100);
  let lastNewsMs = performance.now();
  while (ledger.times.size < count && performance.now() - lastNewsMs < STUCK_MS) {
    await sleep(300 + below(cases(900, 2_000)));
    if (ledger.read().size > 0) lastNewsMs = performance.now();
    if (ledger.times.size > count * 0.95) continue;
    if (endsServers && !isServerAway && random() < 0.3) {
      isServerAway = true;
      kills.servers++;
      restarting = servers.restart(below(3), below(2_000)).then(async () => {
        // One at a time is away: two of three have to agree.
        await servers.untilWhole();
        isServerAway = false;
      });
    } else {
      const index = below(3);
      kills.workers++;
      await workers[index]?.kill();
      workers[index] = await startWorker(context, plan);
    }
  }
  await restarting;
  ledger.read();
  const lost = Array.from({ length: count }, (_, n) => n).filter((n) => !ledger.times.has(n));
  const twice = twiceIn(ledger);
  const mesh = new NatsMesh({ url: servers.urls });
  context.after(() => mesh.close());
  const dead: unknown[] = [];
  for await (const { event, cause } of mesh.durable.dead()) dead.push([event.data, cause]);
  context.diagnostic(
    `${count} items, ${kills.workers} workers and ${kills.servers} servers killed, ${twice.length} twice: ${twice.slice(0, 20).join(" ")}`,
  );
  assert.deepEqual(dead, [], `seed ${seed}`);
  assert.ok(kills.workers + kills.servers >= 1, "they were killed");
  return { seed, count, lost };
}

const LONG = { skip, timeout: cases(150_000, 1_500_000) };

test("of a cluster of workers that are killed at random, every item comes out", LONG, async (context) => {
  const { seed, lost } = await endAtRandom(context, false);
  assert.deepEqual(lost, [], `seed ${seed}`);
});

/** What nats-server 2.9.10 may lose of what it has stored when servers come and go every few seconds: 9 of 100 000 were seen. */
const LOST_BY_SERVERS = 1 / 1_000;

// It takes minutes, most of which the servers need to find each other.
if (cases(0, 1) === 1) {
  test(
    "a cluster whose workers are killed, and whose servers come and go, goes on to the last item",
    LONG,
    async (context) => {
      const { seed, count, lost } = await endAtRandom(context, true);
      context.diagnostic(`lost: ${lost.join(" ")}`);
      assert.ok(lost.length <= Math.max(20, count * LOST_BY_SERVERS), `seed ${seed}: ${lost.length} lost`);
      assert.ok(!lost.includes(count - 1), `seed ${seed}`);
    },
  );
}
