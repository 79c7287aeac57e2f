import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ByteLink } from "../../../src/board/link/link.js";
import { MockBoard } from "../../../src/board/link/mock.js";
import type { SessionOptions } from "../../../src/board/session/board-session.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { VirtualTime } from "../../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../../src/emulator/virtual-uno.js";
import type { SafeState } from "../../../src/firmata/protocol.js";
import { encodeToBoard } from "../../../src/firmata/to-board.js";
import { encodeToHost } from "../../../src/firmata/to-host.js";
import { turns } from "../../contract/waiting.js";

const SAFE = new Map<number, SafeState>([
  [13, 0],
  [12, "input"],
]);
const ARM = {
  type: "safe",
  silenceMs: 2_000,
  pins: [
    { pin: 13, state: 0 },
    { pin: 12, state: "input" },
  ],
};
const DISARM = { type: "safe", silenceMs: 0, pins: [] };

/** A session with a mock that goes by the same clock. */
async function openSafe(
  context: TestContext,
  options: Partial<SessionOptions> = {},
  firmware: "circuit" | "standard" = "circuit",
) {
  const clock = new ManualClock();
  const notices: string[] = [];
  const boards = [new MockBoard({ firmware, clock })];
  const [first] = boards;
  if (first) first.recording = true;
  const session = await openSession({
    link: first ?? new MockBoard(),
    clock,
    safe: SAFE,
    notice: (text) => notices.push(text),
    relink: async () => {
      const board = new MockBoard({ firmware, clock });
      board.recording = true;
      boards.push(board);
      return board;
    },
    ...options,
  });
  context.after(() => session.close());
  const heard: string[] = [];
  session.board.on("lost", () => heard.push("lost"));
  session.board.on("restored", () => heard.push("restored"));
  const led = new five.Pin({ pin: 13, board: session.board });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      await turns();
      clock.advance(50);
    }
    await turns();
  };
  return {
    clock,
    session,
    led,
    pass,
    heard,
    notices,
    /** The board that was plugged in last. */
    board: () => boards.at(-1) ?? new MockBoard(),
    armings: () => boards.map(({ received }) => received.filter(({ type }) => type === "safe")),
  };
}

test("a session arms the dead-man, and keeps it alive while it lives", async (context) => {
  const { led, pass, board, armings, heard } = await openSafe(context);
  led.high();
  await pass(20_000);
  assert.deepEqual(armings(), [[ARM]]);
  assert.equal(board().pin(13).value, 1);
  assert.deepEqual(heard, []);
  const pings = board().received.filter(({ type }) => type === "ping").length;
  assert.ok(pings >= 28 && pings <= 30, `${pings} pings in 20 s`);
});

test("a session that stalls finds its pins safe, and puts them back", async (context) => {
  const { clock, led, pass, board, armings, heard, notices } = await openSafe(context);
  led.high();
  await pass(100);
  board().say(encodeToHost({ type: "tripped" }));
  board().drive(13, 0);
  await pass(100);
  assert.deepEqual(armings(), [[ARM, ARM]]);
  assert.equal(board().pin(13).value, 1);
  assert.deepEqual(heard, ["lost", "restored"]);
  assert.match(notices.join("\n"), /made its pins safe, and its pins are as they were/);
  assert.ok(clock.now() > 0);
});

test("a reset by the sketch arms it again", async (context) => {
  const { session, pass, armings } = await openSafe(context);
  session.board.io.reset();
  await pass(100);
  assert.deepEqual(armings(), [[ARM, ARM]]);
});

test("a board that has started anew is armed again, and so is one that is back", async (context) => {
  const { led, pass, board, armings } = await openSafe(context);
  led.high();
  await pass(2_000);
  board().restart();
  await pass(500);
  assert.deepEqual(armings(), [[ARM, ARM]]);
  board().unplug();
  await pass(1_000);
  assert.deepEqual(armings(), [[ARM, ARM], [ARM]]);
  await pass(10_000);
  assert.equal(board().pin(13).value, 1);
});

test("a session that closes disarms it, and leaves pins as they are to be left", async (context) => {
  const { clock, led, session, pass, board, armings } = await openSafe(context);
  led.high();
  await pass(100);
  await session.close(new Map([[13, 1 as const]]));
  assert.deepEqual(armings(), [[ARM, DISARM]]);
  clock.advance(60_000);
  assert.equal(board().pin(13).value, 1);
});

test("how long it may be silent is a setting", async (context) => {
  const { pass, board, armings } = await openSafe(context, { silenceMs: 300 });
  await pass(3_000);
  assert.deepEqual(armings(), [[{ ...ARM, silenceMs: 300 }]]);
  assert.ok(board().received.filter(({ type }) => type === "ping").length >= 29);
});

test("another firmware is told nothing, and a person that it cannot", async (context) => {
  const { pass, board, notices } = await openSafe(context, {}, "standard");
  await pass(3_000);
  assert.deepEqual(
    board().received.filter(({ type }) => ["safe", "ping", "speed", "sysex"].includes(type)),
    [],
  );
  assert.deepEqual(notices, [
    "The board on mock cannot make pins 12, 13 safe when this process dies: StandardFirmata.ino 2.5 has no dead-man; flash circuit's firmware (circuit flash)",
  ]);
});

test("a session without safe pins arms nothing, and pings nobody", async (context) => {
  const { pass, board } = await openSafe(context, { safe: new Map() });
  await pass(10_000);
  assert.deepEqual(
    board().received.filter(({ type }) => ["safe", "ping", "speed"].includes(type)),
    [],
  );
});

/** A board that was running already: it says nothing until it is asked. */
function unasked(board: MockBoard): ByteLink {
  let isAsked = false;
  return {
    address: board.address,
    bytesPerSecond: board.bytesPerSecond,
    open: (events) => board.open({ ...events, data: (bytes) => (isAsked ? events.data(bytes) : undefined) }),
    write(bytes) {
      isAsked = true;
      board.write(bytes);
    },
    drain: () => board.drain(),
    close: () => board.close(),
  };
}

test("a session that takes a running board over disarms what another has armed, who died", async () => {
  const clock = new ManualClock();
  const board = new MockBoard({ clock });
  await board.open({ data: () => {}, lost: () => {} });
  const pins = [{ pin: 11, state: 1 as const }];
  board.write(encodeToBoard({ type: "safe", silenceMs: 500, pins }));
  board.recording = true;
  const opening = openSession({ link: unasked(board), clock, held: new Set([12]) });
  for (let passed = 0; passed < 1_000; passed += 50) {
    await turns();
    clock.advance(50);
  }
  const session = await opening;
  assert.ok(board.received.some((message) => message.type === "safe" && message.silenceMs === 0));
  clock.advance(2_000);
  assert.equal(board.pin(11).value, 0);
  await session.close();
});

test("it stays armed, and its pings go on, while all that is written waits for a slow wire", async (context) => {
  const time = new VirtualTime().install();
  context.after(() => time.uninstall());
  const uno = new VirtualUno({ time, baud: 57_600 });
  const safe = new Map<number, SafeState>([[12, 0]]);
  const session = await time.until(openSession({ link: uno, safe, silenceMs: 300 }));
  const levels: number[] = [];
  uno.onEdge(({ pin, level }) => {
    if (pin === 12) levels.push(level);
  });
  new five.Pin({ pin: 12, board: session.board }).high();
  session.board.ordered(13);
  const led = new five.Pin({ pin: 13, board: session.board });
  // Two seconds of them.
  for (let write = 0; write < 4_000; write++) led.write((write + 1) % 2);
  await time.until(session.board.confirm());
  await time.advance(2_000);
  assert.deepEqual(levels, [1]);
  await time.until(session.close());
});
