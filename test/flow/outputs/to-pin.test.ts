import assert from "node:assert/strict";
import { test } from "node:test";
import { toPiezo, toPin } from "../../../src/flow/outputs/to-pin.js";
import { bench } from "../source-context.js";

function fakeBoard(mostValue = 255) {
  const done: string[] = [];
  let confirmed = () => {};
  return {
    done,
    mostValue,
    write: (value: number) => void done.push(`write ${value}`),
    frequency: (toneHz: number, forMs: number) => void done.push(`${toneHz} Hz for ${forMs} ms`),
    confirm: () =>
      new Promise<void>((resolve) => {
        confirmed = resolve;
      }),
    executes: () => confirmed(),
  };
}

for (const [item, value] of [
  [1, 1],
  [0, 0],
  [128, 128],
  [true, 1],
  ["0", 0],
  ["false", 0],
  [{ level: 1 }, 1],
] as const) {
  test(`toPin() writes ${JSON.stringify(item)}, and has done so when the board says so`, async () => {
    const board = fakeBoard();
    let isTaken = false;
    const taken = Promise.resolve(toPin(board)(item, bench().context)).then(() => {
      isTaken = true;
    });
    await Promise.resolve();
    assert.deepEqual(board.done, [`write ${value}`]);
    assert.ok(!isTaken);
    board.executes();
    await taken;
  });
}

for (const item of [2.5, -1, 256, Number.NaN, "on", null, {}]) {
  test(`toPin() refuses ${JSON.stringify(item)}`, () => {
    const board = fakeBoard();
    assert.throws(() => toPin(board)(item, bench().context), { code: "MESSAGE_INVALID" });
    assert.deepEqual(board.done, []);
  });
}

test("toPin() refuses more than a level for a digital pin", () => {
  assert.throws(() => toPin(fakeBoard(1))(2, bench().context), {
    message: "Cannot write 2 to a pin: it takes 0 to 1",
  });
});

test("toPiezo() sounds what an item says, or nothing", async () => {
  const board = fakeBoard();
  const tone = (price: number) => (price > 10 ? { toneHz: price * 10, forMs: 50 } : undefined);
  const output = toPiezo(board, { tone });
  assert.equal(output(9, bench().context), undefined);
  const taken = output(44, bench().context);
  board.executes();
  await taken;
  const plain = toPiezo(board)("anything", bench().context);
  board.executes();
  await plain;
  assert.deepEqual(board.done, ["440 Hz for 50 ms", "440 Hz for 200 ms"]);
});
