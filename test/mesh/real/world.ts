import { join } from "node:path";
import { type Random, seededRandom } from "../../../src/core/random.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { Child, type CleanUp } from "../child.js";
import { clusterOf, startCluster } from "../nats-cluster.js";
import { type NatsServer, startNats } from "../nats-server.js";
import { readDiary } from "./diary.js";
import type { MeshChoice } from "./meshes.js";
import type { Diaries } from "./model.js";
import { CALM, type Mood, WildProxy } from "./proxy.js";
import type { Posting } from "./sender-end.js";

/** What carries the messages: WebSockets through a proxy, a NATS server through a proxy, a cluster of three. */
export type Ground = "ws" | "nats" | "cluster";

const STEPS = 40;
const LONGEST_PAUSE_MS = 50;
const SENDERS = 2;

const MOODS: readonly Mood[] = [
  CALM,
  { ...CALM, pieceBytes: 1 },
  { ...CALM, delayMs: 20 },
  { delayMs: 5, pieceBytes: 100, cutAfterBytes: 4_000 },
  { ...CALM, cutAfterBytes: 1_000 },
];

interface Sender {
  readonly child: Child;
  readonly diary: string;
  hasDied: boolean;
}

/** A receiver, its senders, and what joins them, each a process of its own, to all of which anything may happen. */
export class RealWorld {
  readonly #ground: Ground;
  readonly #random: Random;
  readonly #context: CleanUp;
  readonly #folder = temporaryFolder();
  readonly #proxy: WildProxy;
  readonly #receivers = new Map<number, string>();
  readonly #senders: Sender[] = [];
  #servers: NatsServer[] = [];
  #choice: MeshChoice | undefined;
  #receiver: Child | undefined;
  #receiverPort = 0;
  /** What is being started or stopped; the next such waits for it. */
  #upheaval: Promise<unknown> = Promise.resolve();

  constructor(context: CleanUp, ground: Ground, seed: number) {
    this.#context = context;
    this.#ground = ground;
    this.#random = seededRandom(seed);
    this.#proxy = new WildProxy(seededRandom(seed + 1), () =>
      ground === "nats" ? (this.#servers[0]?.port ?? 0) : this.#receiverPort,
    );
  }

  /** Lets things happen, then brings everything back and waits until every message has come to its end. */
  async run(): Promise<Diaries> {
    try {
      await this.#open();
      for (let step = 0; step < STEPS; step++) {
        this.#act();
        await new Promise((resolve) => setTimeout(resolve, this.#below(LONGEST_PAUSE_MS)));
      }
      this.#proxy.mood = CALM;
      this.#proxy.isDown = false;
      await this.#upheaval; // over NATS it, too, needs the proxy
      const alive = this.#senders.filter(({ hasDied }) => !hasDied);
      await Promise.all(alive.map(({ child }) => child.ask("settled")));
      return this.#read();
    } finally {
      await this.#close();
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  async #open(): Promise<void> {
    const port = this.#ground === "cluster" ? 0 : await this.#proxy.open();
    if (this.#ground === "ws") this.#choice = { engine: "ws", grid: { target: `ws://127.0.0.1:${port}` } };
    if (this.#ground === "nats") {
      this.#servers = [await startNats()];
      this.#choice = { engine: "nats", url: `nats://127.0.0.1:${port}` };
    }
    if (this.#ground === "cluster") {
      this.#servers = await startCluster();
      this.#choice = { engine: "nats", url: this.#servers.map(({ url }) => url).join(",") };
    }
    await Promise.all([this.#startReceiver(), ...Array.from({ length: SENDERS }, () => this.#startSender())]);
  }

  async #startReceiver(): Promise<void> {
    const life = this.#receivers.size;
    const diary = join(this.#folder, `life-${life}`);
    this.#receivers.set(life, diary);
    this.#receiver = new Child(this.#context, new URL("./receiver-end.js", import.meta.url));
    // Where it listens is the proxy's business; over NATS it is reached as everybody is.
    const mesh = this.#ground === "ws" ? { engine: "ws", grid: {} } : this.#choice;
    this.#receiverPort = await this.#receiver.ask<number>("serve", { mesh, name: "target", life, diary });
  }

  async #startSender(): Promise<void> {
    const child = new Child(this.#context, new URL("./sender-end.js", import.meta.url));
    const diary = join(this.#folder, `sender-${this.#senders.length}`);
    this.#senders.push({ child, diary, hasDied: false });
    await child.ask("open", this.#choice, diary, this.#senders.length * 1_000_000);
  }

  #act(): void {
    const dice = this.#below(100);
    if (dice < 60) this.#post();
    else if (dice < 68) this.#proxy.cut();
    else if (dice < 71 && this.#ground === "ws")
      this.#proxy.stall(); // the NATS client takes 10 s to notice
    else if (dice < 79) this.#proxy.mood = MOODS[this.#below(MOODS.length)] ?? CALM;
    else if (dice < 82) this.#proxy.isDown = true;
    else if (dice < 88) this.#proxy.isDown = false;
    else if (dice < 93) this.#upset(() => this.#replaceReceiver());
    else if (dice < 95) this.#upset(() => this.#replaceSender());
    else if (this.#servers.length > 0) this.#upset(() => this.#replaceServer());
  }

  #post(): void {
    const sender = this.#senders[this.#below(this.#senders.length)];
    if (sender === undefined || sender.hasDied) return;
    const posting: Posting = {
      target: "target",
      channel: `c${this.#below(3)}`,
      count: 1 + this.#below(60),
      retry: this.#below(3) === 0 ? "repeat" : "never",
      isStream: this.#below(3) === 0,
    };
    // It may be killed before it has answered.
    void sender.child.ask("post", posting).catch(() => {});
  }

  #upset(act: () => Promise<unknown>): void {
    this.#upheaval = this.#upheaval.then(act);
    this.#upheaval.catch(() => {}); // who waits for it at the end is told
  }

  async #replaceReceiver(): Promise<void> {
    await this.#receiver?.kill();
    await this.#startReceiver();
  }

  async #replaceSender(): Promise<void> {
    const sender = this.#senders.findLast(({ hasDied }) => !hasDied);
    if (sender === undefined) return;
    sender.hasDied = true;
    await sender.child.kill();
    await this.#startSender();
  }

  async #replaceServer(): Promise<void> {
    const index = this.#below(this.#servers.length);
    const server = this.#servers[index];
    if (server === undefined) return;
    await server.kill();
    const others = this.#servers.filter((other) => other !== server);
    const config = others.length > 0 ? clusterOf(others) : "";
    this.#servers[index] = await startNats({ port: server.port, config });
  }

  #read(): Diaries {
    return {
      receivers: new Map([...this.#receivers].map(([life, path]) => [life, readDiary(path)])),
      senders: this.#senders.map(({ hasDied, diary }) => ({ hasDied, lines: readDiary(diary) })),
    };
  }

  async #close(): Promise<void> {
    await this.#upheaval.catch(() => {});
    this.#proxy.close();
    await Promise.all([...this.#senders.map(({ child }) => child.kill()), this.#receiver?.kill()]);
    await Promise.all(this.#servers.map((server) => server.kill()));
  }
}
