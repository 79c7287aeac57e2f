import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Edge } from "../../src/emulator/pins.js";
import { type Machine, VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import { echoHex } from "./program.js";

let time = new VirtualTime();
beforeEach(() => {
  time = new VirtualTime().install();
});
afterEach(() => time.uninstall());

const openOptions = { signal: new AbortController().signal };

/** An echoing Uno, opened, and what came back with its time. */
async function openEcho() {
  const link = new VirtualUno({ firmware: echoHex(), time });
  const back: (readonly [number, number])[] = [];
  await link.open({ data: ([byte = -1]) => back.push([byte, time.nowMs]), lost: () => {} }, openOptions);
  return { link, back };
}

test("advance() runs timers at their time and everything that follows from them", async () => {
  const log: string[] = [];
  setTimeout(async () => {
    log.push(`timer ${time.nowMs}`);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    log.push(`after fifty turns ${time.nowMs}`);
    setTimeout(() => log.push(`next ${time.nowMs}`), 5);
  }, 10);
  await time.advance(20);
  assert.deepEqual(log, ["timer 10", "after fifty turns 10", "next 15"]);
  assert.equal(time.nowMs, 20);
});

test("until() returns the value at the moment at which it came", async () => {
  const value = await time.until(new Promise((resolve) => setTimeout(resolve, 1_234, "late")));
  assert.equal(value, "late");
  assert.equal(time.nowMs, 1_234);
});

test("until() rejects as the promise does", async () => {
  await assert.rejects(time.until(Promise.reject(new RangeError("no"))), RangeError);
});

test("until() gives up at its limit and says how far it came", async () => {
  await assert.rejects(time.until(new Promise(() => {}), { limitMs: 500 }), {
    code: "TIMEOUT",
    message: /not settled in 500 ms of virtual time \(from 0\.000 to 500\.000 ms\)/,
  });
});

test("what a timer throws is thrown by advance(), and time can go on", async () => {
  setTimeout(() => {
    throw new RangeError("from a timer");
  }, 1);
  await assert.rejects(time.advance(10), RangeError);
  await time.advance(10);
  assert.equal(time.nowMs, 11);
});

test("time cannot be moved from two places at once", async () => {
  const moving = time.advance(10);
  await assert.rejects(time.advance(10), /being moved already/);
  await moving;
});

test("a byte goes to the chip and back in twenty bit times and the firmware's own", async () => {
  const { link, back } = await openEcho();
  await time.advance(1);
  link.write(Uint8Array.of(0x55, 0xaa));
  await time.advance(2);
  assert.deepEqual(
    back.map(([byte]) => byte),
    [0x55, 0xaa],
  );
  const [first = 0, second = 0] = back.map(([, at]) => at);
  assert.ok(first - 1 >= 0.34 && first - 1 < 0.345, `after ${first - 1} ms`);
  assert.ok(Math.abs(second - first - 0.17) < 0.001, `${second - first} ms later`);
});

test("what the host answers goes out at the moment at which it was asked", async () => {
  const { link, back } = await openEcho();
  const times: number[] = [];
  link.write(Uint8Array.of(1));
  for (let round = 0; round < 5; round++) {
    await time.until(
      new Promise<void>((resolve) => {
        const poll = setInterval(() => {
          if (back.length <= round) return;
          clearInterval(poll);
          resolve();
        }, 1);
      }),
    );
    times.push(time.nowMs);
    link.write(Uint8Array.of(round));
  }
  assert.deepEqual(times, [1, 2, 3, 4, 5]);
});

test("drain() resolves when the last byte has reached the chip", async () => {
  const { link } = await openEcho();
  link.write(new Uint8Array(10));
  const startMs = time.nowMs;
  await time.until(link.drain());
  assert.ok(Math.abs(time.nowMs - startMs - 1.7) < 0.001, `after ${time.nowMs - startMs} ms`);
});

test("sleeping firmware costs nothing", async () => {
  await openEcho();
  const before = process.cpuUsage();
  await time.advance(3_600_000);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 500_000, `an hour took ${(user + system) / 1_000} ms`);
});

test("edges are told at their moment, and wake who waits for one", async () => {
  const { link } = await openEcho();
  const edge = new Promise<Edge>((resolve) => link.onEdge(resolve));
  setTimeout(() => link.write(Uint8Array.of(0)), 3);
  const { pin, level, atUs } = await time.until(edge);
  assert.deepEqual([pin, level], [13, 1]);
  assert.ok(Math.abs(time.nowMs * 1_000 - atUs) < 0.001);
});

test("close() stops the bytes, drains nobody in vain, and leaves time to the others", async () => {
  const { link, back } = await openEcho();
  link.write(Uint8Array.of(1, 2, 3));
  const drained = link.drain();
  await link.close();
  await link.close();
  await drained;
  link.write(Uint8Array.of(4));
  await time.advance(10);
  assert.deepEqual(back, []);
});

test("two boards and the host stay in step: a relay between them is never late", async () => {
  const near = await openEcho();
  const far = new VirtualUno({ firmware: echoHex(), time });
  const arrived: number[] = [];
  await far.open({ data: () => arrived.push(time.nowMs), lost: () => {} }, openOptions);
  const relayed: number[] = [];
  setInterval(() => {
    for (const [byte, atMs] of near.back.splice(0)) {
      relayed.push(atMs);
      far.write(Uint8Array.of(byte));
    }
  }, 1);
  near.link.write(Uint8Array.of(1, 2, 3));
  await time.advance(20);
  assert.equal(relayed.length, 3);
  assert.equal(arrived.length, 3);
  for (const [index, at] of arrived.slice(1).entries()) assert.ok(at - (arrived[index] ?? 0) >= 0.17 - 1e-9);
});

test("a machine that has something earlier is heard first", async () => {
  const log: string[] = [];
  const machine = (name: string, dueMs: number[]): Machine => ({
    get earliestMs() {
      return dueMs[0] ?? Infinity;
    },
    runTo: (timeMs) => Math.min(timeMs, dueMs[0] ?? Infinity),
    deliver() {
      if ((dueMs[0] ?? Infinity) > time.nowMs) return false;
      log.push(`${name} ${dueMs.shift()}`);
      return true;
    },
  });
  time.add(machine("a", [5, 7]));
  time.add(machine("b", [2, 6, 30]));
  await time.advance(20);
  assert.deepEqual(log, ["b 2", "a 5", "b 6", "a 7"]);
});

test("the same program gives the same edges, to the microsecond", async () => {
  const runs: string[] = [];
  for (let run = 0; run < 2; run++) {
    using own = run === 0 ? undefined : new VirtualTime();
    if (own) {
      time.uninstall();
      time = own.install();
    }
    const { link } = await openEcho();
    const edges: Edge[] = [];
    link.onEdge((edge) => edges.push(edge));
    const blink = setInterval(() => link.write(Uint8Array.of(Math.floor(time.nowMs))), 7);
    await time.advance(200);
    clearInterval(blink);
    runs.push(JSON.stringify(edges));
  }
  assert.ok((runs[0]?.length ?? 0) > 100);
  assert.equal(runs[0], runs[1]);
});
