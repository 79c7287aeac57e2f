import assert from "node:assert/strict";
import type { Delivery } from "../../../src/mesh/mesh.js";
import type { Payload } from "../../../src/mesh/payload.js";
import { Gate, turns } from "../waiting.js";
import type { Story } from "./stage.js";

export function testCauses(story: Story): void {
  story("a message inherits the time and the callers of the one that causes it", async (stage) => {
    const { sender, serve, clock } = stage;
    let seen: Delivery | undefined;
    await serve("inner", (delivery) => {
      seen = delivery;
      return "done";
    });
    let outer: Delivery | undefined;
    await serve("outer", (delivery) => {
      outer = delivery;
      return sender.send("inner", "1", { channel: "x", cause: delivery });
    });
    assert.equal(await sender.send("outer", "1"), "done");
    assert.deepEqual(seen?.chain, ["outer/", "inner/x"]);
    assert.ok(Math.abs((seen?.deadlineAtMs ?? 0) - (outer?.deadlineAtMs ?? 0)) < 50);
    assert.equal(Math.round((outer?.deadlineAtMs ?? 0) - clock.now()), 30_000);
  });

  story("messages of one channel tell each their own callers, also after a break", async (stage) => {
    const { sender, serve, cutter } = stage;
    const chains: (readonly string[])[] = [];
    await serve("inner", ({ chain }) => void chains.push(chain));
    for (const name of ["first", "second"])
      await serve(name, (cause) => sender.send("inner", "1", { channel: "x", cause }));
    for (const target of ["first", "first", "second", "inner"]) {
      await (target === "inner" ? sender.send("inner", "1", { channel: "x" }) : sender.send(target, "1"));
      cutter.cutAll();
      await (target === "inner" ? sender.send("inner", "1", { channel: "x" }) : sender.send(target, "1"));
    }
    const [first, second, none] = [["first/", "inner/x"], ["second/", "inner/x"], ["inner/x"]];
    assert.deepEqual(chains, [first, first, first, first, second, second, none, none]);
  });

  story("what has no time left rejects, and does not run", async (stage) => {
    const { sender, serve, clock } = stage;
    const gate = new Gate();
    const heard: Payload[] = [];
    await serve("slow", async ({ message }) => {
      heard.push(message);
      gate.arrive();
      await gate.open;
    });
    await serve("outer", (cause) => sender.send("slow", "caused", { cause }));
    const blocking = sender.send("slow", "blocking");
    await gate.arrivals(1);
    const late = assert.rejects(sender.send("outer", "1"), {
      code: "PEER_REFUSED",
      message: /time of whoever waits for it is over/,
    });
    await turns();
    for (let turn = 0; turn < 20; turn++) await stage.turn();
    for (let seconds = 0; seconds < 30; seconds++) {
      clock.advance(1_000);
      for (let turn = 0; turn < 5; turn++) await stage.turn();
    }
    await late;
    gate.release();
    await stage.settle(blocking);
    await stage.turn();
    assert.deepEqual(heard, ["blocking"]);
  });

  story("a channel that would wait for itself is told so", async ({ sender, serve }) => {
    await serve("a", (cause) => sender.send("b", "1", { cause }));
    await serve("b", (cause) => sender.send("a", "1", { cause }));
    await assert.rejects(sender.send("a", "1"), {
      code: "PEER_REFUSED",
      message: /a waits for its own channel/,
    });
    await serve(
      "free",
      ({ channel, ...cause }) =>
        channel || sender.send("free", "1", { channel: "x", cause: { channel, ...cause } as Delivery }),
    );
    assert.equal(await sender.send("free", "1"), "x", "another channel of the same node");
  });
}
