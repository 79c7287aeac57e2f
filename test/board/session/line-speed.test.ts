import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ByteLink } from "../../../src/board/link/link.js";
import { LineSpeed } from "../../../src/board/session/line/line-speed.js";
import { LineTalk } from "../../../src/board/session/line/line-talk.js";
import { systemClock } from "../../../src/core/clock.js";
import { VirtualTime } from "../../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../../src/emulator/virtual-uno.js";
import { FrameSplitter } from "../../../src/firmata/frames.js";
import { decodeToHost } from "../../../src/firmata/to-host.js";
import { type Noise, NoisyLink } from "./noisy-link.js";

/** Our firmware behind a line, opened and greeted, in virtual time. */
async function openLine(
  context: TestContext,
  wrap: (link: VirtualUno) => ByteLink = (link) => link,
  settings: { readonly baud?: number } = {},
) {
  const time = new VirtualTime().install();
  context.after(() => time.uninstall());
  const link = wrap(new VirtualUno({ ...settings, time }));
  let answered = () => {};
  const talk = new LineTalk({ clock: systemClock, send: (frame) => link.write(frame) });
  const splitter = new FrameSplitter("toHost", {
    frame: (frame) => {
      if (!talk.receive(decodeToHost(frame))) answered();
    },
  });
  const events = { data: (bytes: Uint8Array) => splitter.push(bytes), lost: () => {} };
  await time.until(link.open(events, { signal: new AbortController().signal }));
  await time.advance(20);
  const line = new LineSpeed(talk, link);
  /** Whether the board answers at the host's present speed. */
  const answers = async (number = 9) => time.until(talk.ask({ type: "ping", number }, 50));
  /** Whether another Firmata client, which knows nothing of speeds, is answered. */
  const answersAnybody = async () => {
    await link.setBaud?.(57_600);
    const heard = new Promise<boolean>((resolve) => {
      answered = () => resolve(true);
    });
    link.write(Uint8Array.of(0xf9));
    return time.until(Promise.race([heard, systemClock.sleep(20).then(() => false)]));
  };
  return { time, link, line, answers, answersAnybody };
}

const at =
  (...bauds: number[]) =>
  (baud: number) =>
    bauds.includes(baud);

const LINES: readonly (readonly [string, Noise, agreed: number | undefined, withinMs: number])[] = [
  ["a good line", {}, 1_000_000, 6],
  ["one that garbles what goes to the board at 1 000 000", { toBoard: at(1_000_000) }, 500_000, 500],
  ["one that garbles what comes from the board at 1 000 000", { toHost: at(1_000_000) }, 500_000, 500],
  ["one that is bad at both", { toHost: at(500_000, 1_000_000) }, undefined, 1_000],
  ["one that is bad both ways at both", bothWays(), undefined, 1_000],
  ["a port that cannot have 1 000 000", { refused: [1_000_000] }, 500_000, 500],
  ["a port that can have neither", { refused: [1_000_000, 500_000] }, undefined, 1_000],
];

function bothWays(): Noise {
  return { toBoard: at(500_000, 1_000_000), toHost: at(500_000, 1_000_000) };
}

for (const [what, noise, agreed, withinMs] of LINES) {
  test(`LineSpeed.agree() on ${what} gives ${agreed ?? "57 600"} baud`, async (context) => {
    const { time, line, answers } = await openLine(context, (link) => new NoisyLink(link, noise));
    const startMs = time.nowMs;
    await time.until(line.agree());
    assert.equal(line.agreedBaud, agreed);
    assert.ok(time.nowMs - startMs < withinMs, `took ${time.nowMs - startMs} ms`);
    assert.ok(await answers(), "the board does not answer");
  });
}

test("LineSpeed.agree() asks nothing on a link that keeps to its speed", async (context) => {
  const { time, line, answers } = await openLine(context, undefined, { baud: 57_600 });
  const startMs = time.nowMs;
  await time.until(line.agree());
  assert.equal(time.nowMs, startMs);
  assert.equal(line.agreedBaud, undefined);
  assert.ok(await answers());
});

test("LineSpeed.farewell() leaves the board to any Firmata client", async (context) => {
  const { time, line, answersAnybody } = await openLine(context);
  await time.until(line.agree());
  await time.until(line.farewell());
  assert.equal(line.agreedBaud, undefined);
  assert.ok(await answersAnybody());
});

test("LineSpeed.goBack() reaches a board that is still at the fast speed, and one that is back", async (context) => {
  const { time, line, link, answers } = await openLine(context);
  for (const lostMs of [0, 3_500]) {
    await time.until(line.agree());
    await time.advance(lostMs);
    assert.ok(await time.until(line.goBack()));
    assert.equal(line.agreedBaud, undefined);
    assert.ok(link.bytesPerSecond < 6_000);
    assert.ok(await answers());
  }
});

test("LineSpeed does not try a speed again that has failed three times", async (context) => {
  const { time, line, answers } = await openLine(context);
  for (const agreed of [1_000_000, 1_000_000, 1_000_000, 500_000]) {
    await time.until(line.agree());
    assert.equal(line.agreedBaud, agreed);
    line.failed();
    assert.ok(await time.until(line.goBack()));
  }
  assert.ok(await answers());
});

test("LineSpeed.goBack() says of a board that is silent that it is", async (context) => {
  const { time, line } = await openLine(context, (uno) => new NoisyLink(uno, { toBoard: () => true }));
  assert.equal(await time.until(line.goBack()), false);
});
