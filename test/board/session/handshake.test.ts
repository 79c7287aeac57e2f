import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../../src/board/session/session.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { ScriptedLink } from "./scripted-link.js";

/** What is thrown when the board does this, and nothing more, before time is over. */
async function failureOf(board: (link: ScriptedLink) => void) {
  const link = new ScriptedLink();
  const clock = new ManualClock();
  const failed = openSession({ link, clock, readyTimeoutMs: 5_500 }).then(
    () => assert.fail("the session opened"),
    (error: unknown) => error,
  );
  await settle();
  board(link);
  await settle();
  clock.advance(5_500);
  const error = await failed;
  assert.ok(link.closed, "the link is closed");
  assert.equal(clock.pending, 0, "no timer is left");
  return error;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

const FAILURES: readonly (readonly [
  what: string,
  board: (link: ScriptedLink) => void,
  code: string,
  message: RegExp,
])[] = [
  ["says nothing", () => {}, "BOARD_SILENT", /said nothing within 5\.5 s/],
  [
    "says text",
    (link) => link.sayBytes("Hello world\r\n"),
    "BOARD_NOT_FIRMATA",
    /it says "Hello world\\r\\n"/,
  ],
  [
    "says noise, as at a wrong rate",
    (link) => link.sayBytes(Uint8Array.of(0x00, 0xe0, 0x1c, 0xff, 0x9c, 0x80, 0x03)),
    "BOARD_WRONG_BAUD",
    /7 bytes within 5\.5 s, none of them Firmata/,
  ],
  [
    "says what looks like messages and is no greeting",
    (link) => link.sayBytes(Uint8Array.of(0xe1, 0x01, 0x01, 0xf0, 0x05)),
    "BOARD_WRONG_BAUD",
    /5 bytes within 5\.5 s, but no Firmata version/,
  ],
  [
    "greets and then describes no pins",
    (link) => link.say({ type: "version", major: 2, minor: 3 }),
    "BOARD_NOT_FIRMATA",
    /speaks Firmata 2\.3 but did not describe its pins/,
  ],
];

for (const [what, board, code, message] of FAILURES) {
  test(`openSession() explains a board that ${what}`, async () => {
    const error = await failureOf(board);
    assert.ok(error instanceof Error && "code" in error && "hint" in error);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(error.hint);
  });
}

test("openSession() asks a silent board for its version, more than once", async () => {
  const link = new ScriptedLink();
  const clock = new ManualClock();
  const opening = openSession({ link, clock, readyTimeoutMs: 5_500 });
  opening.catch(() => {});
  await settle();
  assert.deepEqual(link.sent, []);
  for (let step = 0; step < 3; step++) clock.advance(1_000);
  assert.ok(link.sent.filter(({ type }) => type === "queryVersion").length >= 2);
  clock.advance(5_500);
  await assert.rejects(opening, { code: "BOARD_SILENT" });
});

test("openSession() gives up with the signal's own reason", async () => {
  const link = new ScriptedLink();
  const stop = new AbortController();
  const opening = openSession({ link, clock: new ManualClock(), signal: stop.signal });
  await settle();
  const reason = new Error("stop");
  stop.abort(reason);
  await assert.rejects(opening, reason);
  assert.ok(link.closed);
});
