import type { Board } from "../../../src/board/board.js";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import type { Random } from "../../../src/core/random.js";
import type { FIRMWARES } from "./desk.js";

/** Pins that acts are about. */
export const PINS = [3, 5, 9, 10, 12, 13];

/** Something that a sketch does with a pin. */
export function draw(random: Random): (board: Board) => void {
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
export async function pinsAfter(
  firmware: (typeof FIRMWARES)[number],
  acts: readonly ((board: Board) => void)[],
) {
  const link = new MockBoard({ firmware });
  const session = await openSession({ link });
  for (const act of acts) act(session.board);
  await session.board.confirm();
  const pins = PINS.map((pin) => link.pin(pin));
  await session.close(new Map(PINS.map((pin) => [pin, "keep"])));
  return pins;
}
