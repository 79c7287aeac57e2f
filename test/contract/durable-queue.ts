import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type {
  DurableQueue,
  FlowQueues,
  NewItem,
  Outcome,
  QueuePlace,
  TakenItem,
  TakeOptions,
  Taking,
} from "../../src/flow/cluster/durable-queue.js";

export const PLACE: QueuePlace = { flow: "desk", manager: "m", from: "a", output: "data", to: "b" };

const ORIGIN = { flow: "desk", manager: "m", source: "a", revision: 7, sequence: undefined };

export function newItem(tick: number, data: unknown = tick): NewItem {
  return { id: `run.${tick}`, data, origin: { ...ORIGIN, tick } };
}

/** Somebody who takes from a queue and remembers what. */
export class Taker {
  readonly items: TakenItem[] = [];
  readonly dead: { readonly item: TakenItem; readonly cause: unknown }[] = [];
  readonly errors: unknown[] = [];
  #taking: Taking | undefined;
  #changed = () => {};

  static async begin(
    queue: DurableQueue,
    handle: (item: TakenItem) => Outcome | Promise<Outcome> = () => "handled",
    options: Partial<TakeOptions> = {},
  ): Promise<Taker> {
    const taker = new Taker();
    const take = async (item: TakenItem) => {
      taker.items.push(item);
      taker.#changed();
      return handle(item);
    };
    taker.#taking = await queue.take(take, {
      limit: 16,
      onError: (error) => taker.errors.push(error),
      onDead: (item, cause) => {
        taker.dead.push({ item, cause });
        taker.#changed();
      },
      ...options,
    });
    return taker;
  }

  async drain(graceMs = 1_000): Promise<void> {
    await this.#taking?.drain(graceMs);
  }

  async when(isSo: (taker: Taker) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  get data(): unknown[] {
    return this.items.map(({ data }) => data);
  }
}

/** What durable connections may rely on, of JetStream and of what stands in for it. */
export function durableQueueContract(
  name: string,
  openQueues: (context: TestContext) => Promise<FlowQueues>,
  options: { readonly skip?: boolean | string } = {},
): void {
  const limits = { ...options, timeout: 30_000 };

  async function openQueue(context: TestContext, queues: FlowQueues, place = PLACE): Promise<DurableQueue> {
    const queue = queues.queue(place);
    await queue.open();
    context.after(() => queue.close());
    return queue;
  }

  test(`${name}: items come in order, as they are, with where they began`, limits, async (context) => {
    const queue = await openQueue(context, await openQueues(context));
    const items = ["text", 1, null, { a: [true] }, new Uint8Array([0, 255]), ""];
    for (const [tick, data] of items.entries()) void queue.put(newItem(tick, data));
    const taker = await Taker.begin(queue);
    await taker.when(({ items: { length } }) => length === items.length);
    assert.deepEqual(taker.data, items);
    assert.deepEqual(
      taker.items.map(({ id, sequence, deliveryCount, origin }) => ({ id, sequence, deliveryCount, origin })),
      items.map((_, tick) => ({
        ...{ id: `run.${tick}`, sequence: tick + 1, deliveryCount: 1 },
        origin: { ...ORIGIN, tick },
      })),
    );
    await taker.drain();
  });

  test(`${name}: what has one id is stored once`, limits, async (context) => {
    const queue = await openQueue(context, await openQueues(context));
    await Promise.all([queue.put(newItem(0)), queue.put(newItem(0)), queue.put(newItem(1))]);
    const taker = await Taker.begin(queue);
    await taker.when(({ items }) => items.some(({ data }) => data === 1));
    assert.deepEqual(taker.data, [0, 1]);
    await taker.drain();
  });

  test(`${name}: each item goes to one of those who take, and to no other place`, limits, async (context) => {
    const queues = await openQueues(context);
    const queue = await openQueue(context, queues);
    const beside = await openQueue(context, queues, { ...PLACE, output: "late" });
    const seen: unknown[] = [];
    const see = ({ data }: TakenItem): Outcome => {
      seen.push(data);
      return "handled";
    };
    const takers = [await Taker.begin(queue, see), await Taker.begin(await openQueue(context, queues), see)];
    const elsewhere = await Taker.begin(beside);
    for (let tick = 0; tick < 50; tick++) void queue.put(newItem(tick));
    await queue.put(newItem(50));
    while (seen.length < 51) await new Promise(setImmediate);
    assert.deepEqual(
      seen.map(Number).sort((one, other) => one - other),
      Array.from({ length: 51 }, (_, tick) => tick),
    );
    assert.deepEqual(elsewhere.data, []);
    await Promise.all([...takers, elsewhere].map((taker) => taker.drain()));
  });

  test(`${name}: no more is handed out than the limit`, limits, async (context) => {
    const queue = await openQueue(context, await openQueues(context));
    const settle: (() => void)[] = [];
    const taker = await Taker.begin(
      queue,
      () => new Promise((resolve) => settle.push(() => resolve("handled"))),
      { limit: 3 },
    );
    await Promise.all([0, 1, 2, 3, 4].map((tick) => queue.put(newItem(tick))));
    await taker.when(({ items }) => items.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(taker.data, [0, 1, 2]);
    for (const one of settle.splice(0)) one();
    await taker.when(({ items }) => items.length === 5);
    for (const one of settle) one();
    await taker.drain();
  });

  test(`${name}: what is tried again comes again, what is given up is dead`, limits, async (context) => {
    const queue = await openQueue(context, await openQueues(context));
    const taker = await Taker.begin(queue, ({ data, deliveryCount }): Outcome => {
      if (data === "never") return { giveUp: new Error("no") };
      return deliveryCount === 1 ? { retry: new Error("not yet") } : "handled";
    });
    await Promise.all([queue.put(newItem(0, "never")), queue.put(newItem(1, "later"))]);
    await taker.when(({ items, dead }) => items.length === 3 && dead.length === 1);
    assert.deepEqual(
      taker.items.map(({ data, deliveryCount }) => [data, deliveryCount]),
      [
        ["never", 1],
        ["later", 1],
        ["later", 2],
      ],
    );
    const [dead] = taker.dead;
    assert.equal(dead?.item.data, "never");
    assert.match(String(dead?.cause), /no$/);
    await taker.drain();
  });

  test(`${name}: what is not handled when the grace is over is another's`, limits, async (context) => {
    const queues = await openQueues(context);
    const queue = await openQueue(context, queues);
    const stuck = await Taker.begin(queue, () => new Promise<Outcome>(() => {}));
    await Promise.all([queue.put(newItem(0)), queue.put(newItem(1))]);
    await stuck.when(({ items }) => items.length === 2);
    await stuck.drain(0);
    const next = await Taker.begin(await openQueue(context, queues));
    await next.when(({ items }) => items.length === 2);
    assert.deepEqual([...next.data].sort(), [0, 1]);
    assert.ok(next.items.every(({ deliveryCount }) => deliveryCount > 1));
    await next.drain();
  });

  test(`${name}: data that cannot be stored is refused at once`, limits, async (context) => {
    const queue = await openQueue(context, await openQueues(context));
    assert.throws(() => void queue.put(newItem(0, () => {})), { code: "MESSAGE_INVALID" });
    assert.throws(() => void queue.put(newItem(0, 1n)), { code: "MESSAGE_INVALID" });
  });

  test(`${name}: nothing is put where it is closed`, limits, async (context) => {
    const queue = await openQueue(context, await openQueues(context));
    await queue.close();
    await queue.close();
    await assert.rejects(queue.put(newItem(0)), { code: "PEER_LOST" });
  });
}
