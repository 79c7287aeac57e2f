import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { cases } from "../../long.js";
import { Crowd, framed, greeted, plain, silent, slowReader } from "./peers.js";
import { Scene } from "./scene.js";

/** Times by which others' messages may take longer here, where cores are shared; the bench asks for 2. */
const MOST_SLOWER = 4;
/** What the machine itself adds now and then, in milliseconds. */
const JITTER_MS = 2;

const SLOW = 40;

/** What waits for its socket and for its turn, and as much again for the sessions of those that have left. */
const MOST_MIB_PER_SLOW_READER = 2;

const MANY = cases(1_000, 10_000);

/** Measured: 6.0 KiB of JavaScript for a plain connection, 4.4 for a framed one. */
const MOST_KIB_PER_CONNECTION = 12;

/** Compares the times of a peer's messages with and without others. */
async function assertLatency(
  context: TestContext,
  scene: Scene,
  arrive: () => Promise<Crowd>,
): Promise<void> {
  const quiet: number[] = [];
  const crowded: number[] = [];
  for (let round = 0; round < 3; round++) {
    quiet.push(await scene.latencyMs());
    const crowd = await arrive();
    crowded.push(await scene.latencyMs());
    crowd.leave();
  }
  const [quietMs = 0, crowdedMs = 0] = [quiet, crowded].map((times) => times.sort((a, b) => a - b)[1]);
  context.diagnostic(
    `others' messages took ${quietMs.toFixed(2)} ms, and ${crowdedMs.toFixed(2)} ms beside them`,
  );
  assert.ok(
    crowdedMs <= MOST_SLOWER * quietMs + JITTER_MS,
    `others' messages took ${crowdedMs.toFixed(2)} instead of ${quietMs.toFixed(2)} ms`,
  );
}

describe("A node in bad company", { timeout: 120_000 }, () => {
  test("holds little for peers that never read, and lets nobody else wait", async (context) => {
    const scene = await Scene.open(context);
    await assertLatency(context, scene, () => Crowd.of(SLOW, scene.port, slowReader));
    const crowd = await Crowd.of(SLOW, scene.port, slowReader);
    await scene.latencyMs();
    await scene.assertGrownAtMost(SLOW * MOST_MIB_PER_SLOW_READER);
    context.diagnostic(`${SLOW} slow readers cost ${(await scene.grownMib()).toFixed(1)} MiB`);
    crowd.leave();
    await scene.othersGoOn();
  });

  test("cuts peers that say a byte at a time, and those that say nothing", async (context) => {
    const scene = await Scene.open(context, { handshakeMs: 1_500, silenceMs: 500 });
    const crowds = [
      // Of a request that never ends, of a hello, and of nothing, not even after a hello.
      (await Crowd.of(SLOW, scene.port, silent)).trickle("GET / HTTP/1.1\r\nHost: x\r\nX: "),
      (await Crowd.of(SLOW, scene.port, framed)).trickle("\x82\xfe\xff\xff"),
      await Crowd.of(SLOW, scene.port, silent),
      await Crowd.of(SLOW, scene.port, framed),
      await Crowd.of(SLOW, scene.port, greeted),
    ];
    await scene.latencyMs();
    for (const crowd of crowds) for (const socket of crowd.sockets) socket.resume();
    await Promise.all(crowds.map((crowd) => crowd.gone()));
    await scene.othersGoOn();
  });

  test("lets peers in again when those have gone that took every place", async (context) => {
    const scene = await Scene.open(context, { handshakeMs: 400, connections: 16 });
    const crowd = await Crowd.of(100, scene.port, silent);
    await scene.othersGoOn();
    await crowd.gone();
    const later = await Crowd.of(8, scene.port, greeted);
    assert.ok(later.sockets.every(({ destroyed }) => !destroyed));
    later.leave();
  });

  test(`serves ${MANY} connections`, async (context) => {
    const scene = await Scene.open(context, { connections: MANY + 2 });
    const crowds = [
      await Crowd.of(MANY / 2, scene.port, greeted),
      await Crowd.of(MANY / 2, scene.port, plain),
    ];
    await scene.latencyMs();
    await scene.assertGrownAtMost((MANY * MOST_KIB_PER_CONNECTION) / 1_024);
    context.diagnostic(`${MANY} connections cost ${(await scene.grownMib()).toFixed(1)} MiB`);
    for (const crowd of crowds) crowd.leave();
    await assertLatency(context, scene, () => Crowd.of(MANY / 4, scene.port, greeted));
  });
});
