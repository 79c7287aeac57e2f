import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../../src/board/link/mock.js";
import { openSession } from "../../../src/board/session/session.js";
import { turns } from "../../contract/waiting.js";
import { reader } from "../../flow/source-context.js";
import { Desk, FIRMWARES } from "./desk.js";

for (const firmware of FIRMWARES) {
  test(`edges end with BOARD_LOST when the board goes away, after those that came before: ${firmware}`, async (context) => {
    const desk = new Desk(context, firmware);
    const { board } = await desk.session;
    const edges = reader(board.readings(2, { debounceMs: 0 }));
    const first = edges.next();
    await turns();
    desk.board.drive(2, 0);
    await turns();
    desk.board.drive(2, 1);
    await turns();
    desk.unplug();
    assert.equal((await first).level, 0, "the level at the start is no edge");
    assert.equal((await edges.next()).level, 1);
    await assert.rejects(edges.next(), { code: "BOARD_LOST" });
  });

  for (const level of [0, 1] as const) {
    test(`edges that pause have what changed meanwhile, and nothing else: ${level}, ${firmware}`, async (context) => {
      const desk = new Desk(context, firmware);
      const { board } = await desk.session;
      const got: number[] = [];
      const reading = (async () => {
        for await (const edge of board.readings(2, { whenLost: "pause" })) got.push(edge.level);
      })();
      await turns();
      desk.unplug();
      const plugging = desk.plugIn();
      desk.board.drive(2, level);
      await plugging;
      assert.deepEqual(got, level === 0 ? [0] : []);
      desk.board.drive(2, level ? 0 : 1);
      await desk.pass(50);
      assert.deepEqual(got, level === 0 ? [0, 1] : [0]);
      await (await desk.session).close();
      await reading;
    });
  }
}

test("a level that has not lasted when the board goes away is no edge", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  const got: number[] = [];
  const reading = (async () => {
    for await (const { level } of board.readings(2, { whenLost: "pause" })) got.push(level);
  })();
  await turns();
  desk.board.drive(2, 0);
  await turns();
  desk.unplug();
  await desk.pass(100);
  await desk.plugIn();
  assert.deepEqual(got, []);
  await (await desk.session).close();
  await reading;
});

test("a sample from before the loss is not handed out after it", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  const [ending, pausing] = (["end", "pause"] as const).map((whenLost) =>
    reader(board.readings("A0", { whenLost })),
  );
  assert.ok(ending && pausing);
  const firsts = [ending.next(), pausing.next()];
  await turns();
  desk.board.measure(0, 700);
  for (const first of firsts) assert.equal((await first).value, 700);
  desk.board.measure(0, 701);
  await turns();
  desk.unplug();
  await assert.rejects(ending.next(), { code: "BOARD_LOST" });
  const next = pausing.next();
  await desk.plugIn();
  desk.board.measure(0, 300);
  assert.deepEqual(await next, { value: 300, atMs: desk.clock.now(), missed: 1 });
});

test("readings that begin while the board is away wait for it", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  desk.unplug();
  const samples = reader(board.readings("A1"));
  const first = samples.next();
  await desk.plugIn();
  desk.board.measure(1, 5);
  assert.equal((await first).value, 5);
});

test("a second reader knows the level that a first has heard of", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  const [first, second] = [0, 1].map(() => reader(board.readings(2, { debounceMs: 0 })));
  assert.ok(first && second);
  const falling = first.next();
  await turns();
  desk.board.drive(2, 0);
  assert.equal((await falling).level, 0);
  await first.leave();
  const rising = reader(board.readings(2, { debounceMs: 0 })).next();
  await turns();
  desk.board.drive(2, 1);
  assert.equal((await rising).level, 1);
});

test("readings end with their session and with their signal, and with the error where the board is gone for good", async () => {
  const link = new MockBoard();
  const session = await openSession({ link });
  const { board } = session;
  const stop = new AbortController();
  const stopped = reader(board.readings(2, { signal: stop.signal })).rest();
  const lost = reader(board.readings(2, { whenLost: "pause" })).rest();
  await turns();
  stop.abort(new Error("enough"));
  assert.deepEqual(await stopped, []);
  link.unplug();
  await assert.rejects(lost, { code: "BOARD_LOST" });
  await assert.rejects(reader(board.readings("A0")).rest(), { code: "BOARD_LOST" });

  const other = await openSession({ link: new MockBoard() });
  const closed = reader(other.board.readings("A0")).rest();
  await turns();
  await other.close();
  assert.deepEqual(await closed, []);
  await session.close();
});

for (const pin of ["A", "B0", -1, 1.5] as const) {
  test(`readings() refuses ${pin}`, async () => {
    const session = await openSession({ link: new MockBoard() });
    // The cast: types would say so, and JavaScript has none.
    assert.throws(() => session.board.readings(pin as number), { code: "USAGE" });
    await session.close();
  });
}
