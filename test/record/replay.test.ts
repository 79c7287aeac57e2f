import assert from "node:assert/strict";
import { type EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MockBoard } from "../../src/board/link/mock.js";
import type { BoardSession } from "../../src/board/session/board-session.js";
import { openSession } from "../../src/board/session/session.js";
import type { CircuitEvent } from "../../src/circuit/progress.js";
import { runCircuit } from "../../src/circuit/run.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import { five, Sketch, type SketchContext } from "../../src/index.js";
import { makeReplay, type Replay } from "../../src/record/replay.js";
import { emulate } from "../../src/testing.js";
import { attachments } from "../../src/wiring/attachments.js";
import { readWiring } from "../../src/wiring/read.js";
import { exampleUno, FIRMWARES } from "../circuit/firmwares.js";
import { boardContract } from "../contract/board.js";
import { Tape } from "./taped-link.js";
import { written } from "./written.js";

/** The example, whose bits a seed draws. */
function example(seed: number): CircuitDefinition {
  return {
    seed,
    nodes: {
      clock: { sketch: "clock", options: { ticks: 3, delaySeconds: 0.2 } },
      iopin: { sketch: "iopin", options: { bitMs: 150 } },
      buzzer: { sketch: "buzzer" },
    },
  };
}

/** Blinks until it is stopped. */
function blinking(everyMs: number, pin = 13): CircuitDefinition {
  class Blink extends Sketch {
    override setup({ board }: SketchContext) {
      new five.Led({ pin, board }).blink(everyMs);
    }
  }
  return { nodes: { blink: { sketch: Blink } } };
}

/** Rings with as many strokes as it is told when its button is pressed. */
function bell(strokes: number): CircuitDefinition {
  class Bell extends Sketch {
    override setup({ board }: SketchContext) {
      board.ordered(12);
      const led = new five.Pin({ pin: 12, board });
      new five.Button({ pin: 2, board, isPullup: true }).on("press", () => {
        this.out("ding");
        for (let stroke = 0; stroke < strokes; stroke++) {
          led.high();
          led.low();
        }
      });
    }
  }
  return { nodes: { bell: { sketch: Bell } } };
}

interface Ran {
  readonly told: readonly CircuitEvent[];
  readonly lines: readonly string[];
  /** What it ended with, where it failed. */
  readonly failure: unknown;
}

type Link = Parameters<Tape["of"]>[0];

/** Runs a circuit, for so long where it does not end by itself, while `hands` do something. */
async function run(
  time: VirtualTime,
  circuit: CircuitDefinition,
  link: Link,
  { forMs, hands = async () => {} }: { forMs?: number; hands?: () => Promise<void> } = {},
): Promise<Ran> {
  const told: CircuitEvent[] = [];
  const stop = new AbortController();
  let failure: unknown;
  const onEvent = (event: CircuitEvent) => told.push(event);
  const running = runCircuit(circuit, { links: { board: link }, onEvent, signal: stop.signal }).then(
    () => {},
    (error: unknown) => {
      if (error !== stop.signal.reason) failure = error;
    },
  );
  if (forMs !== undefined) {
    await hands();
    await time.advance(forMs);
    stop.abort(new Error("Enough"));
  }
  await time.until(running);
  const lines = told.flatMap((event) => (event.type === "out" ? [`${event.node}: ${event.text}`] : []));
  return { told, lines, failure };
}

/** A circuit's run on an emulated Uno, on tape. */
async function record(
  hex: string,
  circuit: CircuitDefinition,
  forMs?: number,
): Promise<Ran & { readonly tape: Tape }> {
  using time = new VirtualTime();
  time.install();
  const tape = new Tape();
  const ran = await run(time, circuit, tape.of(exampleUno(time, hex)), forMs === undefined ? {} : { forMs });
  return { ...ran, tape };
}

/** A circuit's run on a recorded board, in virtual time. */
async function replay(
  tape: Tape,
  circuit: CircuitDefinition,
): Promise<
  Ran & { readonly replay: Replay; readonly again: Tape; readonly levels: (pin: number) => number[] }
> {
  using time = new VirtualTime();
  time.install();
  const again = new Tape();
  const replay = await makeReplay(tape.read(), { address: "replay:tape" });
  const link = await replay.relink();
  const taped = Object.assign(again.of(link), { replay });
  const levels = (pin: number) => link.edges.flatMap((edge) => (edge.pin === pin ? [edge.level] : []));
  return { ...(await run(time, circuit, taped)), replay, again, levels };
}

/** Resolves when a board is back. */
async function isRestored(board: BoardSession["board"]): Promise<void> {
  // The cast: a board of Johnny-Five's is an emitter, which its types do not say.
  await once(board as unknown as EventEmitter, "restored");
}

/** All bytes of one direction. */
function bytesOf(tape: Tape, kind: "to-board" | "to-host"): string {
  return tape.entries
    .flatMap((entry) => (entry.kind === kind ? [Buffer.from(entry.bytes).toString("hex")] : []))
    .join("");
}

for (const { name, skip, hex } of FIRMWARES) {
  describe(`a replayed ${name}`, { skip }, () => {
    test("has nothing to tell of the same sketch, and says the same bytes", async () => {
      const then = await record(await hex(), example(7));
      const now = await replay(then.tape, example(7));
      assert.equal(now.failure, undefined);
      assert.equal(now.replay.difference, undefined);
      assert.deepEqual(now.lines, then.lines);
      assert.equal(bytesOf(now.again, "to-board"), bytesOf(then.tape, "to-board"));
      assert.equal(bytesOf(now.again, "to-host"), bytesOf(then.tape, "to-host"));
    });

    test("tells another sketch where it first differs, and lets it go on", async () => {
      const then = await record(await hex(), example(7));
      const now = await replay(then.tape, example(8));
      assert.equal(now.lines[1], "iopin: toggling pin 13: [0, 1, 0]");
      assert.equal(now.replay.difference?.lane, "pin 13");
      assert.match(now.replay.difference.now, /^pin 13 low at \d\.\d{3} s$/);
      assert.match(now.replay.difference.then, /^pin 13 low at \d\.\d{3} s$/);
      assert.equal(now.replay.difference.before.length, 4);
      // All ticks were acknowledged: its writes were confirmed by what stands in for the board.
      assert.equal(now.lines.filter((line) => line === "clock: < acknowledged").length, 3);
      assert.equal((now.failure as { readonly code?: string } | undefined)?.code, "REPLAY_DIFFERED");
    });
  });
}

describe("a replay", () => {
  const hex = FIRMWARES[0]?.hex ?? assert.fail();

  test("ends a circuit that would go on, and says so", async () => {
    const then = await record(await hex(), blinking(200), 2_000);
    const now = await replay(then.tape, blinking(200));
    assert.equal(now.failure, undefined);
    assert.deepEqual(
      now.told.slice(-2).map((event) => (event.type === "notice" ? event.text : event.type)),
      ["the recording replay:tape is over", "summary"],
    );
    assert.equal(now.levels(13).length, 10);
  });

  const CHANGES = [
    { what: "another pin", circuit: blinking(200, 12), lane: "pin 12", now: "pin 12 to OUTPUT" },
    { what: "another pace", circuit: blinking(260), lane: "pin 13", now: "nothing until" },
    {
      what: "nothing",
      circuit: { nodes: { none: { sketch: class extends Sketch {} } } },
      lane: "pin 13",
      now: "nothing until",
    },
  ];
  for (const { what, circuit, lane, now } of CHANGES) {
    test(`tells of a sketch that does ${what}`, async () => {
      const then = await record(await hex(), blinking(200), 2_000);
      const { replay: told } = await replay(then.tape, circuit);
      assert.equal(told.difference?.lane, lane);
      assert.ok(told.difference.now.startsWith(now), told.difference.now);
    });
  }

  test("rings today's bell for yesterday's press", async () => {
    const path = fileURLToPath(new URL("../../../wiring/doorbell.json", import.meta.url));
    const wiring = readWiring(readFileSync(path, "utf8"), path);
    const tape = new Tape();
    {
      using time = new VirtualTime();
      time.install();
      const uno = new VirtualUno({ time, attachments: attachments(wiring) });
      const press = async () => {
        await time.advance(1_000);
        uno.press("button1");
        await time.advance(100);
        uno.release("button1");
      };
      const then = await run(time, bell(1), tape.of(uno), { forMs: 900, hands: press });
      assert.deepEqual(then.lines, ["bell: ding"]);
    }
    const same = await replay(tape, bell(1));
    assert.equal(same.replay.difference, undefined);
    const now = await replay(tape, bell(2));
    assert.deepEqual(now.lines, ["bell: ding"]);
    assert.deepEqual(now.levels(12), [1, 0, 1, 0]);
    assert.equal(now.replay.difference?.lane, "pin 12");
  });

  test("is equal ten times", async () => {
    const then = await record(await hex(), blinking(200), 1_000);
    const runs = new Set<string>();
    for (let time = 0; time < 10; time++) {
      const { again, told } = await replay(then.tape, blinking(300));
      const entries = again.entries.map((entry) => JSON.stringify(entry));
      runs.add([...entries, ...told.map((event) => JSON.stringify(event))].join("\n"));
    }
    assert.equal(runs.size, 1);
  });

  test("takes part in emulate() by its address", async () => {
    const then = await record(await hex(), blinking(200), 1_000);
    const path = await written(then.tape.entries);
    const circuit = { ...blinking(200), boards: { board: `replay:${path}` } };
    {
      await using rig = await emulate(circuit);
      const { confirmedWrites } = await rig.done();
      assert.equal(confirmedWrites, 0);
    }
    await using rig = await emulate({ ...blinking(300), boards: { board: `replay:${path}` } });
    await assert.rejects(rig.done(), { code: "REPLAY_DIFFERED" });
  });
});

describe("a replay in real time", () => {
  test("loses a board that was lost, and finds it again", async () => {
    const tape = new Tape();
    const [first, second] = [new MockBoard(), new MockBoard()];
    const links = [tape.of(second)];
    const relink = async () => links.shift() ?? assert.fail("one too many");
    const session = await openSession({ link: tape.of(first), relink });
    new five.Pin({ pin: 12, board: session.board }).high();
    await session.board.confirm();
    const restored = isRestored(session.board);
    first.unplug();
    await restored;
    await session.close();

    const replay = await makeReplay(tape.read(), { address: "replay:tape" });
    const again = await openSession({ link: await replay.relink(), relink: replay.relink });
    const back = isRestored(again.board);
    new five.Pin({ pin: 12, board: again.board }).high();
    await again.board.confirm();
    await back;
    await replay.over;
    await again.close();
    assert.equal(replay.difference, undefined);
    await assert.rejects(replay.relink(), { code: "PORT_MISSING" });
  });

  test("refuses a board that the recording has not", async () => {
    const tape = new Tape();
    for (const board of ["lamp", "door"]) {
      const session = await openSession({ link: tape.of(new MockBoard(), board) });
      await session.close();
    }
    const make = (board?: string) => makeReplay(tape.read(), { address: "replay:tape", board });
    await assert.rejects(make(), { code: "USAGE", message: /its boards are lamp, door$/ });
    await assert.rejects(make("bell"), { code: "USAGE", message: /^Cannot replay bell / });
    await (await (await make("door")).relink()).close();
  });
});

boardContract("a recorded board", async () => {
  const tape = new Tape();
  const session = await openSession({ link: tape.of(new MockBoard()) });
  await session.close();
  const link = await (await makeReplay(tape.read(), { address: "replay:tape" })).relink();
  return {
    link,
    levels: async (pin) => link.edges.flatMap((edge) => (edge.pin === pin ? [edge.level] : [])),
    stop: async () => {},
  };
});
