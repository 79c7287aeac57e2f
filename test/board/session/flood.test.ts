import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { FIRMWARES } from "../../circuit/firmwares.js";
import { cases } from "../../long.js";
import { play, type Scene } from "./play.js";

/** Writes levels 100 times each millisecond, for so long. @returns How many messages ever waited. */
async function flood(
  { time, session }: Scene,
  pin: { write(level: number): unknown },
  ms: number,
): Promise<number> {
  let most = 0;
  let writes = 0;
  const timer = setInterval(() => {
    for (let count = 0; count < 100; count++) pin.write(++writes % 2);
    most = Math.max(most, session.counts().queued);
  }, 1);
  await time.advance(ms);
  clearInterval(timer);
  return most;
}

for (const { name, skip, hex } of FIRMWARES) {
  for (const [what, times] of [
    ["", 1],
    [", on a wire that is 9 % slower than it says", 1.1],
  ] as const) {
    test(`100 000 levels a second leave the queue short, the last level right, and a new write quick: ${name}${what}`, {
      skip,
    }, async () => {
      await play(
        await hex(),
        async (scene) => {
          const { time, uno, session, board, edges } = scene;
          const pin = new five.Pin({ pin: 13, board });
          const other = new five.Pin({ pin: 4, board });
          const most = await flood(scene, pin, 600);
          assert.ok(most <= 4, `${most} messages waited`);
          const sinceUs = uno.nowUs;
          other.high();
          await flood(scene, pin, 100);
          const edge = edges.find((each) => each.pin === 4);
          assert.ok(edge && edge.atUs - sinceUs < 50_000, `${edge && edge.atUs - sinceUs} µs`);
          pin.high();
          await time.until(board.confirm());
          assert.equal(edges.findLast((each) => each.pin === 13)?.level, 1);
          assert.ok(session.counts().superseded > 60_000);
          assert.deepEqual([session.counts().queued, session.counts().oldestQueuedMs], [0, 0]);
        },
        times,
      );
    });
  }

  test(`ordered pins lose no level and keep their order, also of two ports: ${name}`, { skip }, async () => {
    await play(await hex(), async ({ time, board, edges }) => {
      const pins = [13, 7, 12].map((pin) => new five.Pin({ pin, board }));
      const [first, second, loose] = pins;
      assert.ok(first && second && loose);
      board.ordered(13, 7);
      await time.until(board.confirm());
      for (let write = 1; write <= 300; write++) {
        loose.write(write % 2);
        first.write(write % 2);
        second.write(write % 2);
      }
      await time.until(board.confirm());
      const seen = edges.filter(({ pin }) => pin !== 12).map(({ pin, level }) => `${pin} ${level}`);
      const told = Array.from({ length: 300 }, (_, at) => [`13 ${(at + 1) % 2}`, `7 ${(at + 1) % 2}`]).flat();
      assert.deepEqual(seen, told);
      assert.equal(edges.findLast(({ pin }) => pin === 12)?.level ?? 0, 0);
    });
  });

  test(`whatever is written, the board has the last values, and of ordered pins each: ${name}`, {
    skip,
  }, async () => {
    const write = fc.record({
      pin: fc.constantFrom(3, 5, 7, 8, 12, 13),
      value: fc.nat(255),
      gapMs: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 400 }), async (writes) => {
        await play(await hex(), async ({ time, board, edges }) => {
          for (const pin of [3, 5]) board.pinMode(pin, five.Pin.PWM);
          for (const pin of [7, 8, 12, 13]) board.pinMode(pin, five.Pin.OUTPUT);
          board.ordered(7, 13);
          await time.until(board.confirm());
          edges.length = 0;
          const told = new Map<number, number[]>([7, 8, 12, 13].map((pin) => [pin, [0]]));
          for (const { pin, value, gapMs } of writes) {
            if (pin < 6) board.analogWrite(pin, value);
            else board.digitalWrite(pin, value % 2);
            const levels = told.get(pin);
            if (levels && levels.at(-1) !== value % 2) levels.push(value % 2);
            // Mostly bursts, and now and then room on the wire.
            if (gapMs > 36) await time.advance(gapMs);
          }
          await time.until(board.confirm());
          for (const pin of [8, 12])
            assert.equal(edges.findLast((edge) => edge.pin === pin)?.level ?? 0, told.get(pin)?.at(-1));
          for (const pin of [7, 13])
            assert.deepEqual(
              [0, ...edges.filter((edge) => edge.pin === pin).map(({ level }) => level)],
              told.get(pin),
            );
        });
      }),
      { numRuns: cases(4, 100), seed: 6 },
    );
  });
}

for (const firmware of ["circuit", "standard"] as const) {
  test(`a flood in one turn leaves a mock board with the last level, and waits a turn at most: ${firmware}`, async () => {
    const link = new MockBoard({ firmware });
    const session = await openSession({ link });
    const pin = new five.Pin({ pin: 13, board: session.board });
    for (let turn = 1; turn <= 20; turn++) {
      for (let write = 1; write < 10_000; write++) pin.write((turn + write) % 2);
      assert.ok(session.counts().queued <= 1, `${session.counts().queued} messages wait`);
      await session.board.confirm();
      assert.equal(link.pin(13).value, (turn + 1) % 2);
      assert.equal(session.counts().queued, 0);
    }
    await session.close();
  });
}
