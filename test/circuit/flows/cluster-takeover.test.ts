import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { skipWithoutNats } from "../../mesh/nats-server.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { Ledger, more, twiceIn } from "./cluster-ledger.js";
import { Servers } from "./cluster-servers.js";
import { startWorker, Terms } from "./cluster-terms.js";

const skip = skipWithoutNats;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Two workers with an endless source, one of which runs it. */
async function open(context: TestContext, serverCount: 1 | 3) {
  const servers = await Servers.open(context, serverCount);
  const folder = temporaryFolder();
  const plan = { count: 1_000_000, rate: 1, urls: servers.urls, replicas: serverCount, folder };
  const workers = await Promise.all([startWorker(context, plan), startWorker(context, plan)]);
  const terms = new Terms(workers);
  const index = await terms.holder();
  const [holder, other] = index === 0 ? workers : workers.toReversed();
  if (holder === undefined || other === undefined) throw new Error("A worker is missing");
  return { servers, terms, holder, other: new Terms([other]), ledger: new Ledger(folder) };
}

test("the source of a worker that is killed runs on another within 3 s, and goes on where it was", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const { holder, other, ledger } = await open(context, 1);
  await sleep(1_000);
  await holder.kill();
  const killedAtMs = performance.now();
  await other.holder();
  const tookMs = performance.now() - killedAtMs;
  context.diagnostic(`taken over after ${Math.round(tookMs)} ms`);
  assert.ok(tookMs <= 3_000, `${tookMs} ms`);
  await more(ledger, 100);
  // What was handled and not acknowledged when it was killed.
  assert.ok(twiceIn(ledger).length <= 256, `${twiceIn(ledger).length} twice`);
});

test("a worker that stood still for longer than its lease sends nothing of its source when it goes on", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const { terms, holder, other, ledger } = await open(context, 1);
  await sleep(500);
  const pid = await holder.ask<number>("pid");
  process.kill(pid, "SIGSTOP");
  await other.holder();
  await sleep(1_000);
  process.kill(pid, "SIGCONT");
  await more(ledger, 300);
  await terms.read();
  const [first] = terms.all;
  assert.ok(Number.isFinite(first?.toMs), "it has paused");
  context.diagnostic(`${ledger.times.size} items, twice: ${twiceIn(ledger).join(" ")}`);
  assert.ok(twiceIn(ledger).length <= 256, `${twiceIn(ledger).length} twice`);
});

test("where the leader of the leases is lost, sources pause, at most 10 s, and never run twice", {
  skip,
  timeout: 120_000,
}, async (context) => {
  const { servers, terms, ledger } = await open(context, 3);
  await more(ledger, 100);
  await servers.kill(await servers.leaderOf("KV_circuit_leases"));
  while (terms.all.length < 2) {
    await sleep(100);
    await terms.read();
  }
  await more(ledger, 100);
  await terms.read();
  for (const [index, { toMs }] of terms.all.entries()) {
    const { fromMs } = terms.all[index + 1] ?? { fromMs: Number.POSITIVE_INFINITY };
    if (fromMs === Number.POSITIVE_INFINITY) continue;
    context.diagnostic(`paused for ${fromMs - toMs} ms`);
    assert.ok(fromMs >= toMs, "one at a time");
    assert.ok(fromMs - toMs <= 10_000, `${fromMs - toMs} ms`);
  }
  context.diagnostic(`${ledger.times.size} items, twice: ${twiceIn(ledger).join(" ")}`);
});
