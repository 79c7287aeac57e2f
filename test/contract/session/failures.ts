import assert from "node:assert/strict";
import type { Payload } from "../../../src/mesh/payload.js";
import { testUnsendable } from "../sending.js";
import { codeOf, Gate, turns } from "../waiting.js";
import type { Story } from "./stage.js";

export function testFailures(story: Story): void {
  story("a handler that throws fails its message, and the channel goes on", async ({ sender, serve }) => {
    await serve("fragile", async ({ message }) => {
      if (message === "bad") throw new Error("cannot play that\nat line 1");
      return message;
    });
    await serve("fragile2", ({ message }) => {
      if (message === "bad") throw new Error("cannot play that\nat line 1");
      return message;
    });
    for (const name of ["fragile", "fragile2"]) {
      const results = await Promise.allSettled(["a", "bad", "c"].map((text) => sender.send(name, text)));
      assert.deepEqual(results.map(codeOf), ["a", "PEER_REFUSED", "c"]);
      const [, bad] = results;
      assert.match(String(bad?.status === "rejected" && bad.reason), /cannot play that$/);
    }
  });

  testUnsendable(story, "no JSON", [1n]);
}

export function testAborting(story: Story): void {
  story("aborting tells who runs, takes back who waits, and leaves others alone", async (stage) => {
    const gate = new Gate();
    const told = new Gate();
    const heard: Payload[] = [];
    await stage.serve("slow", async ({ message, signal }) => {
      heard.push(message);
      signal.addEventListener("abort", () => told.arrive());
      gate.arrive();
      await gate.open;
      return message;
    });
    const controller = new AbortController();
    const { signal } = controller;
    const options = [{ signal }, {}, { signal }, {}];
    const results = Promise.allSettled(
      options.map((option, index) => stage.sender.send("slow", index, option)),
    );
    await gate.arrivals(1);
    controller.abort(new Error("enough"));
    await told.arrivals(1);
    gate.release();
    assert.deepEqual((await results).map(codeOf), ["enough", "1", "enough", "3"]);
    assert.deepEqual(heard, [0, 1, 3]);
  });

  story(
    "what was aborted while there was no link does not run",
    async ({ sender, serve, cutter, settle }) => {
      const gate = new Gate();
      const heard: Payload[] = [];
      const told = new Gate();
      await serve("slow", async ({ message, signal }) => {
        heard.push(message);
        signal.addEventListener("abort", () => told.arrive());
        gate.arrive();
        await gate.open;
        return message;
      });
      const controller = new AbortController();
      const { signal } = controller;
      const results = Promise.allSettled(
        [0, 1, 2].map((index) => sender.send("slow", index, index < 2 ? { signal } : {})),
      );
      await gate.arrivals(1);
      cutter.block();
      controller.abort(new Error("enough"));
      await turns();
      cutter.unblock();
      await settle(told.arrivals(1));
      gate.release();
      assert.deepEqual((await settle(results)).map(codeOf), ["enough", "enough", "2"]);
      assert.deepEqual(heard, [0, 2]);
    },
  );

  story("closing rejects what waits and tells the receiver; it is idempotent", async ({ sender, serve }) => {
    const gate = new Gate();
    const told = new Gate();
    const node = await serve("slow", ({ signal }) => {
      signal.addEventListener("abort", () => told.arrive());
      gate.arrive();
      return told.arrivals(1);
    });
    const sent = sender.send("slow", "1");
    await gate.arrivals(1);
    sender.close();
    sender.close();
    await assert.rejects(sent, { code: "PEER_LOST" });
    await assert.rejects(sender.send("slow", "1"), { code: "PEER_LOST" });
    await told.arrivals(1);
    await Promise.all([node.close(), node.close()]);
  });
}
