import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MockBoard } from "../../../src/board/link/mock.js";
import { analogInput, digitalInput } from "../../../src/board/session/readings/pin-inputs.js";
import { openSession } from "../../../src/board/session/session.js";
import { piezoOutput, pinOutput } from "../../../src/circuit/flows/flow-pins.js";
import { toPiezo, toPin } from "../../../src/flow/outputs/to-pin.js";
import { edges, samples } from "../../../src/flow/sources/pin.js";
import { turns } from "../../contract/waiting.js";
import { bench, reader } from "../../flow/source-context.js";

async function openMock(t: TestContext) {
  const link = new MockBoard();
  const session = await openSession({ link });
  t.after(() => session.close());
  return { link, board: session.board };
}

test("a button's edges, over two lives of a pipeline", async (t) => {
  const { link, board } = await openMock(t);
  const input = digitalInput(board, 2);
  const source = edges(input, { edge: "falling", debounceMs: 0, idle: 1 });
  for (let life = 0; life < 2; life++) {
    const { context, stop } = bench();
    const items = reader(source(context));
    const first = items.next();
    await turns();
    for (const level of [1, 0, 1, 0, 1] as const) {
      link.drive(2, level);
      await turns();
    }
    assert.deepEqual(
      [await first, await items.next()],
      [
        { level: 0, atMs: 0, missed: 0 },
        { level: 0, atMs: 0, missed: 0 },
      ],
    );
    const rest = items.rest();
    stop();
    assert.deepEqual(await rest, []);
  }
});

test("an analog pin's samples go through to a digital, a PWM and a piezo's pin", async (t) => {
  const { link, board } = await openMock(t);
  const { context, stop } = bench();
  const items = reader(samples(analogInput(board, 0))(context));
  const digital = toPin<number>(pinOutput(board, 12), { value: (value) => (value > 500 ? 1 : 0) });
  const pwm = toPin<number>(pinOutput(board, 3, { pwm: true }), { value: (value) => value >> 2 });
  const piezo = toPiezo<number>(piezoOutput(board, 8));
  const next = items.next();
  await turns();
  link.measure(0, 800);
  const { value } = await next;
  assert.equal(value, 800);
  await Promise.all([digital, pwm, piezo].map((output) => output(value, context)));
  assert.equal(link.pin(12).value, 1);
  assert.equal(link.pin(3).value, 200);
  stop();
});
