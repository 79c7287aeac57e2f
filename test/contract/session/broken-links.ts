import assert from "node:assert/strict";
import type { Delivery, Handler } from "../../../src/mesh/mesh.js";
import { codeOf, collect, Gate, turns } from "../waiting.js";
import { LIMITS, type Stage, type Story } from "./stage.js";

export function testCuts(story: Story): void {
  for (const direction of ["out", "in"] as const) {
    story(`a link cut after any frame (${direction}) loses nothing and runs nothing twice`, async (stage) => {
      let runs: string[] = [];
      const handler: Handler = async ({ channel, message }) => {
        runs.push(`${channel} ${message}`);
        if (Number(message) % 2 === 0) await stage.turn();
        if (message === 7) throw new Error("seven");
        return message;
      };
      for (let cutAfter = 1; ; cutAfter++) {
        runs = [];
        const name = `node${cutAfter}`;
        await stage.serve(name, handler);
        const cut = stage.cutter.cutAfter(direction, cutAfter);
        const sent = ["a", "b"].flatMap((channel) =>
          Array.from({ length: 12 }, (_, index) => stage.sender.send(name, index, { channel })),
        );
        const streamed = collect(stage.sender.stream(name, [20, 21, 22, 23, 24], { channel: "c" }));
        const outcomes = (await stage.settle(Promise.allSettled(sent))).map(codeOf);
        const expected = Array.from({ length: 12 }, (_, index) =>
          index === 7 ? "PEER_REFUSED" : `${index}`,
        );
        const label = `cut after frame ${cutAfter}`;
        assert.deepEqual(outcomes, [...expected, ...expected], label);
        assert.deepEqual(await stage.settle(streamed), ["20", "21", "22", "23", "24"], label);
        assert.equal(runs.length, 29, label);
        assert.equal(new Set(runs).size, 29, label);
        const numbers = runs.filter((run) => run.startsWith("a ")).map((run) => Number(run.slice(2)));
        assert.deepEqual(
          numbers,
          [...numbers].sort((one, other) => one - other),
          label,
        );
        if (!cut.isDone()) break;
      }
    });
  }

  story("a session is kept for 60 s", async ({ sender, serve, cutter, clock, settle }) => {
    const gate = new Gate();
    let count = 0;
    await serve("slow", async () => {
      gate.arrive();
      await gate.open;
      return ++count;
    });
    const sent = sender.send("slow", "1");
    await gate.arrivals(1);
    cutter.block();
    await turns();
    clock.advance(59_000);
    gate.release();
    cutter.unblock();
    assert.equal(await settle(sent), 1);
    assert.equal(count, 1);
  });

  story("and no longer", async ({ sender, serve, cutter, clock, settle, turn }) => {
    const gate = new Gate();
    const told = new Gate();
    await serve("slow", ({ signal }) => {
      signal.addEventListener("abort", () => told.arrive());
      gate.arrive();
      return gate.open;
    });
    const results = Promise.allSettled([
      sender.send("slow", "1"),
      sender.send("slow", "2"),
      sender.send("slow", "3", { retry: "repeat" }),
    ]);
    await gate.arrivals(1);
    await turn();
    cutter.block();
    await turns();
    for (let index = 0; index < 20; index++) await turn();
    clock.advance(60_000);
    assert.deepEqual((await results).map(codeOf), new Array(3).fill("DELIVERY_UNKNOWN"));
    await settle(told.arrivals(1));
    gate.release();
    cutter.unblock();
    assert.equal(await settle(sender.send("slow", "4")), "n/a");
  });
}

export function testDeath(story: Story): void {
  story("a receiver that dies leaves unknown what it had, and its successor gets the rest", async (stage) => {
    const gate = new Gate();
    const first = await stage.serve("node", () => {
      gate.arrive();
      return new Promise(() => {});
    });
    const lost = assert.rejects(stage.sender.send("node", "1"), { code: "DELIVERY_UNKNOWN" });
    const repeated = stage.sender.send("node", "2", { channel: "again", retry: "repeat" });
    await gate.arrivals(2);
    await die(stage, first);
    const heard: Delivery[] = [];
    await stage.serve("node", (delivery) => {
      heard.push(delivery);
      return `second ${delivery.message}`;
    });
    assert.equal(await stage.settle(repeated), "second 2");
    await lost;
    assert.equal(await stage.settle(stage.sender.send("node", "3")), "second 3");
    assert.deepEqual(
      heard.map(({ message, deliveryCount }) => [message, deliveryCount]),
      [
        ["2", 2],
        ["3", 1],
      ],
    );
  });

  story("every delivery of a message has the same key, and no other message has it", async (stage) => {
    const keys: string[] = [];
    const gate = new Gate();
    let isDying = true;
    const handler: Handler = ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      gate.arrive();
      return isDying ? new Promise(() => {}) : "done";
    };
    const first = await stage.serve("node", handler);
    const sent = stage.sender.send("node", "1", { retry: "repeat" });
    await gate.arrivals(1);
    await die(stage, first);
    const second = await stage.serve("node", handler);
    await stage.settle(gate.arrivals(2));
    await die(stage, second);
    isDying = false;
    await stage.serve("node", handler);
    assert.equal(await stage.settle(sent), "done");
    await stage.sender.send("node", "2");
    await stage.sender.send("node", "3", { channel: "other", retry: "repeat" });
    assert.equal(keys.length, 5);
    assert.equal(new Set(keys.slice(0, 3)).size, 1);
    assert.equal(new Set(keys).size, 3);
  });
}

/** Ends a node in the middle of what it runs. */
async function die({ clock, turn }: Stage, node: { close(): Promise<void> }): Promise<void> {
  const closed = node.close();
  for (let index = 0; index < 5; index++) await turn();
  clock.advance(LIMITS.closeMs);
  await closed;
}
