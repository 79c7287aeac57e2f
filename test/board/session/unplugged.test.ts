import assert from "node:assert/strict";
import { test } from "node:test";
import type { Board } from "../../../src/board/board.js";
import { five } from "../../../src/board/session/piezo.js";
import { seededRandom } from "../../../src/core/random.js";
import { cases } from "../../long.js";
import { draw, PINS, pinsAfter } from "./acts.js";
import { Desk, FIRMWARES } from "./desk.js";

/** What our firmware says of itself and of its pins, and what it answers then: some bytes more than that. */
const HANDSHAKE_BYTES = 420;

for (const firmware of FIRMWARES) {
  test(`a board that goes away at any byte of its handshake gets its pins back in the end: ${firmware}`, async (context) => {
    const step = cases(7, 1);
    for (let bytes = 1; bytes <= HANDSHAKE_BYTES; bytes += step) {
      const desk = new Desk(context, firmware);
      const { board } = await desk.session;
      new five.Pin({ pin: 13, board }).high();
      new five.Led({ pin: 3, board }).brightness(77);
      const before = [3, 13].map((pin) => desk.board.pin(pin));
      desk.unplug();
      await desk.plugIn(firmware, bytes);
      if (!(await desk.session).isAway) desk.unplug();
      await desk.plugIn(firmware);
      assert.deepEqual(
        [3, 13].map((pin) => desk.board.pin(pin)),
        before,
        `after ${bytes} bytes`,
      );
      assert.equal(desk.heard.at(-1), "restored", `after ${bytes} bytes`);
      await (await desk.session).close();
    }
  });
}

test("a board that goes away at random moments has the pins of one that stayed, as soon as it is back", async (context) => {
  for (let seed = 1; seed <= cases(40, 200); seed++) {
    const random = seededRandom(seed);
    const firmware = random() < 0.5 ? "circuit" : "standard";
    const desk = new Desk(context, firmware);
    const session = await desk.session;
    const acts: ((board: Board) => void)[] = [];
    const outcomes: Promise<string>[] = [];
    for (let step = 0; step < 40; step++) {
      const act = draw(random);
      acts.push(act);
      act(session.board);
      if (random() < 0.3)
        outcomes.push(
          session.board.confirm().then(
            () => "confirmed",
            ({ code }) => code,
          ),
        );
      if (random() < 0.1 && !session.isAway) desk.unplug();
      if (random() < 0.2 && session.isAway) await desk.plugIn();
      if (random() < 0.2) await desk.pass(50);
    }
    if (session.isAway) await desk.plugIn();
    await session.board.confirm();
    assert.deepEqual(
      PINS.map((pin) => desk.board.pin(pin)),
      await pinsAfter(firmware, acts),
      `seed ${seed}`,
    );
    for (const outcome of await Promise.all(outcomes))
      assert.ok(["confirmed", "SUPERSEDED"].includes(outcome), `seed ${seed}: ${outcome}`);
    await session.close();
  }
});
