import assert from "node:assert/strict";
import { test } from "node:test";
import type { Board } from "../../../src/board/board.js";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { type Random, seededRandom } from "../../../src/core/random.js";
import { cases } from "../../long.js";
import { Desk, FIRMWARES } from "./desk.js";

const PINS = [3, 5, 9, 10, 12, 13];

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

/** Something that a sketch does with a pin. */
function draw(random: Random): (board: Board) => void {
  const pin = PINS[Math.floor(random() * PINS.length)] ?? 13;
  const value = Math.floor(random() * 256);
  const acts: readonly ((board: Board) => void)[] = [
    (board) => {
      board.pinMode(pin, five.Pin.OUTPUT);
      board.digitalWrite(pin, value & 1);
    },
    (board) => {
      if (pin > 11) return;
      board.pinMode(pin, five.Pin.PWM);
      board.analogWrite(pin, value);
    },
    (board) => {
      board.pinMode(pin, five.Pin.SERVO);
      board.servoWrite(pin, value % 180);
    },
    (board) => board.pinMode(pin, five.Pin.INPUT),
  ];
  return acts[Math.floor(random() * acts.length)] ?? (() => {});
}

/** The pins of a board that never went away. */
async function pinsAfter(firmware: (typeof FIRMWARES)[number], acts: readonly ((board: Board) => void)[]) {
  const link = new MockBoard({ firmware });
  const session = await openSession({ link });
  for (const act of acts) act(session.board);
  await session.board.confirm();
  const pins = PINS.map((pin) => link.pin(pin));
  await session.close(new Map(PINS.map((pin) => [pin, "keep"])));
  return pins;
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
