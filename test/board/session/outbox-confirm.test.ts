import assert from "node:assert/strict";
import { test } from "node:test";
import type { Board } from "../../../src/board/board.js";
import { five } from "../../../src/board/session/piezo.js";
import { FIRMWARES } from "../../circuit/firmwares.js";
import { Desk } from "./desk.js";
import { play, type Scene } from "./play.js";

/** What becomes of a confirmation: its error's code. */
const outcomeOf = (confirmed: Promise<void>): Promise<string> =>
  confirmed.then(
    () => "confirmed",
    ({ code }) => code,
  );

/** More than the wire has room for: strings, which nothing takes the place of. */
function fill(board: Board, messages = 40): void {
  for (let count = 0; count < messages; count++) sendString(board, "abc");
}

/** What the types of Johnny-Five's board leave out. */
interface Talking {
  readonly io: { sendString(text: string): void };
  i2cWrite(address: number, bytes: readonly number[]): void;
}

function sendString(board: Board, text: string): void {
  (board as unknown as Talking).io.sendString(text);
}

function writeI2c(board: Board): void {
  (board as unknown as Talking).i2cWrite(0x20, [1, 2]);
}

async function ready({ time, board }: Scene, ...numbers: readonly number[]): Promise<five.Pin[]> {
  const pins = numbers.map((pin) => new five.Pin({ pin, board }));
  for (const pin of pins) pin.low();
  await time.until(board.confirm());
  return pins;
}

for (const { name, skip, hex } of FIRMWARES) {
  test(`a write that is replaced before it is sent is never confirmed; others of its port are: ${name}`, {
    skip,
  }, async () => {
    await play(await hex(), async (scene) => {
      const { time, board, edges } = scene;
      const [pin, other] = await ready(scene, 13, 12);
      fill(board);
      pin?.high();
      other?.high();
      const both = outcomeOf(board.confirm());
      pin?.low();
      const last = outcomeOf(board.confirm());
      const outcome = await time.until(both);
      assert.equal(await time.until(last), "confirmed");
      const isSeen = edges.some((edge) => edge.pin === 13 && edge.level === 1);
      // StandardFirmata is asked for the pins, and nothing goes past a question: there the level was on the pin.
      assert.equal(outcome, isSeen ? "confirmed" : "SUPERSEDED");
      assert.equal(isSeen, name === "StandardFirmata");
      assert.equal(edges.findLast((edge) => edge.pin === 12)?.level, 1);
      assert.equal(edges.findLast((edge) => edge.pin === 13)?.level ?? 0, 0);
    });
  });

  test(`who waits for one pin is confirmed though another of its port was written again: ${name}`, {
    skip,
  }, async () => {
    await play(await hex(), async (scene) => {
      const { time, board } = scene;
      const [pin, other] = await ready(scene, 13, 12);
      fill(board);
      other?.high();
      const confirmed = outcomeOf(board.confirm());
      for (let write = 0; write < 100; write++) pin?.write(write % 2);
      assert.equal(await time.until(confirmed), "confirmed");
    });
  });

  test(`a confirmation waits for what waits, for longer than a second: ${name}`, { skip }, async () => {
    await play(await hex(), async (scene) => {
      const { time, board, session, edges } = scene;
      const [pin] = await ready(scene, 13);
      board.ordered(13);
      for (let write = 1; write <= 3_000; write++) pin?.write(write % 2);
      const confirmed = outcomeOf(board.confirm());
      await time.advance(500);
      const { queued, queuedBytes, oldestQueuedMs, unsentBytes } = session.counts();
      assert.ok(queued > 1_900 && queuedBytes >= queued * 3 && unsentBytes >= queuedBytes);
      assert.ok(oldestQueuedMs > 400 && oldestQueuedMs < 500.1);
      assert.equal(await time.until(confirmed), "confirmed");
      assert.equal(edges.filter((edge) => edge.pin === 13).length, 3_000);
    });
  });

  test(`an ordered pin's write that finds 4096 waiting is refused, and confirm() makes room: ${name}`, {
    skip,
  }, async () => {
    await play(await hex(), async (scene) => {
      const { time, board, edges } = scene;
      const [pin, loose] = await ready(scene, 13, 7);
      board.ordered(13);
      let written = 0;
      const refuse = () => {
        for (;;) {
          pin?.write((written + 1) % 2);
          written++;
        }
      };
      assert.throws(refuse, { code: "OUTBOX_FULL", hint: /board\.confirm\(\)/ });
      assert.ok(written >= 4_096);
      loose?.high();
      assert.throws(() => sendString(board, "a"), { code: "OUTBOX_FULL" });
      assert.equal(await time.until(outcomeOf(board.confirm())), "confirmed");
      pin?.write((written + 1) % 2);
      assert.equal(await time.until(outcomeOf(board.confirm())), "confirmed");
      assert.equal(edges.filter((edge) => edge.pin === 13).length, written + 1);
      assert.equal(edges.findLast((edge) => edge.pin === 7)?.level, 1);
    });
  });

  test(`what is written is written when the session closes, and then the pins are low: ${name}`, {
    skip,
  }, async () => {
    await play(await hex(), async (scene) => {
      const { time, board, session, edges } = scene;
      const [pin] = await ready(scene, 13);
      board.ordered(13);
      for (let write = 1; write <= 401; write++) pin?.write(write % 2);
      await time.until(session.close());
      assert.equal(edges.filter((edge) => edge.pin === 13).length, 402);
      assert.equal(edges.findLast((edge) => edge.pin === 13)?.level, 0);
    });
  });

  test(`what would take too long is dropped when the session closes, and the pins are low: ${name}`, {
    skip,
  }, async () => {
    await play(await hex(), async (scene) => {
      const { time, uno, board, session, edges, notices } = scene;
      const [pin, kept] = await ready(scene, 13, 7);
      board.ordered(13, 7);
      for (let write = 1; write <= 3_999; write++) pin?.write(write % 2);
      kept?.high();
      const sinceUs = uno.nowUs;
      await time.until(session.close(new Map([[7, "keep"]])));
      assert.ok(uno.nowUs - sinceUs < 1_200_000, `${uno.nowUs - sinceUs} µs`);
      assert.equal(edges.findLast((edge) => edge.pin === 13)?.level, 0);
      assert.equal(edges.findLast((edge) => edge.pin === 7)?.level, 1);
      assert.deepEqual(notices, [
        "The board on sim:uno misses messages that it is not told again, such as I2C, strings and earlier values of ordered pins",
      ]);
    });
  });

  test(`confirm() waits until the board has taken a message that no pin shows: ${name}`, {
    skip,
  }, async () => {
    await play(await hex(), async (scene) => {
      const { time, uno, board } = scene;
      const sinceUs = uno.nowUs;
      sendString(board, "a".repeat(50));
      assert.equal(await time.until(outcomeOf(board.confirm())), "confirmed");
      // 103 bytes of 170 µs, and an answer.
      assert.ok(uno.nowUs - sinceUs > 103 * 170, `${uno.nowUs - sinceUs} µs`);
    });
  });
}

test("ordered() refuses what is no pin", async (context) => {
  const { board } = await new Desk(context).session;
  for (const pin of [-1, 128, 1.5, Number.NaN]) assert.throws(() => board.ordered(pin), { code: "USAGE" });
});

test("a message that cannot be brought back is counted while the board is away, told once, and never confirmed", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const { board } = session;
  board.i2cConfig();
  const pin = new five.Pin({ pin: 12, board });
  await board.confirm();
  desk.unplug();
  pin.high();
  writeI2c(board);
  sendString(board, "a");
  assert.equal(await outcomeOf(board.confirm()), "BOARD_LOST");
  const remembered = outcomeOf(board.confirm());
  await desk.plugIn();
  assert.equal(await remembered, "confirmed");
  assert.equal(session.counts().missed, 2);
  assert.equal(desk.notices.filter((text) => /misses messages/.test(text)).length, 1);
  assert.ok(!desk.board.received.some(({ type }) => type === "i2cRequest" || type === "string"));
  writeI2c(board);
  assert.equal(await outcomeOf(board.confirm()), "confirmed");
  assert.equal(session.counts().missed, 2);
});

test("a message that was under way when the board went away is not confirmed, though its pins come back", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  const pin = new five.Pin({ pin: 12, board });
  await board.confirm();
  desk.board.hang();
  pin.high();
  const before = outcomeOf(board.confirm());
  sendString(board, "a");
  const covering = outcomeOf(board.confirm());
  sendString(board, "b");
  desk.unplug();
  assert.equal(await covering, "BOARD_LOST");
  assert.equal(await outcomeOf(board.confirm()), "BOARD_LOST");
  await desk.plugIn();
  assert.equal(await before, "confirmed");
  assert.equal(desk.board.pin(12).value, 1);
});

test("a board that hangs in a flood is found out, and the flood goes on", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  const pin = new five.Pin({ pin: 12, board });
  board.ordered(12);
  await board.confirm();
  desk.board.hang();
  for (let write = 1; write <= 2_000; write++) pin.write(write % 2);
  const outcome = outcomeOf(board.confirm());
  await desk.pass(4_000);
  assert.equal(await outcome, "PIN_UNCONFIRMED");
  assert.equal((await desk.session).counts().queued, 0);
});

test("who asks for a confirmation of each write and waits for none is refused in the end", async (context) => {
  const desk = new Desk(context, "standard");
  const { board } = await desk.session;
  const pin = new five.Pin({ pin: 12, board });
  await board.confirm();
  desk.board.hang();
  const outcomes: Promise<string>[] = [];
  for (let write = 1; write <= 5_000; write++) {
    board.digitalWrite(12, write % 2 ? 1 : 0);
    outcomes.push(outcomeOf(board.confirm()));
  }
  const { queued } = (await desk.session).counts();
  assert.ok(queued >= 8_192 && queued < 8_200, `${queued} messages wait`);
  assert.equal(await outcomes.at(-1), "OUTBOX_FULL");
  assert.throws(() => sendString(board, "a"), { code: "OUTBOX_FULL" });
  desk.unplug();
  await desk.plugIn();
  assert.equal(await outcomeOf(board.confirm()), "confirmed");
  assert.equal(desk.board.pin(12).value, 0);
  assert.ok(pin);
});
