import assert from "node:assert/strict";
import type { Handler } from "../../../src/mesh/mesh.js";
import type { Payload } from "../../../src/mesh/payload.js";
import { codeOf, collect, Gate, turns } from "../waiting.js";
import type { Story } from "./stage.js";

export function testDraining(story: Story): void {
  story("a rolling restart loses nothing and runs nothing twice", async (stage) => {
    const runs: string[] = [];
    const handler: Handler = async ({ channel, message }) => {
      runs.push(`${channel} ${message}`);
      await stage.turn();
      return message;
    };
    let node = await stage.serve("node", handler);
    const numbers = Array.from({ length: 60 }, (_, index) => `${index}`);
    const work = Promise.all(
      ["a", "b", "c"].map((channel) => collect(stage.sender.stream("node", numbers, { channel }))),
    );
    for (let restart = 0; restart < 4; restart++) {
      for (let turn = 0; turn < 5; turn++) await stage.turn();
      await stage.settle(node.close());
      node = await stage.serve("node", handler);
    }
    assert.deepEqual(await stage.settle(work), [numbers, numbers, numbers]);
    assert.equal(runs.length, 180);
    assert.equal(new Set(runs).size, 180);
  });

  story("a node that closes answers what runs, and leaves the rest to its successor", async (stage) => {
    const gate = new Gate();
    const first = await stage.serve("node", async ({ message }) => {
      gate.arrive();
      await gate.open;
      return `first ${message}`;
    });
    const [running, waiting] = ["1", "2"].map((message) => stage.sender.send("node", message));
    await gate.arrivals(1);
    const closed = first.close();
    await turns();
    const late = stage.sender.send("node", "3", { channel: "late" });
    await turns();
    gate.release();
    assert.equal(await stage.settle(running as Promise<Payload>), "first 1");
    await stage.settle(closed);
    await stage.serve("node", ({ message }) => `second ${message}`);
    assert.equal(await stage.settle(waiting as Promise<Payload>), "second 2");
    assert.equal(await stage.settle(late), "second 3");
  });

  story("without a successor, what waits rejects when the session's time is over", async (stage) => {
    const gate = new Gate();
    const node = await stage.serve("node", async () => {
      gate.arrive();
      await gate.open;
    });
    const sent = ["1", "2"].map((message) => stage.sender.send("node", message));
    const results = Promise.allSettled(sent);
    await gate.arrivals(1);
    const closed = node.close();
    gate.release();
    await stage.settle(closed);
    await sent[0];
    for (let turn = 0; turn < 20; turn++) await stage.turn();
    stage.clock.advance(60_000);
    const [first, second] = (await results).map(codeOf);
    assert.equal(first, "n/a");
    assert.match(String(second), /^PEER_/, "it is known that it has not run");
  });
}
