import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ByteLink } from "../../src/board/link/link.js";
import type { BoardSession } from "../../src/board/session/board-session.js";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";

/** A board for the suite, and what a person with a probe would see on its pins. */
export interface BoardUnderTest {
  readonly link: ByteLink;
  /** Levels that a pin took, oldest first, since the board was made, as soon as there are so many. */
  levels(pin: number, atLeast: number): Promise<readonly number[]>;
  stop(): Promise<void>;
}

/** What every board promises, whatever it is and whatever is between it and the session. */
export function boardContract(
  name: string,
  make: () => Promise<BoardUnderTest>,
  skip: string | false = false,
): void {
  describe(`${name} as a board`, { skip }, () => {
    let made: BoardUnderTest;
    let session: BoardSession;

    before(async () => {
      made = await make();
      session = await openSession({ link: made.link });
    });
    after(async () => {
      await session?.close();
      await made?.stop();
    });

    test("reports its firmware", () => assert.match(session.firmware, /^\w+Firmata\.ino \d+\.\d+$/));

    test("confirms a level, and the pin has it", async () => {
      const { board } = session;
      const pin = new five.Pin({ pin: 12, board });
      await board.confirm();
      for (const level of [1, 0, 1, 1, 0]) {
        pin.write(level);
        await board.confirm();
      }
      // Two writes of 1 in a row make one edge.
      assert.deepEqual(await made.levels(12, 4), [1, 0, 1, 0]);
    });

    test("confirms every one of 300 writes of an ordered pin that were not waited for", async () => {
      const { board } = session;
      const pin = new five.Pin({ pin: 11, board });
      board.ordered(11);
      await board.confirm();
      for (let write = 0; write < 150; write++) {
        pin.high();
        pin.low();
      }
      await board.confirm();
      assert.equal((await made.levels(11, 300)).length, 300);
    });

    test("gives each of several waiters an answer of its own", async () => {
      const { board } = session;
      const pin = new five.Pin({ pin: 10, board });
      const confirmed: number[] = [];
      await Promise.all(
        [1, 0, 1, 0].map(async (level, index) => {
          pin.write(level);
          await board.confirm();
          confirmed.push(index);
        }),
      );
      assert.deepEqual(confirmed, [0, 1, 2, 3]);
    });

    test("confirms PWM by its value", async () => {
      const { board } = session;
      const led = new five.Led({ pin: 3, board });
      led.brightness(77);
      await board.confirm();
    });

    test("leaves outputs low when it closes, though a component goes on", async () => {
      const { board } = session;
      new five.Pin({ pin: 7, board }).high();
      const blinking = new five.Led({ pin: 6, board });
      blinking.blink(1);
      await board.confirm();
      await session.close();
      blinking.stop();
      assert.deepEqual(await made.levels(7, 2), [1, 0]);
      assert.equal((await made.levels(6, 0)).at(-1) ?? 0, 0);
      await assert.rejects(board.confirm(), { code: "LINK_CLOSED" });
    });
  });
}
