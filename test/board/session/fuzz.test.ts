import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { FrameSplitter } from "../../../src/firmata/frames.js";
import { turns } from "../../contract/waiting.js";
import { cases } from "../../long.js";

const byte = fc.integer({ min: 0, max: 255 });
const sevenBits = fc.integer({ min: 0, max: 127 });

/** First bytes after START_SYSEX that firmata-io or the session act upon, and some that nobody knows. */
const SYSEX_COMMANDS = [
  ...[0x01, 0x02, 0x5f, 0x60, 0x62, 0x67, 0x69, 0x6a, 0x6c, 0x6e, 0x6f, 0x71, 0x72, 0x73, 0x75, 0x76, 0x77],
  ...[0x79, 0x7a, 0x7e],
] as const;

/** What a board that is broken, noisy or hostile may say: anything, and what looks like Firmata. */
const saying = fc.oneof(
  fc.array(byte, { maxLength: 40 }),
  fc.array(sevenBits, { maxLength: 12 }).map((data) => [0xf0, ...data, 0xf7]),
  fc
    .tuple(fc.constantFrom(...SYSEX_COMMANDS), fc.array(sevenBits, { maxLength: 60 }), fc.boolean())
    .map(([command, data, isWhole]) => [0xf0, command, ...data, ...(isWhole ? [0xf7] : [])]),
  fc
    .tuple(
      fc.constantFrom(0x90, 0xa0, 0xe0, 0xf9, 0xc0, 0xd0),
      fc.integer({ min: 0, max: 15 }),
      fc.array(byte),
    )
    .map(([command, low, data]) => [command < 0xf0 ? command | low : command, ...data.slice(0, 3)]),
);

/** Bytes in no message, by the splitter alone, which has tests of its own. */
function strayBytes(bytes: Uint8Array): number {
  let stray = 0;
  const splitter = new FrameSplitter("toHost", { frame() {}, discard: (lost) => (stray += lost.length) });
  splitter.push(bytes);
  return stray;
}

/** Sessions are opened anew now and then, so that a case may meet one that has heard much, and one that has not. */
const CASES_PER_SESSION = 50;

class Desk {
  readonly clock = new ManualClock();
  readonly mock: MockBoard;
  readonly notices: string[] = [];
  readonly #opening;
  cases = 0;

  constructor(firmware: "circuit" | "standard") {
    this.mock = new MockBoard({ firmware });
    this.#opening = openSession({
      link: this.mock,
      clock: this.clock,
      notice: (text) => this.notices.push(text),
    });
  }

  async ready() {
    const session = await this.#opening;
    return { session, board: session.board };
  }
}

for (const firmware of ["circuit", "standard"] as const)
  test(`a session outlives whatever its board says, and goes on with the next message: ${firmware}`, async (context) => {
    let desk = new Desk(firmware);
    context.after(async () => (await desk.ready()).session.close());
    let level: 0 | 1 = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(saying, { minLength: 1, maxLength: 4 }), async (sayings) => {
        if (desk.cases++ >= CASES_PER_SESSION) {
          await (await desk.ready()).session.close();
          desk = new Desk(firmware);
        }
        const { session, board } = await desk.ready();
        const { mock, clock } = desk;
        const before = session.counts().discardedBytes;
        const noise = Uint8Array.from(sayings.flat());
        mock.say(noise);
        await turns();
        const discarded = session.counts().discardedBytes - before;
        assert.ok(discarded >= strayBytes(noise), `${discarded} of ${strayBytes(noise)} stray bytes counted`);

        // Two messages at most, whatever was left unfinished: then reports are heard, and writes confirmed.
        const heard: number[] = [];
        const listen = (value: number) => heard.push(value);
        board.io.on("analog-read-3", listen);
        for (const value of [1, 2]) mock.say(Uint8Array.of(0xe3, value, 4));
        await turns();
        board.io.off("analog-read-3", listen);
        assert.equal(heard.at(-1), 514);
        level = level ? 0 : 1;
        new five.Pin({ pin: 12, board }).write(level);
        const confirmed = board.confirm();
        confirmed.catch(() => {});
        await turns();
        // What was told of the write before may be a lie that costs one confirmation; then it counts anew.
        await clock.advance(1_100);
        await confirmed.catch(() => {});
        await board.confirm();
        assert.equal(mock.pin(12).value, level);
        assert.equal(session.lost.aborted, false);
      }),
      { seed: 1, numRuns: cases(300, 50_000), endOnFailure: true },
    );
  });
