import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Clock } from "../../src/core/clock.js";
import { type DurableEvent, type DurableEvents, GiveUp, HandBack } from "../../src/mesh/durable.js";
import { Gate, turns } from "./waiting.js";

export interface DurableSubject {
  readonly durable: DurableEvents;
  /** The mesh's. */
  readonly clock: Pick<Clock, "now">;
}

/** What whoever handles durable events may rely on, of a server and of those that stand in for one. */
export function durableContract(
  name: string,
  open: (context: TestContext) => Promise<DurableSubject>,
  options: { readonly skip?: boolean | string } = {},
): void {
  const limits = { ...options, timeout: 30_000 };

  test(`${name}: an event's time is on the mesh's clock`, limits, async (context) => {
    const { durable, clock } = await open(context);
    const heard = new Gate();
    const events: DurableEvent[] = [];
    const take = (event: DurableEvent) => {
      events.push(event);
      heard.arrive();
    };
    const beforeMs = clock.now();
    await durable.consume("a", take, { name: "log" });
    await durable.publish("a", 1);
    await heard.arrivals(1);
    const [{ at = -1 } = {}] = events;
    // A server in the same machine has the same time of day, which is no monotonic one.
    assert.ok(at >= beforeMs - 1_000 && at <= clock.now() + 1_000, `${at}, not after ${beforeMs}`);
  });

  test(`${name}: GiveUp gives an event up at once, and onDead gets it`, limits, async (context) => {
    const { durable } = await open(context);
    const dead = new Gate();
    const told: unknown[] = [];
    const refuse = () => {
      throw new GiveUp(new Error("it does not fit"));
    };
    const onDead = ({ deliveryCount }: DurableEvent, cause: unknown) => {
      told.push(deliveryCount, cause instanceof GiveUp && cause.message);
      dead.arrive();
    };
    await durable.consume("a", refuse, { name: "log", deliveries: 5, onDead });
    await durable.publish("a", 1);
    await dead.arrivals(1);
    assert.deepEqual(told, [1, "it does not fit"]);
  });

  test(
    `${name}: HandBack is no try: the event comes again, also where one is all`,
    limits,
    async (context) => {
      const { durable } = await open(context);
      const heard = new Gate();
      const died: unknown[] = [];
      let tries = 0;
      const take = () => {
        heard.arrive();
        if (++tries === 1) throw new HandBack();
      };
      await durable.consume("a", take, {
        ...{ name: "log", deliveries: 1 },
        onDead: (_event, cause) => died.push(cause),
      });
      await durable.publish("a", 1);
      await heard.arrivals(2);
      await turns();
      assert.deepEqual(died, []);
    },
  );
}
