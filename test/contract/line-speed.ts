import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ByteLink } from "../../src/board/link/link.js";
import { systemClock } from "../../src/core/clock.js";

/** A link to our firmware, unopened, whose speed may be changed, and whatever time it lives in. */
export interface LinkUnderTest {
  readonly link: ByteLink;
  until<T>(promise: Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const PING = (number: number) => [0xf0, 1, 2, number, 0xf7];
const SPEED = (code: number) => [0xf0, 1, 3, code, 0xf7];

/** Speeds in the order in which they are tried, with their codes. */
const SPEEDS: readonly (readonly [baud: number, code: number])[] = [
  [1_000_000, 2],
  [500_000, 1],
  [57_600, 0],
];

/** Longer than a chip takes to start and to answer. */
const ASK_AGAIN_MS = 50;

/** Nominal rates are rounded to what a clock gives. */
const ROUNDING = 0.025;

/** Opens a link, and asks over it. */
async function open({ link, until }: LinkUnderTest) {
  let received: number[] = [];
  let look = () => {};
  const data = (bytes: Uint8Array) => {
    received.push(...bytes);
    look();
  };
  await until(link.open({ data, lost: () => {} }, { signal: new AbortController().signal }));
  const echo = (...bytes: number[]): Promise<void> =>
    until(
      new Promise((resolve) => {
        look = () => {
          if (!received.join().endsWith(bytes.join())) return;
          received = [];
          resolve();
        };
        link.write(Uint8Array.from(bytes));
      }),
    );
  // A chip that is starting hears nothing yet.
  const stopAsking = askAgain(() => link.write(Uint8Array.from(PING(1))));
  await echo(...PING(1));
  stopAsking();
  await echo(...PING(2));
  return echo;
}

function askAgain(ask: () => void): () => void {
  const again = () => {
    ask();
    cancel = systemClock.after(ASK_AGAIN_MS, again);
  };
  let cancel = systemClock.after(ASK_AGAIN_MS, again);
  return () => cancel();
}

/** What a link promises that has `setBaud()`. */
export function lineSpeedContract(
  name: string,
  make: () => Promise<LinkUnderTest>,
  skip: string | false = false,
): void {
  describe(`${name} as a line with a speed`, { skip, timeout: 20_000 }, () => {
    test("speaks to the board at each speed that they agree on", async (context) => {
      const rig = await make();
      context.after(async () => {
        await rig.until(rig.link.close());
        await rig.stop();
      });
      const { link } = rig;
      const echo = await open(rig);
      for (const [baud, code] of SPEEDS) {
        await echo(...SPEED(code));
        await rig.until(link.setBaud?.(baud) ?? Promise.reject(new Error("it has no setBaud()")));
        const off = link.bytesPerSecond / (baud / 10) - 1;
        assert.ok(Math.abs(off) < ROUNDING, `${link.bytesPerSecond} bytes/s at ${baud} baud`);
        for (const number of [0, 0x55, 0x2a, 0x7f]) await echo(...PING(number));
      }
    });

    test("does nothing before it is open and after it is closed", async (context) => {
      const rig = await make();
      context.after(rig.stop);
      await rig.until(rig.link.setBaud?.(500_000) ?? Promise.resolve());
      await open(rig);
      await rig.until(rig.link.close());
      await rig.until(rig.link.setBaud?.(500_000) ?? Promise.resolve());
    });
  });
}
