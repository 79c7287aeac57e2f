import assert from "node:assert/strict";
import { test } from "node:test";
import { Sketch } from "../../src/sketch/sketch.js";
import { emulate } from "../../src/testing/emulate.js";
import { FIRMWARES } from "../circuit/firmwares.js";
import { Bell, DOORBELL_WIRING } from "./sketches.js";

const C5 = { frequencyHz: 523.25, forMs: 100 };

for (const { name, hex, skip } of FIRMWARES) {
  test(`a doorbell rings after its cable was out, and after a brown-out, on ${name}`, { skip }, async () => {
    await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell, firmware: await hex() });
    await rig.press("button1");
    await rig.expectPin(13).toBecome(1);
    rig.unplug();
    await rig.expectPin(13).toBe(0);
    assert.throws(() => rig.unplug(), { code: "USAGE" });
    assert.throws(() => rig.brownOut(), { code: "USAGE" });
    await rig.advance(10_000);
    await rig.expectPin(13).toBe(0);
    rig.replug();
    await rig.advance(4_000);
    await rig.press("button1");
    await rig.expectTone("piezo1", C5);
    await rig.expectPin(13).toBlink({ everyMs: 500, times: 3 });
    rig.brownOut();
    await rig.advance(4_000);
    await rig.press("button1");
    await rig.expectTone("piezo1", C5);
  });
}

test("noise on the line is over when its time is, and the bell rings again", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  const beforeMs = rig.nowMs;
  await rig.noise({ oneByteIn: 3, forMs: 400 });
  assert.ok(Math.abs(rig.nowMs - beforeMs - 400) < 0.001);
  await rig.advance(3_000);
  await rig.press("button1");
  await rig.expectTone("piezo1", C5);
});

test("a stuck button stays as it is, until it is free", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  rig.stick("button1", false);
  await rig.press("button1");
  await rig.expectSilence("piezo1", { forMs: 1_000 });
  rig.free("button1");
  await rig.press("button1");
  await rig.expectTone("piezo1", C5);
  rig.stick("button1");
  await rig.expectTone("piezo1", C5);
  await rig.press("button1");
  await rig.expectPin(2).toStay(0, { forMs: 500 });
});

test("a dead node, a cut link and a slow one fail and delay messages as a mesh does", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  rig.slow("sketch", 250);
  const beforeMs = rig.nowMs;
  assert.equal(await rig.send("sketch", "slow"), "heard slow");
  assert.ok(rig.nowMs - beforeMs >= 250 && rig.nowMs - beforeMs < 300, `${rig.nowMs - beforeMs} ms`);
  rig.slow("sketch", 0);

  rig.cut("sketch");
  await assert.rejects(rig.send("sketch", "lost", { limitMs: 1_000 }), { code: "TIMEOUT" });
  const later = rig.send("sketch", "late");
  await rig.advance(500);
  rig.mend("sketch");
  assert.equal(await later, "heard late");
  await assert.rejects(rig.expectMessage("sketch", { message: "lost", limitMs: 10 }), {
    code: "EXPECTATION_FAILED",
  });

  await rig.kill("sketch");
  await assert.rejects(rig.send("sketch", "anybody?", { limitMs: 2_000 }), ({ code }: { code: string }) =>
    ["TIMEOUT", "PEER_MISSING"].includes(code),
  );
  await rig.revive("sketch");
  assert.equal(await rig.send("sketch", "back"), "heard back");
  assert.throws(() => rig.cut("nobody"), { code: "USAGE", message: /it has sketch/ });
});

test("a dead node sends and publishes nothing until it is revived, and hears no acknowledgement", async () => {
  class Echo extends Sketch {
    override readonly usesBoard = false;
    override loop(_channel: string, message: string): string {
      return `heard ${message}`;
    }
  }
  const [sent, streamed]: string[][] = [[], []];
  class Caller extends Sketch {
    override readonly usesBoard = false;
    override async run(): Promise<void> {
      for (let count = 1; ; count++) {
        this.publish("caller.counts", count);
        sent?.push(String(await this.send("echo", `sent ${count}`)));
        for await (const ack of this.stream("echo", [`streamed ${count}`])) streamed?.push(String(ack));
        await this.clock.sleep(100, this.signal);
      }
    }
  }
  await using rig = await emulate({ nodes: { echo: { sketch: Echo }, caller: { sketch: Caller } } });
  await rig.advance(250);
  await rig.kill("caller");
  const before = [rig.messages.length, rig.events.length, sent?.length, streamed?.length];
  assert.ok(rig.messages.length >= 6, `${rig.messages.length} messages`);
  await rig.advance(1_000);
  const dead = [rig.messages.length, rig.events.length, sent?.length, streamed?.length];
  assert.deepEqual(dead, before);
  await rig.revive("caller");
  await rig.expectMessage("echo", { message: `sent ${(sent?.length ?? 0) + 1}` });
  await rig.advance(500);

  rig.slow("echo", 200);
  await rig.advance(1_000);
  const answered = sent?.length;
  await rig.kill("caller");
  await rig.advance(1_000);
  assert.equal(sent?.length, answered);
});
