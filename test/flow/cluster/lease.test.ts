import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { Lease, type Term } from "../../../src/flow/cluster/lease.js";
import type { LeaseBucket } from "../../../src/flow/cluster/lease-bucket.js";
import { MemoryLeases } from "../../../src/flow/cluster/memory-leases.js";
import { turns } from "../../contract/waiting.js";

const TTL_MS = 2_000;

/** A bucket that can be cut off, or answer late. */
class Scene {
  readonly clock = new ManualClock();
  readonly bucket: LeaseBucket = new MemoryLeases({ clock: this.clock, ttlMs: TTL_MS }).leases;
  readonly signal = new AbortController().signal;

  lease(holder: string, bucket = this.bucket): Lease {
    return new Lease({ bucket, key: "k", holder, clock: this.clock, random: () => 1 });
  }

  async pass(ms: number, stepMs = 50): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      await turns();
    }
  }
}

/** The same bucket, each call of which goes another way as long as it says so. */
function through(bucket: LeaseBucket, way: (call: () => Promise<unknown>) => Promise<unknown>): LeaseBucket {
  const call = <T>(ask: () => Promise<T>) => way(ask) as Promise<T>;
  return {
    ttlMs: bucket.ttlMs,
    create: (key, value) => call(() => bucket.create(key, value)),
    update: (key, value, revision) => call(() => bucket.update(key, value, revision)),
    find: (key) => call(() => bucket.find(key)),
    remove: (key, revision) => call(() => bucket.remove(key, revision)),
  };
}

test("a lease is held as long as it is renewed, and by one", async () => {
  const scene = new Scene();
  const term = await scene.lease("a").acquire(scene.signal);
  const others: Term[] = [];
  void scene
    .lease("b")
    .acquire(scene.signal)
    .then((got) => others.push(got));
  await scene.pass(10_000);
  assert.ok(term.isHeld);
  assert.equal(others.length, 0);
  await term.release();
  assert.ok(!term.isHeld);
  await scene.pass(TTL_MS / 8);
  const [other] = others;
  assert.ok(other?.isHeld, "what is released is another's at the next look");
  assert.ok(other.revision > term.revision);
  await other.release();
});

test("the lease of one that died is another's within its time and a look", async () => {
  const scene = new Scene();
  let isDead = false;
  const bucket = through(scene.bucket, (call) => (isDead ? new Promise(() => {}) : call()));
  const term = await scene.lease("a", bucket).acquire(scene.signal);
  const others: Term[] = [];
  void scene
    .lease("b")
    .acquire(scene.signal)
    .then((got) => others.push(got));
  await scene.pass(1_200);
  isDead = true;
  const diedAtMs = scene.clock.now();
  while (others.length === 0) await scene.pass(50);
  const waitedMs = scene.clock.now() - diedAtMs;
  assert.ok(waitedMs <= 3_000 && waitedMs > 1_000, `${waitedMs} ms`);
  assert.ok(!term.isHeld);
  await others[0]?.release();
});

test("a holder stops before another can have it, counted from when it sent its last renewal", async () => {
  const scene = new Scene();
  let isLate = false;
  // Answers come 400 ms late, and then none comes at all.
  const bucket = through(scene.bucket, async (call) => {
    if (isLate) return new Promise(() => {});
    const answer = await call();
    await scene.clock.sleep(400);
    return answer;
  });
  const lease = scene.lease("a", bucket);
  const acquiring = lease.acquire(scene.signal);
  await turns();
  await scene.pass(800);
  const term = await acquiring;
  // The key was found missing after 400 ms, and written then; the first renewal was sent at 900.
  await scene.pass(500, 50);
  isLate = true;
  await scene.pass(1_050, 50);
  assert.equal(scene.clock.now(), 2_350);
  assert.ok(term.isHeld, "until 900 + 1 500");
  await scene.pass(50);
  assert.ok(!term.isHeld);
  assert.ok(term.signal.aborted);
  assert.notEqual(await scene.bucket.find("k"), undefined, "the key is there for 500 ms more");
});

test("a renewal whose answer was lost costs nothing", async () => {
  const scene = new Scene();
  let losesNext = false;
  const bucket = through(scene.bucket, async (call) => {
    const answer = await call();
    if (!losesNext) return answer;
    losesNext = false;
    throw new Error("the connection broke");
  });
  const term = await scene.lease("a", bucket).acquire(scene.signal);
  for (let time = 0; time < 5; time++) {
    losesNext = true;
    await scene.pass(2_000);
    assert.ok(term.isHeld);
  }
  await term.release();
});

test("who finds the lease in other hands stops at once", async () => {
  const scene = new Scene();
  const term = await scene.lease("a").acquire(scene.signal);
  const found = await scene.bucket.find("k");
  await scene.bucket.update("k", "b", found?.revision ?? 0);
  await scene.pass(550);
  assert.ok(!term.isHeld);
});

test("a lease that was lost with the storage is had again when that is back", async () => {
  const scene = new Scene();
  let isAway = false;
  const bucket = through(scene.bucket, async (call) => {
    if (isAway) throw new Error("no leader");
    return call();
  });
  const lease = scene.lease("a", bucket);
  const term = await lease.acquire(scene.signal);
  isAway = true;
  await scene.pass(1_550);
  assert.ok(term.signal.aborted);
  const terms: Term[] = [];
  void lease.acquire(scene.signal).then((got) => terms.push(got));
  await scene.pass(6_000);
  assert.equal(terms.length, 0);
  isAway = false;
  await scene.pass(300);
  const [next] = terms;
  assert.ok(next?.isHeld);
  assert.ok(next.revision > term.revision);
  await next.release();
});

test("acquire() rejects with the signal's reason, and leaves nothing", async () => {
  const scene = new Scene();
  const holder = await scene.lease("a").acquire(scene.signal);
  const stopping = new AbortController();
  const acquiring = scene.lease("b").acquire(stopping.signal);
  stopping.abort(new Error("enough"));
  await assert.rejects(acquiring, /enough/);
  await holder.release();
  assert.equal(scene.clock.pending, 0);
});
