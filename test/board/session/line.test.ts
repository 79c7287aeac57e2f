import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { SessionOptions } from "../../../src/board/session/board-session.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { VirtualTime } from "../../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../../src/emulator/virtual-uno.js";
import { type Noise, NoisyLink } from "./noisy-link.js";

const FAST = 1_000_000;

/** A session with our firmware in virtual time, over a line that may be bad. */
async function openFast(context: TestContext, noise: Noise = {}, options: Partial<SessionOptions> = {}) {
  const time = new VirtualTime().install();
  context.after(() => time.uninstall());
  const uno = new VirtualUno({ time });
  const link = new NoisyLink(uno, noise);
  const notices: string[] = [];
  const session = await time.until(openSession({ link, notice: (text) => notices.push(text), ...options }));
  const heard: string[] = [];
  session.board.on("lost", () => heard.push("lost"));
  session.board.on("restored", () => heard.push("restored"));
  const levels: number[] = [];
  uno.onEdge(({ pin, level }) => {
    if (pin === 13) levels.push(level);
  });
  const led = new five.Pin({ pin: 13, board: session.board });
  await time.until(session.board.confirm());
  return { time, uno, link, session, led, levels, notices, heard };
}

test("a session agrees on 1 000 000 baud within 20 ms, and leaves the board at 57 600", async (context) => {
  const { time, uno, link, session, led, levels } = await openFast(context);
  assert.equal(session.agreedBaud, FAST);
  assert.ok(time.nowMs < 60, `ready after ${time.nowMs} ms`);
  session.board.ordered(13);
  for (let write = 0; write < 200; write++) led.write((write + 1) % 2);
  await time.until(session.board.confirm());
  assert.equal(levels.length, 200);
  let isAsked = false;
  const { write } = uno;
  uno.write = (bytes) => {
    isAsked ||= Buffer.from(bytes).equals(Buffer.from([0xf0, 1, 3, 0, 0xf7]));
    write.call(uno, bytes);
  };
  await time.until(session.close());
  assert.ok(isAsked, "no farewell");
  assert.deepEqual(link.bauds, [FAST]);
});

test("a line that is idle keeps its speed", async (context) => {
  const { time, session, heard, led } = await openFast(context);
  await time.advance(20_000);
  led.high();
  await time.until(session.board.confirm());
  assert.equal(session.agreedBaud, FAST);
  assert.deepEqual(heard, []);
  await time.until(session.close());
});

test("a board that resets itself has its pins back within 100 ms, and its speed", async (context) => {
  const { time, uno, session, led, levels, heard, notices } = await openFast(context);
  led.high();
  await time.until(session.board.confirm());
  uno.reset();
  await time.advance(100);
  assert.deepEqual(heard, ["lost", "restored"]);
  assert.equal(session.agreedBaud, FAST);
  assert.deepEqual(levels, [1, 0, 1]);
  assert.match(notices.at(-1) ?? "", /its pins are as they were/);
  led.low();
  await time.until(session.board.confirm());
  assert.equal(levels.at(-1), 0);
  await time.until(session.close());
});

for (const [direction, garbles] of [
  ["to", "toBoard"],
  ["from", "toHost"],
] as const) {
  test(`a line that becomes bad on the way ${direction} the board is given up for a slower one`, async (context) => {
    const noise: Noise = {};
    const { time, session, led, levels, heard } = await openFast(context, noise);
    led.high();
    await time.until(session.board.confirm());
    noise[garbles] = (baud) => baud === FAST;
    led.low();
    led.high();
    await time.advance(6_000);
    assert.deepEqual(heard, ["lost", "restored"]);
    assert.equal(session.agreedBaud, 500_000);
    assert.equal(levels.at(-1), 1);
    led.low();
    await time.until(session.board.confirm());
    assert.equal(levels.at(-1), 0);
    await time.until(session.close());
  });
}

test("a line that carries nothing any more is asked until it does, and pins come back", async (context) => {
  const noise: Noise = {};
  const { time, session, led, levels, heard } = await openFast(context, noise);
  noise.toBoard = () => true;
  await time.advance(10_000);
  assert.deepEqual(heard, ["lost"]);
  assert.ok(session.isAway);
  led.high();
  delete noise.toBoard;
  await time.advance(1_500);
  assert.deepEqual(heard, ["lost", "restored"]);
  assert.ok(!session.isAway);
  assert.equal(levels.at(-1), 1);
  await time.until(session.close());
});

test("a session closes in time while its line is asked for", async (context) => {
  const noise: Noise = {};
  const { time, session } = await openFast(context, noise);
  noise.toBoard = () => true;
  await time.advance(5_000);
  const startMs = time.nowMs;
  await time.until(session.close());
  assert.ok(time.nowMs - startMs < 1_500, `${time.nowMs - startMs} ms`);
});
